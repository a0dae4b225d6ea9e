// The base of every role's actor: counts its messages and keeps the text of its failures.
//
//   using store_self = runtime::telemetry::metered<store_actor::base>;                 // typed, function
//   store_actor::behavior_type run_store(store_self* self, const role_context& ctx);
//   system.spawn<caf::detached>(run_store, ctx);
//
//   using store_self = caf::stateful_actor<store_state, metered<store_actor::base>>;    // with a state
//   class store : public metered<store_actor::base> { ... };                            // as a class
//   class poller : public metered<caf::event_based_actor> { ... };                      // untyped
//
// Nothing has to be registered: whoever spawns a role reads the counters through `counters_of(handle)`.
// Counters are relaxed atomics: written by senders and by the actor, read by anyone at any time.
#pragma once

#include "runtime/telemetry/failure.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <cstdint>
#include <memory>

namespace runtime::telemetry {

/// Messages of one actor. `received - handled` is the depth of its mailbox.
struct message_counters {
  std::atomic<uint64_t> received{0};
  std::atomic<uint64_t> handled{0};
};

using counters_ptr = std::shared_ptr<message_counters>;

/// What a handle is asked for, whatever the actor's type is.
class metered_actor {
public:
  virtual ~metered_actor() = default;

  const counters_ptr& counters() const {
    return counters_;
  }

private:
  counters_ptr counters_ = std::make_shared<message_counters>();
};

template <class Base>
class metered : public Base, public metered_actor {
public:
  template <class... Ts>
  explicit metered(caf::actor_config& cfg, Ts&&... xs) : Base(cfg, std::forward<Ts>(xs)...) {
    this->set_exception_handler(keep_failure_text);
  }

  using Base::consume;
  using Base::enqueue;

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit* host) override {
    counters()->received.fetch_add(1, std::memory_order_relaxed);
    Base::enqueue(std::move(what), host);
  }

  caf::invoke_message_result consume(caf::mailbox_element& what) override {
    auto result = Base::consume(what);
    // A skipped message stays in the mailbox and is consumed again later.
    if (result != caf::invoke_message_result::skipped)
      counters()->handled.fetch_add(1, std::memory_order_relaxed);
    return result;
  }
};

/// The counters behind a local handle; nullptr when its actor is not metered.
inline counters_ptr counters_of(const caf::strong_actor_ptr& handle) {
  auto actor = dynamic_cast<metered_actor*>(caf::actor_cast<caf::abstract_actor*>(handle));
  return actor ? actor->counters() : nullptr;
}

} // namespace runtime::telemetry
