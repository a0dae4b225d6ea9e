// Whether this instance may act as its singleton role. Its epoch counts the role's owners; a takeover elsewhere raises it,
// and what is written with an older one is refused by the store. Shared by the role's actor and by whoever grants and
// revokes; thread-safe.
#pragma once

#include <caf/all.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>

namespace runtime::host {

class tenure {
public:
  enum class event : uint8_t {
    lost,   ///< the store refused a write of this epoch
    synced, ///< the instance has warmed up: it could act at once
  };
  /// Called by any thread; must be quick.
  using listener = std::function<void(event what, int64_t epoch)>;

  explicit tenure(listener on_event = {}) : on_event_(std::move(on_event)) {
  }
  /// For the successor of whoever made it.
  void set_listener(listener on_event) {
    std::lock_guard guard{mutex_};
    on_event_ = std::move(on_event);
  }

  /// 0: standby, or not the owner any more.
  int64_t epoch() const {
    return epoch_.load(std::memory_order_acquire);
  }
  bool active() const {
    return epoch() > 0;
  }
  /// Before each start of this instance's actor, which may be warm before it is attached.
  void begin() {
    synced_.store(false, std::memory_order_release);
  }
  /// The actor of this instance, after each start. True: it is the owner already, and must be told so.
  bool attach(const caf::strong_actor_ptr& actor) {
    std::lock_guard guard{mutex_};
    actor_ = caf::actor_cast<caf::actor_addr>(actor);
    return active();
  }
  /// The actor that is to be told; null when it has not started yet (then attach() says so).
  caf::strong_actor_ptr grant(int64_t epoch) {
    std::lock_guard guard{mutex_};
    epoch_.store(epoch, std::memory_order_release);
    return caf::actor_cast<caf::strong_actor_ptr>(actor_);
  }
  void revoke() {
    epoch_.store(0, std::memory_order_release);
  }
  void mark_synced() {
    synced_.store(true, std::memory_order_release);
    tell(event::synced, epoch());
  }
  bool synced() const {
    return synced_.load(std::memory_order_acquire);
  }
  /// The store knows a newer epoch than `epoch`: nothing more is written under it.
  void lose(int64_t epoch) {
    auto expected = epoch;
    if (epoch_.compare_exchange_strong(expected, 0, std::memory_order_acq_rel))
      tell(event::lost, epoch);
  }

private:
  void tell(event what, int64_t epoch) {
    std::unique_lock guard{mutex_};
    auto listen = on_event_;
    guard.unlock();
    if (listen)
      listen(what, epoch);
  }

  std::mutex mutex_;
  caf::actor_addr actor_;
  std::atomic<int64_t> epoch_{0};
  std::atomic<bool> synced_{false};
  listener on_event_;
};

using tenure_ptr = std::shared_ptr<tenure>;

/// To a singleton's actor: it may act from now on (epoch > 0), or no more (0).
struct tenure_changed {
  int64_t epoch = 0;
};

} // namespace runtime::host

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::host::tenure_changed)
