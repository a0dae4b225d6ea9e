#include "runtime/mesh/gate.hpp"

#include "runtime/mesh/gate_state.hpp"

#include <algorithm>
#include <set>

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::mesh::link_event)

namespace runtime::mesh {

namespace {

using tick_atom = caf::atom_constant<caf::atom("tick")>;

void reset(gate_self* self, const std::string& host, const gate_peer& peer, const std::string& reason) {
  self->state.options.connections->reset(host, peer.session, reason);
}

void wait_until_later(gate_self* self, gate_peer& peer) {
  peer.deadline_us = self->state.now() + gate_time_max.count() * us_per_ms;
}

template <class Message>
void tell_subscribers(gate_self* self, const Message& message) {
  for (auto& who : self->state.subscribers)
    tell(self, who, message);
}

// -- roles -----------------------------------------------------------------------------------------------

/// Sends the next part of what the peer does not know, unless one is on its way.
void tell_roles(gate_self* self, gate_peer& peer) {
  if (!peer.gate || peer.unacknowledged || peer.untold.empty())
    return;
  gate_roles out{++peer.number, {}};
  while (!peer.untold.empty() && out.roles.size() < roles_per_message) {
    out.roles.push_back(std::move(peer.untold.begin()->second));
    peer.untold.erase(peer.untold.begin());
  }
  peer.unacknowledged = true;
  wait_until_later(self, peer);
  tell(self, peer.gate, std::move(out));
}

void on_own_role(gate_self* self, const directory::role_exported& role) {
  auto& state = self->state;
  gate_role entry{role.id, role.handle, role.epoch};
  if (role.handle)
    state.own[role.id] = entry;
  else
    state.own.erase(role.id);
  for (auto& [host, peer] : state.peers) {
    peer.untold[role.id] = entry;
    tell_roles(self, peer);
  }
}

void on_roles(gate_self* self, const gate_roles& message) {
  auto& state = self->state;
  auto from = state.peer_of(self->current_sender());
  if (!from || !from->second.greeted)
    return;
  auto& [host, peer] = *from;
  for (auto& role : message.roles) {
    if (!role.handle) {
      self->send(state.options.directory, directory::withdraw_role{role.id, host});
    } else if (caf::to_string(role.handle->node()) != peer.node) {
      state.options.log.error("a role of a third host is not taken", {{"host", host}, {"id", role.id}});
    } else {
      self->send(state.options.directory, directory::register_role{role.id, role.handle, host, role.epoch});
    }
  }
  tell(self, peer.gate, gate_ack{message.number});
}

void on_ack(gate_self* self, const gate_ack& ack) {
  auto from = self->state.peer_of(self->current_sender());
  if (!from || ack.number != from->second.number)
    return;
  from->second.unacknowledged = false;
  from->second.deadline_us = 0;
  tell_roles(self, from->second);
}

// -- links -----------------------------------------------------------------------------------------------

/// The other gate is known: greet it and tell it everything.
void join(gate_self* self, const std::string& host, gate_peer& peer, const caf::strong_actor_ptr& gate) {
  auto& state = self->state;
  peer.gate = gate;
  self->monitor(gate);
  tell(self, gate, gate_hello{state.options.host, state.options.incarnation});
  peer.untold = state.own;
  tell_roles(self, peer);
  state.options.log.debug("gate known", {{"host", host}});
}

void on_opened(gate_self* self, const link_event& event) {
  auto& state = self->state;
  auto& peer = state.peers[event.host];
  peer = gate_peer{.session = event.session, .incarnation = event.incarnation, .node = event.node};
  wait_until_later(self, peer);
  if (event.port == 0)
    return; // its gate greets us
  auto failed = [self, host = event.host, session = event.session](const std::string& why) {
    self->state.options.connections->reset(host, session, "no contact with its gate: " + why);
  };
  self
    ->request(state.options.middleman, gate_time_max, caf::connect_atom::value, event.host, event.port)
    .then(
      [=, host = event.host, session = event.session](const caf::node_id&, const caf::strong_actor_ptr& gate,
                                                      const std::set<std::string>&) {
        auto i = self->state.peers.find(host);
        if (i == self->state.peers.end() || i->second.session != session)
          return;
        if (!gate || caf::to_string(gate->node()) != i->second.node)
          return failed("another process answers");
        join(self, host, i->second, gate);
      },
      [=](const caf::error& error) { failed(telemetry::failure_text(error)); });
}

void on_closed(gate_self* self, const link_event& event) {
  auto& state = self->state;
  auto i = state.peers.find(event.host);
  if (i == state.peers.end() || i->second.session != event.session)
    return;
  auto greeted = i->second.greeted;
  state.peers.erase(i);
  drop_calls_of(self, event.host, "link lost: " + event.reason);
  self->send(state.options.directory, directory::drop_host{event.host, "link to host " + event.host + " lost: " + event.reason});
  if (greeted)
    tell_subscribers(self, link_down{event.host, event.reason});
}

void on_link(gate_self* self, const link_event& event) {
  using kind = link_event::kind;
  switch (event.what) {
    case kind::opened:
      return on_opened(self, event);
    case kind::closed:
      return on_closed(self, event);
    case kind::slow:
    case kind::fast:
      return tell_subscribers(self, link_slow{event.host, event.what == kind::slow});
  }
}

void on_hello(gate_self* self, const gate_hello& hello) {
  auto& state = self->state;
  auto from = state.peer_of(self->current_sender());
  if (!from || from->first != hello.host || from->second.incarnation != hello.incarnation) {
    state.options.log.warning("greeting of an unknown gate", {{"host", hello.host}});
    return;
  }
  auto& [host, peer] = *from;
  if (!peer.gate)
    join(self, host, peer, self->current_sender());
  peer.greeted = true;
  if (!peer.unacknowledged)
    peer.deadline_us = 0;
  tell_subscribers(self, link_up{host, peer.incarnation, peer.gate});
}

void on_subscribe(gate_self* self, const subscribe_links& request) {
  auto& state = self->state;
  if (!request.subscriber || state.subscribers.size() >= link_subscribers_max) {
    state.options.log.error("subscription to links refused", {{"max", link_subscribers_max}});
    return;
  }
  if (std::find(state.subscribers.begin(), state.subscribers.end(), request.subscriber) == state.subscribers.end()) {
    state.subscribers.push_back(request.subscriber);
    self->monitor(request.subscriber);
  }
  for (auto& [host, peer] : state.peers)
    if (peer.greeted)
      tell(self, request.subscriber, link_up{host, peer.incarnation, peer.gate});
}

void on_down(gate_self* self, const caf::down_msg& down) {
  auto& state = self->state;
  std::erase_if(state.subscribers, [&](auto& x) { return caf::actor_cast<caf::actor_addr>(x) == down.source; });
  for (auto& [host, peer] : state.peers)
    if (peer.gate && caf::actor_cast<caf::actor_addr>(peer.gate) == down.source)
      reset(self, host, peer, "its gate ended: " + telemetry::failure_text(down.reason));
}

void on_tick(gate_self* self) {
  for (auto& [host, peer] : self->state.peers)
    if (peer.deadline_us > 0 && self->state.now() > peer.deadline_us)
      reset(self, host, peer, "its gate does not answer");
  expire_calls(self);
  self->delayed_send(self, gate_check_period, tick_atom::value);
}

// -- start -----------------------------------------------------------------------------------------------

void on_published(gate_self* self, uint16_t port) {
  self->state.port = port;
  auto me = caf::actor_cast<caf::actor_addr>(self);
  self->state.options.connections->attach([me](const link_event& event) {
    if (auto gate = caf::actor_cast<caf::actor>(me))
      caf::anon_send(gate, event);
  });
}

void publish(gate_self* self) {
  self
    ->request(self->state.options.middleman, gate_time_max, caf::publish_atom::value, uint16_t{0},
              caf::actor_cast<caf::strong_actor_ptr>(self), std::set<std::string>{}, std::string{}, false)
    .then([self](uint16_t port) { on_published(self, port); },
          [self](const caf::error& error) {
            self->quit(telemetry::make_failure("cannot listen for streams: " + telemetry::failure_text(error)));
          });
}

caf::behavior run_gate(gate_self* self, const gate_options& options) {
  self->state.options = options;
  self->set_down_handler([self](const caf::down_msg& down) { on_down(self, down); });
  self->set_exit_handler([self](const caf::exit_msg& exit) {
    if (telemetry::is_orderly(exit.reason))
      self->state.farewell = "the host stops";
    self->quit(exit.reason);
  });
  self->set_default_handler(caf::drop); // what does not pass its verification arrives empty
  self->send(options.directory, directory::export_roles{caf::actor_cast<caf::strong_actor_ptr>(self)});
  publish(self);
  self->delayed_send(self, gate_check_period, tick_atom::value);
  return {
    [self](tick_atom) { on_tick(self); },
    [self](const link_event& event) { on_link(self, event); },
    [self](const directory::role_exported& role) { on_own_role(self, role); },
    [self](const subscribe_links& request) { on_subscribe(self, request); },
    [self](const gate_hello& hello) { on_hello(self, hello); },
    [self](const gate_roles& roles) { on_roles(self, roles); },
    [self](const gate_ack& ack) { on_ack(self, ack); },
    [self](const call_request& request) { on_call_request(self, request); },
    [self](const gate_call& call) { on_gate_call(self, call); },
    [self](const call_answered& answer) { on_answered(self, answer); },
    [self](const gate_call_part& part) { on_call_part(self, part); },
    [self](const gate_call_more& more) { on_call_more(self, more); },
  };
}

} // namespace

gate_state::~gate_state() {
  if (options.connections)
    options.connections->detach(farewell);
  if (port != 0)
    caf::anon_send(options.middleman, caf::close_atom::value, port);
  for (auto& [id, call] : open_calls)
    call.promise->set_value({call.host, "this host's gate ended", {}});
}

std::pair<const std::string, gate_peer>* gate_state::peer_of(const caf::strong_actor_ptr& actor) {
  if (!actor)
    return nullptr;
  auto node = caf::to_string(actor->node());
  for (auto& entry : peers)
    if (entry.second.node == node)
      return &entry;
  return nullptr;
}

caf::strong_actor_ptr spawn_gate_actor(caf::actor_system& system, gate_options options) {
  return caf::actor_cast<caf::strong_actor_ptr>(system.spawn(run_gate, std::move(options)));
}

} // namespace runtime::mesh
