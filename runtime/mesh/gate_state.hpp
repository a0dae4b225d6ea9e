// The gate's tables and how they change. Owned by the gate actor.
#pragma once

#include "runtime/mesh/gate.hpp"
#include "runtime/telemetry/metered.hpp"

#include <deque>
#include <map>
#include <set>

namespace runtime::mesh {

/// A host to which there is a link.
struct gate_peer {
  uint64_t session = 0;
  uint64_t incarnation = 0;
  std::string node;           ///< whose messages are this host's
  caf::strong_actor_ptr gate; ///< null until known
  bool greeted = false;       ///< its hello has come
  /// What it has yet to be told, by role id: at most one entry per role, however often that changes.
  std::map<std::string, gate_role> untold;
  uint64_t number = 0;        ///< of the last gate_roles
  bool unacknowledged = false;
  int64_t deadline_us = 0;    ///< for what is waited for: its hello, or an acknowledgement; 0: nothing
};

/// A call of this host's, waiting for another host's answer.
struct open_call {
  std::string host;
  std::string text;
  std::shared_ptr<std::promise<call_result>> promise;
  int64_t deadline_us = 0;
};

/// A call of another host's, waiting for this one's answer or being sent it.
struct served_call {
  std::string host;
  uint64_t id = 0; ///< the caller's
  caf::strong_actor_ptr caller;
  std::string text;
  size_t sent = 0;
  int64_t deadline_us = 0;
};

struct gate_state {
  gate_options options;
  std::string farewell = "its gate failed"; ///< what the peers are told at the end
  uint16_t port = 0; ///< under which this gate is published; 0: not yet
  std::map<std::string, gate_peer> peers;
  std::map<std::string, gate_role> own;
  std::vector<caf::strong_actor_ptr> subscribers;
  std::map<uint64_t, open_call> open_calls;
  std::map<uint64_t, served_call> served_calls;
  uint64_t last_call = 0;

  ~gate_state();
  int64_t now() const {
    return options.clock->monotonic_us();
  }
  /// The host whose actor system this actor is part of; null when no link leads there.
  std::pair<const std::string, gate_peer>* peer_of(const caf::strong_actor_ptr& actor);
};

using gate_self = caf::stateful_actor<gate_state, telemetry::metered<caf::event_based_actor>>;

constexpr int64_t us_per_ms = 1000;

/// One-way, with the gate as the sender that the other side sees.
template <class Message>
void tell(gate_self* self, const caf::strong_actor_ptr& to, Message message) {
  self->send(caf::actor_cast<caf::actor>(to), std::move(message));
}

// -- calls (gate_calls.cpp) ------------------------------------------------------------------------------

/// For another host to answer what it is asked; a stuck one must not fill the table.
constexpr std::chrono::milliseconds serve_time_max{30'000};

void on_call_request(gate_self* self, const call_request& request);
void on_gate_call(gate_self* self, const gate_call& call);
void on_answered(gate_self* self, const call_answered& answer);
void on_call_part(gate_self* self, const gate_call_part& part);
void on_call_more(gate_self* self, const gate_call_more& more);
void drop_calls_of(gate_self* self, const std::string& host, const std::string& reason);
void expire_calls(gate_self* self);

} // namespace runtime::mesh
