#include "runtime/telemetry/provenance.hpp"

namespace runtime::telemetry {

provenance_log::name provenance_log::keep(std::string_view text) {
  auto found = names_.find(text);
  if (found == names_.end())
    found = names_.try_emplace(std::string{text}).first;
  ++found->second.uses;
  return &*found;
}

void provenance_log::let_go(name used) {
  if (--used->second.uses == 0)
    names_.erase(names_.find(used->first));
}

void provenance_log::forget_oldest() {
  const auto oldest = entries_.front();
  entries_.pop_front();
  if (oldest.object->second.newest == ++first_)
    oldest.object->second.newest = 0;
  for (const auto used : {oldest.object, oldest.verb, oldest.subresource, oldest.user, oldest.agent, oldest.origin, oldest.cause_object})
    let_go(used);
}

void provenance_log::add(written_entry entry) {
  std::lock_guard guard{mutex_};
  if (entries_.size() >= entries_max)
    forget_oldest();
  const auto object = keep(entry.object);
  entries_.push_back({.object = object,
                      .verb = keep(entry.verb),
                      .subresource = keep(entry.subresource),
                      .user = keep(entry.user),
                      .agent = keep(entry.agent),
                      .origin = keep(entry.origin),
                      .cause_object = keep(entry.cause_object),
                      .before = object->second.newest,
                      .revision = entry.revision,
                      .previous = entry.previous,
                      .wall_us = entry.wall_us,
                      .epoch = entry.epoch,
                      .cause_revision = entry.cause_revision,
                      .by_role = entry.by_role});
  object->second.newest = first_ + entries_.size();
}

written_entry provenance_log::told(const stored_entry& entry) {
  return {.object = entry.object->first,
          .revision = entry.revision,
          .previous = entry.previous,
          .wall_us = entry.wall_us,
          .verb = entry.verb->first,
          .subresource = entry.subresource->first,
          .user = entry.user->first,
          .by_role = entry.by_role,
          .agent = entry.agent->first,
          .origin = entry.origin->first,
          .epoch = entry.epoch,
          .cause_object = entry.cause_object->first,
          .cause_revision = entry.cause_revision};
}

std::vector<written_entry> provenance_log::of(std::string_view object) const {
  std::lock_guard guard{mutex_};
  std::vector<written_entry> result;
  const auto found = names_.find(object);
  if (found == names_.end())
    return result;
  for (auto at = found->second.newest; at > first_ && result.size() < answer_max;) {
    const auto& entry = entries_[at - 1 - first_];
    result.push_back(told(entry));
    at = entry.before;
  }
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
