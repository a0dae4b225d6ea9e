// The points at which messages are shown to traces. When nobody traces, each costs one relaxed load.
// metered.hpp shows what an actor takes in, and, where a message arrives in a mailbox, who sent it; transport/ask.hpp shows
// what leaves for other hosts.
#pragma once

#include "runtime/telemetry/message_key.hpp"

#include <caf/all.hpp>

#include <atomic>
#include <cstdint>
#include <string>

namespace runtime::telemetry {

/// How many traces run in this process.
inline std::atomic<uint32_t> traces_running{0};

inline bool tracing() noexcept {
  return traces_running.load(std::memory_order_relaxed) != 0;
}

/// What is kept of a message before its handler runs, since the handler may take its content.
struct traced_message {
  bool wanted = false; ///< some trace follows this actor
  std::string type;
  std::string text;
};

/// `self` is about to handle `what`.
traced_message trace_begin(const caf::abstract_actor& self, const caf::mailbox_element& what);
/// It has handled it, in this time.
void trace_handled(const caf::abstract_actor& self, const caf::strong_actor_ptr& sender, traced_message message,
                   double seconds);
/// `sender` has sent `content` to `receiver`. Either may be unknown.
void trace_sent(const caf::strong_actor_ptr& sender, const caf::abstract_actor* receiver,
                const caf::type_erased_tuple& content);

/// Turns a message into one line of text. The default is CAF's rendering; runtime/protocols knows the FlatBuffers.
/// Returns an empty text for what it does not know. Set once, before the first actor.
using message_renderer = std::string (*)(const caf::type_erased_tuple&);
void set_message_renderer(message_renderer renderer);

} // namespace runtime::telemetry
