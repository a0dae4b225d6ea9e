// The base of every role's actor: counts its messages, measures its handlers, shows messages to whoever traces it, and keeps
// the text of its failures.
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
#pragma once

#include "runtime/telemetry/failure.hpp"
#include "runtime/telemetry/message_counters.hpp"
#include "runtime/telemetry/trace_gate.hpp"

#include <caf/all.hpp>

#include <memory>

namespace runtime::telemetry {

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
    if (tracing()) [[unlikely]]
      trace_sent(what->sender, this, what->content());
    Base::enqueue(std::move(what), host);
  }

  caf::invoke_message_result consume(caf::mailbox_element& what) override {
    if (tracing()) [[unlikely]]
      return consume_traced(what);
    uint64_t ticks = 0;
    return consume_measured(what, ticks);
  }

private:
  caf::invoke_message_result consume_measured(caf::mailbox_element& what, uint64_t& ticks) {
    auto& meter = *counters();
    auto key = key_of(what.content());
    auto begin = meter.now();
    auto result = Base::consume(what);
    // A skipped message stays in the mailbox and is consumed again later.
    if (result != caf::invoke_message_result::skipped) {
      ticks = meter.now() - begin;
      meter.note_handled(key, ticks);
    }
    return result;
  }

  caf::invoke_message_result consume_traced(caf::mailbox_element& what) {
    auto traced = trace_begin(*this, what);
    auto sender = what.sender; // the handler may take it
    uint64_t ticks = 0;
    auto result = consume_measured(what, ticks);
    if (traced.wanted && result != caf::invoke_message_result::skipped)
      trace_handled(*this, sender, std::move(traced), tick_clock::get().seconds(ticks));
    return result;
  }
};

/// The counters behind a local handle; nullptr when its actor is not metered.
inline counters_ptr counters_of(const caf::strong_actor_ptr& handle) {
  auto actor = dynamic_cast<metered_actor*>(caf::actor_cast<caf::abstract_actor*>(handle));
  return actor ? actor->counters() : nullptr;
}

} // namespace runtime::telemetry
