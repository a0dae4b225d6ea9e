#include "runtime/telemetry/provenance.hpp"

namespace runtime::telemetry {

void provenance_log::add(written_entry entry) {
  std::lock_guard guard{mutex_};
  if (entries_.size() >= entries_max) {
    auto oldest = by_object_.find(entries_.front().object);
    oldest->second.pop_front();
    if (oldest->second.empty())
      by_object_.erase(oldest);
    entries_.pop_front();
    ++first_;
  }
  by_object_[entry.object].push_back(first_ + entries_.size());
  entries_.push_back(std::move(entry));
}

std::vector<written_entry> provenance_log::of(std::string_view object) const {
  std::lock_guard guard{mutex_};
  std::vector<written_entry> result;
  auto found = by_object_.find(std::string{object});
  if (found == by_object_.end())
    return result;
  for (auto at = found->second.rbegin(); at != found->second.rend() && result.size() < answer_max; ++at)
    result.push_back(entries_[*at - first_]);
  return result;
}

size_t provenance_log::size() const {
  std::lock_guard guard{mutex_};
  return entries_.size();
}

int64_t provenance_log::complete_since_us() const {
  std::lock_guard guard{mutex_};
  return first_ == 0 || entries_.empty() ? 0 : entries_.front().wall_us;
}

} // namespace runtime::telemetry
