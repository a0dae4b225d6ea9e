// Requests and one-way messages from any event-based actor to a typed handle, without being a template over the
// sender, so that a library (actors/client) can send on behalf of the actor that owns it. Every request has
// a deadline: CAF drops requests to a dead remote actor silently.
#pragma once

#include "runtime/telemetry/trace_gate.hpp"

#include <caf/all.hpp>

#include <chrono>

namespace runtime::transport {

/// For `troupe trace`: what goes to other hosts reaches no mailbox of this process, where traces would see it.
template <class Handle>
void show_to_traces(caf::scheduled_actor* self, const Handle& to, const caf::message& content) {
  if (!telemetry::tracing()) [[likely]]
    return;
  auto receiver = caf::actor_cast<caf::strong_actor_ptr>(to);
  if (receiver->node() != self->node())
    telemetry::trace_sent(caf::actor_cast<caf::strong_actor_ptr>(self), receiver->get(), *content.cvals());
}

template <class Handle>
bool is_local(const caf::scheduled_actor* self, const Handle& to) {
  return to && to->node() == self->node();
}

/// Sends `request` and calls exactly one of the two, on `self`.
/// on_reply: void(const Reply&) with the reply that `Handle` declares for `Request`; on_error: void(caf::error&).
/// The sender keeps the time and calls give_up(): CAF's timer costs two wake-ups of its clock's one thread for every request, which
/// is a tenth of what a small write costs. Of an actor in this process either the answer comes or the news of its end, unless it hangs.
template <class Handle, class Request, class OnReply, class OnError>
caf::message_id ask_untimed(caf::scheduled_actor* self, const Handle& to, Request request, OnReply on_reply, OnError on_error) {
  using reply_types = caf::response_type_t<typename Handle::signatures, Request>;
  static_assert(caf::detail::tl_size<reply_types>::value == 1, "the receiver has no reply for this request");
  const auto id = self->new_request_id(caf::message_priority::normal);
  if (to) {
    auto content = caf::make_message(std::move(request));
    show_to_traces(self, to, content);
    to->enqueue(caf::actor_cast<caf::strong_actor_ptr>(self), id, std::move(content), self->context());
  } else {
    self->enqueue(caf::actor_cast<caf::strong_actor_ptr>(self), id.response_id(),
                  caf::make_message(caf::make_error(caf::sec::request_receiver_down)), self->context());
  }
  self->add_multiplexed_response_handler(id.response_id(),
                                         caf::behavior{std::move(on_reply), std::move(on_error)});
  return id;
}

/// The request's on_error gets request_timeout, unless it has been answered; a later answer is dropped.
inline void give_up(caf::scheduled_actor* self, caf::message_id request) {
  self->enqueue(caf::actor_cast<caf::strong_actor_ptr>(self), request.response_id(),
                caf::make_message(caf::make_error(caf::sec::request_timeout)), self->context());
}

/// As ask_untimed(), within `deadline`: for what is asked rarely.
template <class Handle, class Request, class OnReply, class OnError>
void ask(caf::scheduled_actor* self, const Handle& to, std::chrono::milliseconds deadline, Request request,
         OnReply on_reply, OnError on_error) {
  const auto id = ask_untimed(self, to, std::move(request), std::move(on_reply), std::move(on_error));
  if (to)
    self->request_response_timeout(caf::duration{deadline}, id);
}

/// One-way; `self` is the sender that the receiver sees.
template <class Handle, class Message>
void tell(caf::scheduled_actor* self, const Handle& to, Message message) {
  static_assert(caf::response_type_unbox<caf::signatures_of_t<Handle>, caf::detail::type_list<Message>>::valid,
                "the receiver does not accept this message");
  if (!to)
    return;
  auto content = caf::make_message(std::move(message));
  show_to_traces(self, to, content);
  to->enqueue(caf::actor_cast<caf::strong_actor_ptr>(self), caf::make_message_id(), std::move(content), self->context());
}

} // namespace runtime::transport
