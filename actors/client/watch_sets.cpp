// The second set of caches: filled beside the first while that one works, then put in its place.
#include "actors/client/watch_sets.hpp"

#include <algorithm>

#include "runtime/transport/ask.hpp"

namespace actors::client {

void api_client::begin_second_set() {
  drop_second_set();
  declaring_second_ = true;
}

void api_client::cancel_watch(watch_state& watch) {
  if (watch.id == 0)
    return;
  protocol::WatchCancelT cancel;
  cancel.watch_id = std::exchange(watch.id, 0);
  runtime::transport::tell(self_, apiserver_, protocol::watch_cancel{cancel});
}

object_cache& api_client::watch_for_second_set(const resource& what, watch_options options) {
  const auto same = [&](const auto& item) { return *item.what == what && item.options == options && !item.second; };
  auto found = std::find_if(watches_.begin(), watches_.end(), same);
  const bool found_one = found != watches_.end();
  auto& watch = found_one ? *found : watches_.emplace_back();
  if (!found_one) {
    watch.what = &what;
    watch.options = std::move(options);
  }
  watch.second = std::make_unique<object_cache>(what);
  if (watch.cache && watch.cache->synced() && !watch.cache->replacing()) {
    watch.second->begin_copy(*watch.cache);
    return *watch.second;
  }
  cancel_watch(watch); // a list that has begun already would reach this cache in part only
  watch.restart_from_scratch = true;
  begin_watch(watch);
  return *watch.second;
}

void api_client::feed_second_set(watch_state& watch, const protocol::watch_batch& batch) {
  if (!second_failure_.empty())
    return;
  try {
    feed(*watch.second, batch);
  } catch (const std::exception& error) {
    second_failure_ = error.what();
  } catch (...) {
    second_failure_ = "something that is no std::exception";
  }
}

bool api_client::fill_second_set(size_t objects_max) {
  bool filled = true;
  for (auto& item : watches_) {
    if (!item.second)
      continue;
    if (item.second->copying())
      objects_max -= item.second->copy_some(objects_max);
    filled = filled && item.second->synced();
  }
  return filled;
}

bool api_client::second_set_copying() const {
  return std::any_of(watches_.begin(), watches_.end(), [](const auto& item) { return item.second && item.second->copying(); });
}

void api_client::adopt_second_set() {
  for (auto& item : watches_) {
    item.cache = std::move(item.second);
    if (!item.cache)
      cancel_watch(item);
  }
  second_failure_.clear();
}

void api_client::drop_second_set() {
  declaring_second_ = false;
  second_failure_.clear();
  for (auto& item : watches_) {
    item.second.reset();
    if (!item.cache)
      cancel_watch(item);
  }
}

} // namespace actors::client
