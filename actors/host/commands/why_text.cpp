#include "actors/host/commands/why_text.hpp"

#include <fmt/format.h>

#include <ctime>
#include <set>
#include <stdexcept>

namespace actors::host::commands {

namespace {

using runtime::control::written_answer;
using runtime::telemetry::written_entry;

std::string time_text(int64_t wall_us) {
  auto seconds = static_cast<time_t>(wall_us / 1'000'000);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:03}", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                     parts.tm_hour, parts.tm_min, parts.tm_sec, wall_us / 1000 % 1000);
}

std::string deed(const written_entry& entry) {
  if (entry.subresource == "binding")
    return "bound to its node";
  auto done = entry.verb == "create"   ? "created"
              : entry.verb == "update" ? "updated"
              : entry.verb == "patch"  ? "patched"
              : entry.verb == "delete" ? "deleted"
                                       : entry.verb;
  return entry.subresource.empty() ? done : entry.subresource + " " + done;
}

std::string writer(const written_entry& entry) {
  std::string by = entry.agent;
  if (!entry.origin.empty())
    by += (entry.by_role ? " on " : " from ") + entry.origin;
  if (entry.epoch > 0)
    by += fmt::format(", epoch {}", entry.epoch);
  return by.empty() ? entry.user : fmt::format("{} ({})", entry.user, by);
}

std::string describe(const written_entry& entry) {
  auto result = fmt::format("{} @{}: {} {} by {}", entry.object, entry.revision, deed(entry), time_text(entry.wall_us), writer(entry));
  if (!entry.by_role)
    result += ": a client's request";
  else if (entry.cause_object.empty())
    result += ": of its own accord (its start, a timer, or what it saw outside of the API)";
  for (auto& c : result)
    if (static_cast<unsigned char>(c) < ' ')
      c = ' ';
  return result;
}

/// Why the chain cannot be followed beyond an object's revision.
std::string end_of_trail(const written_entry& last, const written_answer& known) {
  auto what = fmt::format("{} @{}", last.cause_object, last.cause_revision);
  if (known.complete_since_us > 0)
    return what + ", written before " + time_text(known.complete_since_us) + ", which is as far as the log goes back";
  return what + ", whose write no running apiserver remembers (the log is in memory, and begins with its apiserver)";
}

} // namespace

const written_entry* entry_at(const written_answer& known, int64_t revision) {
  for (auto& entry : known.entries)
    if (revision == 0 || entry.revision <= revision)
      return &entry;
  return nullptr;
}

std::string explain(const written_answer& object, const written_lookup& lookup) {
  auto entry = entry_at(object, 0);
  if (!entry)
    throw std::runtime_error("no write of " + object.object + " is known: it does not exist, or was written "
                             + (object.complete_since_us > 0 ? "before " + time_text(object.complete_since_us)
                                                             : std::string{"before the apiservers were started"}));
  auto result = describe(*entry) + "\n";
  std::set<std::pair<std::string, int64_t>> seen;
  written_answer known = object;
  for (size_t step = 1; entry->by_role && !entry->cause_object.empty(); ++step) {
    auto indent = std::string(3 * (step - 1), ' ') + "└─ because of ";
    if (step > why_steps_max || !seen.emplace(entry->object, entry->revision).second)
      return result + indent + entry->cause_object + " and so on\n";
    auto last = *entry;
    known = lookup(last.cause_object);
    entry = entry_at(known, last.cause_revision);
    if (!entry)
      return result + indent + end_of_trail(last, known) + "\n";
    result += indent + describe(*entry) + "\n";
  }
  return result;
}

} // namespace actors::host::commands
