#include "actors/kubelet/sync/running_containers.hpp"

namespace actors::kubelet::sync {

uint64_t running_containers::begin_listing() {
  std::lock_guard guard{mutex_};
  return ++begun_;
}

void running_containers::publish(uint64_t listing, std::set<std::string> ids) {
  std::lock_guard guard{mutex_};
  if (listing <= newest_)
    return;
  newest_ = listing;
  ids_ = std::move(ids);
  published_.notify_all();
}

bool running_containers::wait_for_end(const std::string& id, std::chrono::milliseconds timeout) {
  std::unique_lock guard{mutex_};
  const uint64_t before = begun_;
  return published_.wait_for(guard, timeout, [&] { return newest_ > before && !ids_.contains(id); });
}

} // namespace actors::kubelet::sync
