#include "runtime/supervision/exhaustion.hpp"

#include <algorithm>

namespace runtime::supervision {

namespace {

std::string seconds_text(std::chrono::milliseconds period) {
  auto ms = period.count();
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + "s" : std::to_string(ms) + "ms";
}

/// "more than 5 restarts of x in 10s".
std::string limit_text(const exhaustion& what) {
  auto result = "more than " + std::to_string(what.limit.restarts_max) +
                (what.limit.restarts_max == 1 ? " restart" : " restarts");
  if (what.of_child_alone)
    result += " of " + what.child;
  return result + " in " + seconds_text(what.limit.period);
}

/// One line of bounded length.
std::string shown(std::string text) {
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < ' ')
      c = ' ';
  if (text.size() <= failure_text_bytes_max)
    return text;
  auto end = failure_text_bytes_max;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80)
    --end; // not within a character
  return text.substr(0, end) + "...";
}

/// What an operator can do, for the child at the bottom of the chain.
std::string advice(const exhaustion& first) {
  auto child = first.failures.empty() ? first.child : first.failures.back().child;
  return "what to do: mend what the failures name, then start the host again; what was acknowledged is on "
         "disk.\n"
         "  To leave " +
         child +
         " down when it fails, give its entry in the placement file `supervision: {restart: temporary}`;\n"
         "  to allow more restarts, see `intensity` and `period` there (runtime/README.md, Supervision).";
}

} // namespace

void failure_log::add(const std::string& child, const std::string& text) {
  noted_failure noted{child, text};
  auto same = std::find_if(entries_.begin(), entries_.end(),
                           [&](auto& entry) { return entry.child == child && entry.text == text; });
  if (same != entries_.end()) {
    noted.times = same->times + 1;
    entries_.erase(same); // it is the newest now
  }
  entries_.push_back(std::move(noted));
  if (entries_.size() > failures_kept_max)
    entries_.pop_front();
}

std::string describe(const exhaustion& what) {
  auto result = what.supervisor + " gave up: " + limit_text(what);
  if (!what.failures.empty())
    result += "; last: " + what.failures.back().child + ": " + shown(what.failures.back().text);
  return result;
}

std::string render_report(const std::vector<exhaustion>& chain) {
  std::string result = "restarting did not help";
  for (auto& what : chain) {
    result += "\n  " + what.supervisor + ": " + limit_text(what) + "; the last one failed: " + what.child;
    for (auto& failure : what.failures)
      result += "\n    " + failure.child + ": " + shown(failure.text) +
                (failure.times > 1 ? " (" + std::to_string(failure.times) + " times)" : "");
  }
  return chain.empty() ? result : result + "\n" + advice(chain.front());
}

} // namespace runtime::supervision
