// A request to an actor of this process by a sender that keeps the time itself. CAF's timer costs two wake-ups of its clock's
// thread for every request, which is a tenth of what a small write costs; a sender with many requests of one kind under way looks
// at their deadlines on its own tick instead.
#pragma once

#include <caf/all.hpp>

namespace runtime::transport {

template <class Handle>
bool is_local(const caf::scheduled_actor* self, const Handle& to) {
  return to && to->node() == self->node();
}

/// As ask(), without a deadline: of an actor in this process either the answer comes, or the news of its end. What is neither (it
/// hangs), the sender notices. `to` is local, see above.
template <class Handle, class Request, class OnReply, class OnError>
void ask_local(caf::scheduled_actor* self, const Handle& to, Request request, OnReply on_reply, OnError on_error) {
  using reply_types = caf::response_type_t<typename Handle::signatures, Request>;
  static_assert(caf::detail::tl_size<reply_types>::value == 1, "the receiver has no reply for this request");
  const auto id = self->new_request_id(caf::message_priority::normal);
  to->enqueue(caf::actor_cast<caf::strong_actor_ptr>(self), id, caf::make_message(std::move(request)), self->context());
  self->add_multiplexed_response_handler(id.response_id(), caf::behavior{std::move(on_reply), std::move(on_error)});
}

} // namespace runtime::transport
