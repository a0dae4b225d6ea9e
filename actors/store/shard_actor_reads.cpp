// The reads of a shard: pages of one revision, and how new it is. An engine's read never waits for a sync.
#include "actors/store/shard_actor.hpp"

namespace actors::store {

namespace fb = messages::roles::store;
using runtime::telemetry::make_failure;

caf::result<protocol::range_reply> shard_actor::on_range(const protocol::range_request& request) {
  if (!engine_)
    return caf::skip();
  if (!is_shard())
    return not_here();
  if (!request.valid())
    return make_failure("the message was damaged on its way");
  const auto asked =
    request->limit() > 0 ? static_cast<size_t>(request->limit()) : options_.bounds.range_records_max;
  const auto text = [](const flatbuffers::String* s) { return s ? s->string_view() : std::string_view(); };
  try {
    return to_reply(engine_->range(text(request->prefix()), text(request->after()),
                                   std::min(asked, options_.bounds.range_records_max),
                                   request->revision()));
  } catch (const storage::compacted& gone) {
    fb::RangeReplyT reply;
    reply.revision = gone.oldest();
    reply.compacted = true;
    return protocol::range_reply{reply};
  } catch (const storage::error& e) {
    return read_failure(e);
  }
}

caf::result<protocol::revision_reply> shard_actor::on_revision() {
  if (!engine_)
    return caf::skip();
  if (!is_shard())
    return not_here();
  fb::RevisionReplyT reply;
  reply.current = engine_->current();
  reply.oldest = std::max(engine_->oldest(), unreadable_to_);
  return protocol::revision_reply{reply};
}

caf::error shard_actor::read_failure(const storage::error& e) {
  options_.log.error("read failed", {{"shard", options_.shard}, {"reason", e.what()}});
  return make_failure(e.what());
}

} // namespace actors::store
