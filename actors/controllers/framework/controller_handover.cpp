#include "actors/controllers/framework/controller_handover.hpp"

#include <algorithm>

namespace actors::controllers::framework {

namespace handover = messages::handover;

void own_writes::add(const client::resource& what, int64_t revision) {
  for (auto& item : writes)
    if (item.is_of(what)) {
      item.revision = std::max(item.revision, revision);
      return;
    }
  writes.push_back({std::string{what.group}, std::string{what.version}, std::string{what.plural}, revision});
}

handover::HandoverT export_work(const work_queue& queue, const own_writes_map& writes, int64_t now_us) {
  handover::HandoverT result;
  for (auto& item : queue.keys()) {
    auto& key = *result.keys.emplace_back(std::make_unique<handover::QueuedKeyT>());
    key.key = item.key;
    key.ready = item.ready;
    key.delayed = item.delayed;
    key.due_in_us = item.delayed ? item.due_us - now_us : 0;
    key.syncing = item.syncing;
    key.dirty = item.dirty;
    key.failures = item.failures;
  }
  for (const auto& [key, own] : writes)
    for (const auto& item : own.writes) {
      auto& write = *result.own_writes.emplace_back(std::make_unique<handover::OwnWriteT>());
      write.key = key;
      write.group = item.group;
      write.version = item.version;
      write.resource = item.plural;
      write.revision = item.revision;
      write.give_up_in_us = own.give_up_us - now_us;
    }
  return result;
}

work_queue import_queue(const handover::HandoverT& from, int64_t now_us) {
  std::vector<queued_key> keys;
  for (const auto& item : from.keys)
    keys.push_back({.key = item->key,
                    .due_us = now_us + item->due_in_us,
                    .delayed = item->delayed,
                    .ready = item->ready,
                    .syncing = item->syncing,
                    .dirty = item->dirty,
                    .failures = item->failures});
  return work_queue::of(keys);
}

own_writes_map import_own_writes(const handover::HandoverT& from, int64_t now_us) {
  own_writes_map result;
  for (const auto& item : from.own_writes) {
    auto& own = result[item->key];
    own.writes.push_back({item->group, item->version, item->resource, item->revision});
    own.give_up_us = now_us + item->give_up_in_us;
  }
  return result;
}

} // namespace actors::controllers::framework
