// A shard that moves away: pages for the copy on another host, the handing over, and where in it the shard is.
#include "actors/store/shard_actor.hpp"

namespace actors::store {

namespace fb = messages::roles::store;
using runtime::telemetry::make_failure;

caf::result<protocol::copy_reply> shard_actor::on_copy(const protocol::copy_request& request) {
  if (!engine_)
    return caf::skip();
  if (!request.valid())
    return make_failure("the message was damaged on its way");
  if (mode_ == shard_mode::following)
    return refused_copy("it is a copy itself");
  const auto owner = engine_->owner();
  if (owner.state == storage::owner_state::handed_over && (request->copy() == nullptr || request->copy()->string_view() != owner.copy))
    return refused_copy("the data was handed over to host " + owner.peer);
  held_until_us_ = options_.clock->monotonic_us() + std::chrono::microseconds(options_.bounds.copy_hold).count();
  try {
    const auto wished = request->bytes_max() > 0 ? static_cast<size_t>(request->bytes_max()) : options_.bounds.copy_page_bytes;
    return to_reply(engine_->copy(request->after(), std::min(wished, options_.bounds.copy_page_bytes)));
  } catch (const storage::error& e) {
    return read_failure(e);
  }
}

caf::result<protocol::hand_over_reply> shard_actor::on_hand_over(const protocol::hand_over_request& request) {
  if (!engine_)
    return caf::skip();
  if (!request.valid() || request->copy() == nullptr || request->host() == nullptr)
    return make_failure("the message was damaged on its way");
  const hand_over_order order{request->copy()->str(), request->host()->str()};
  if (mode_ == shard_mode::following)
    return refused_hand_over("it is a copy itself");
  if (mode_ == shard_mode::handed_over) {
    const auto done = hand_over(*engine_, order);
    return done.failure.empty() ? to_reply(done.owner, done.fences) : refused_hand_over(done.failure);
  }
  const auto lag = engine_->current() - request->after();
  if (lag < 0 || lag > options_.bounds.hand_over_lag_max)
    return refused_hand_over("the copy is " + std::to_string(lag) + " changes behind");
  if (hand_over_ && hand_over_->order.copy != order.copy)
    return refused_hand_over("another copy takes over");
  auto answer = make_response_promise<protocol::hand_over_reply>();
  if (hand_over_) { // the first answer would come too late
    hand_over_->answer = answer;
    return answer;
  }
  options_.log.info("the shard is handed over", {{"shard", options_.shard}, {"to", order.host}, {"copy", order.copy}});
  show_revision();
  mode_ = shard_mode::handing_over; // from here on no write is taken; those that were are finished first
  hand_over_ = hand_over_job{order, answer};
  order_hand_over();
  return answer;
}

void shard_actor::order_hand_over() {
  if (!hand_over_ || hand_over_->ordered || !answers_.empty())
    return;
  hand_over_->ordered = true;
  send(committer_, hand_over_->order);
}

void shard_actor::on_data_handed_over(const data_handed_over& done) {
  if (!hand_over_)
    return;
  if (done.open_again) {
    options_.log.error("handing over failed", {{"shard", options_.shard}, {"reason", done.failure}});
    quit(make_failure(done.failure));
    return;
  }
  mode_ = done.failure.empty() ? shard_mode::handed_over : shard_mode::serving;
  if (mode_ == shard_mode::serving)
    show_revision(engine_->current());
  hand_over_->answer.deliver(done.failure.empty() ? to_reply(done.owner, done.fences) : refused_hand_over(done.failure));
  hand_over_.reset();
}

caf::result<protocol::shard_state_reply> shard_actor::on_state() {
  using enum fb::ShardPhase;
  fb::ShardStateReplyT reply;
  if (mode_ == shard_mode::following) {
    reply = follower_->state();
  } else if (mode_ != shard_mode::opening) {
    const auto owner = engine_->owner();
    reply.phase = mode_ == shard_mode::handed_over ? handed_over : serving;
    reply.epoch = owner.epoch;
    reply.revision = engine_->current();
    reply.peer = owner.peer;
    reply.pause_us = follower_ ? follower_->pause_us() : 0;
  }
  return protocol::shard_state_reply{reply};
}

} // namespace actors::store
