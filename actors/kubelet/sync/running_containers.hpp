// Which containers run, as the listing of each second finds it: what waits for one to end is told by it.
// Shared by the kubelet's actor and its workers; thread-safe.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <set>
#include <string>

namespace actors::kubelet::sync {

class running_containers {
public:
  /// Before the runtime is asked; the number belongs to publish().
  uint64_t begin_listing();
  void publish(uint64_t listing, std::set<std::string> ids);

  /// Returns early when a listing that began after this call does not find the container. False: the time is over.
  bool wait_for_end(const std::string& id, std::chrono::milliseconds timeout);

private:
  std::mutex mutex_;
  std::condition_variable published_;
  uint64_t begun_ = 0;
  uint64_t newest_ = 0; ///< the listing that ids_ is from
  std::set<std::string> ids_;
};

} // namespace actors::kubelet::sync
