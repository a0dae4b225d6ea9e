// Calls through the gate: a request line to another host's control server, its answer back in parts.
#include "runtime/mesh/gate_state.hpp"

namespace runtime::mesh {

namespace {

using open_iterator = std::map<uint64_t, open_call>::iterator;

void finish(gate_self* self, open_iterator call, const std::string& error) {
  auto& [host, text, promise, deadline] = call->second;
  promise->set_value({host, error, error.empty() ? std::move(text) : std::string{}});
  self->state.open_calls.erase(call);
}

void send_part(gate_self* self, served_call& call) {
  gate_call_part part{.id = call.id, .text = call.text.substr(call.sent, call_part_bytes)};
  call.sent += part.text.size();
  part.last = call.sent == call.text.size();
  tell(self, call.caller, std::move(part));
}

} // namespace

void on_call_request(gate_self* self, const call_request& request) {
  auto& state = self->state;
  auto fail = [&](const std::string& why) { request.promise->set_value({request.host, why, {}}); };
  auto i = state.peers.find(request.host);
  if (i == state.peers.end() || !i->second.greeted)
    return fail("there is no link to host " + request.host);
  if (state.open_calls.size() >= calls_open_max)
    return fail("too many calls to other hosts are unanswered");
  auto id = ++state.last_call;
  auto deadline = state.now() + request.deadline.count() * us_per_ms;
  state.open_calls[id] = {request.host, {}, request.promise, deadline};
  tell(self, i->second.gate, gate_call{id, request.line, request.deadline.count()});
}

void on_call_part(gate_self* self, const gate_call_part& part) {
  auto& state = self->state;
  auto from = state.peer_of(self->current_sender());
  auto i = state.open_calls.find(part.id);
  if (!from || i == state.open_calls.end() || i->second.host != from->first)
    return; // too late
  if (!part.error.empty())
    return finish(self, i, part.error);
  if (i->second.text.size() + part.text.size() > call_bytes_max)
    return finish(self, i, "its answer is longer than " + std::to_string(call_bytes_max) + " bytes");
  i->second.text += part.text;
  if (part.last)
    return finish(self, i, {});
  tell(self, from->second.gate, gate_call_more{part.id});
}

void on_gate_call(gate_self* self, const gate_call& call) {
  auto& state = self->state;
  auto from = state.peer_of(self->current_sender());
  if (!from || !from->second.greeted)
    return;
  auto ticket = ++state.last_call;
  auto left = std::clamp<std::chrono::milliseconds>(std::chrono::milliseconds{call.left_ms}, std::chrono::milliseconds{0}, serve_time_max);
  auto until = std::chrono::steady_clock::now() + left;
  auto busy = state.served_calls.size() >= calls_waiting_max
              || !state.options.calls->ask(ticket, call.line, until, caf::actor_cast<caf::actor>(self));
  if (busy)
    return tell(self, from->second.gate,
                gate_call_part{.id = call.id, .error = "host " + state.options.host + " has too many calls to answer"});
  state.served_calls[ticket] = {.host = from->first,
                                .id = call.id,
                                .caller = from->second.gate,
                                .deadline_us = state.now() + left.count() * us_per_ms};
}

void on_answered(gate_self* self, const call_answered& answer) {
  auto& calls = self->state.served_calls;
  auto i = calls.find(answer.ticket);
  if (i == calls.end())
    return; // its link was lost
  if (answer.text.size() > call_bytes_max) {
    tell(self, i->second.caller, gate_call_part{.id = i->second.id, .error = "the answer is too long"});
    calls.erase(i);
    return;
  }
  i->second.text = answer.text;
  send_part(self, i->second);
  if (i->second.sent == i->second.text.size())
    calls.erase(i);
}

void on_call_more(gate_self* self, const gate_call_more& more) {
  auto from = self->state.peer_of(self->current_sender());
  auto& calls = self->state.served_calls;
  for (auto i = calls.begin(); from && i != calls.end(); ++i) {
    if (i->second.host != from->first || i->second.id != more.id)
      continue;
    send_part(self, i->second);
    if (i->second.sent == i->second.text.size())
      calls.erase(i);
    return;
  }
}

void drop_calls_of(gate_self* self, const std::string& host, const std::string& reason) {
  auto& state = self->state;
  for (auto i = state.open_calls.begin(); i != state.open_calls.end();) {
    auto next = std::next(i);
    if (i->second.host == host)
      finish(self, i, reason);
    i = next;
  }
  std::erase_if(state.served_calls, [&](auto& entry) {
    if (entry.second.host != host)
      return false;
    state.options.calls->forget(entry.first);
    return true;
  });
}

void expire_calls(gate_self* self) {
  auto& state = self->state;
  auto now = state.now();
  for (auto i = state.open_calls.begin(); i != state.open_calls.end();) {
    auto next = std::next(i);
    if (i->second.deadline_us < now)
      finish(self, i, "host " + i->second.host + " did not answer in time");
    i = next;
  }
  std::erase_if(state.served_calls, [&](auto& entry) { return entry.second.deadline_us < now; });
}

} // namespace runtime::mesh
