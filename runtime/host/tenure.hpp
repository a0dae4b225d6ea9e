// Whether this instance may act as its singleton role. Its epoch counts the role's owners; a takeover elsewhere raises it,
// and what is written with an older one is refused by the store. Shared by the role's actor and by whoever grants and
// revokes; thread-safe.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>

namespace runtime::host {

class tenure {
public:
  /// Called, by any thread, when the store refused a write of this epoch.
  using lost_callback = std::function<void(int64_t epoch)>;

  explicit tenure(int64_t epoch = 0, lost_callback on_lost = {}) : epoch_(epoch), on_lost_(std::move(on_lost)) {
  }

  /// 0: standby, or not the owner any more.
  int64_t epoch() const {
    return epoch_.load(std::memory_order_acquire);
  }
  bool active() const {
    return epoch() > 0;
  }
  /// The actor is told separately, with tenure_changed.
  void grant(int64_t epoch) {
    epoch_.store(epoch, std::memory_order_release);
  }
  void revoke() {
    epoch_.store(0, std::memory_order_release);
  }
  /// The store knows a newer epoch than `epoch`: nothing more is written under it.
  void lose(int64_t epoch) {
    auto expected = epoch;
    if (epoch_.compare_exchange_strong(expected, 0, std::memory_order_acq_rel) && on_lost_)
      on_lost_(epoch);
  }

private:
  std::atomic<int64_t> epoch_;
  lost_callback on_lost_;
};

using tenure_ptr = std::shared_ptr<tenure>;

/// To a singleton's actor: it may act from now on (epoch > 0), or no more (0).
struct tenure_changed {
  int64_t epoch = 0;
};

} // namespace runtime::host

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::host::tenure_changed)
