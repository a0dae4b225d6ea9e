// The writes of a shard: into the queue or committed at once, fences, and the answers when a batch is durable.
#include "actors/store/shard_actor.hpp"

#include <cassert>

namespace actors::store {

namespace fb = messages::roles::store;
using runtime::telemetry::make_failure;

caf::result<protocol::commit_reply> shard_actor::on_commit(const protocol::commit_request& request) {
  if (!engine_)
    return caf::skip();
  if (const auto fault = find_fault(request, options_.bounds.request_writes_max))
    return make_failure("the store refused a request: " + *fault);
  auto answer = make_response_promise<protocol::commit_reply>();
  if (mode_ != shard_mode::serving) {
    answer.deliver(to_reply(request->writes()->size(), fb::WriteStatus::moving,
                            "the store shard " + options_.shard + " moves to another host"));
    return answer;
  }
  const auto outcome = queue_->push(request);
  if (outcome == commit_queue::outcome::full) {
    answer.deliver(to_reply(request->writes()->size(), fb::WriteStatus::overloaded,
                            "too many requests: " + std::to_string(queue_->writes()) +
                              " writes wait for the store shard " + options_.shard +
                              ", please try again later"));
    return answer;
  }
  answers_.push_back(answer);
  if (outcome == commit_queue::outcome::wake_up) {
    if (may_commit_here())
      commit_here();
    else
      send(committer_, drain_atom::value);
  }
  return answer;
}

// A lone write does not go to the committer's thread and back, two wake-ups that take as long as its sync. With more in the
// mailbox, the committer works while this thread gathers the next batch; a read waits for at most one sync.
bool shard_actor::may_commit_here() { return options_.commits_lone_writes && !compacting_since_us_ && !hand_over_ && mailbox().empty(); }

void shard_actor::commit_here() {
  for (;;) {
    const commit_batch batch{queue_->take_batch(), options_.clock->wall_seconds()};
    if (batch.requests.empty())
      return;
    on_batch_committed(commit(*engine_, batch));
  }
}

// By the committer, so that a batch is wholly before or wholly after it.
caf::result<protocol::fence_reply> shard_actor::on_fence(const protocol::fence_request& request) {
  if (!engine_)
    return caf::skip();
  if (mode_ != shard_mode::serving)
    return not_here();
  if (const auto fault = find_fault(request))
    return make_failure("the store refused a request: " + *fault);
  return delegate(committer_, request);
}

// The committer is at its next batch already.
void shard_actor::on_batch_committed(const batch_committed& done) {
  if (!done.failure.empty()) {
    options_.log.error("commit failed", {{"shard", options_.shard}, {"reason", done.failure}});
    quit(make_failure(done.failure));
    return;
  }
  assert(done.replies.size() <= answers_.size());
  show_revision(engine_->current());
  for (const auto& reply : done.replies) {
    answers_.front().deliver(reply);
    answers_.pop_front();
  }
  push_changes();
  order_hand_over();
}

} // namespace actors::store
