// The watches of a client: each is begun on the apiserver it follows, feeds its caches, and is tried again when it ends.
#include "actors/client/api_client.hpp"

#include "actors/client/request_parts.hpp"
#include "actors/client/watch_sets.hpp"
#include "runtime/transport/ask.hpp"

namespace actors::client {

using runtime::transport::ask;
using runtime::transport::tell;

void api_client::begin_watch(watch_state& watch) {
  if (!apiserver_ || watch.lead() == nullptr)
    return;
  const uint64_t id = watch.id = next_id_++;
  watch.unacknowledged = 0;
  protocol::WatchRequestT content;
  set_identity(content, identity_);
  content.target = target_of(*watch.what, watch.options.name_space, "");
  content.label_selector = watch.options.label_selector;
  content.field_selector = watch.options.field_selector;
  content.watch_id = id;
  content.after = watch.restart_from_scratch ? -1 : watch.lead()->revision();
  if (watch.restart_from_scratch)
    for (auto* cache : {watch.cache.get(), watch.second.get()})
      if (cache != nullptr)
        cache->begin_replace();
  ask(
    self_, apiserver_, request_deadline, protocol::watch_request{content},
    [this, &watch, id](const protocol::watch_reply& reply) {
      if (watch.id != id || (reply.valid() && reply->code() < 400))
        return;
      if (reply.valid() && reply->code() == 410)
        watch.restart_from_scratch = true;
      api_result result;
      if (reply.valid())
        read_status(reply.at(reply->status()), result);
      retry_watch(watch, id, result.message);
    },
    [this, &watch, id](caf::error& error) {
      if (watch.id == id) { // the apiserver may begin it yet, and would then keep the state for one who never reads it
        protocol::WatchCancelT cancel;
        cancel.watch_id = id;
        tell(self_, apiserver_, protocol::watch_cancel{cancel});
      }
      retry_watch(watch, id, self_->system().render(error));
    });
}

void api_client::retry_watch(watch_state& watch, uint64_t id, std::string_view why) {
  if (watch.id != id)
    return;
  watch.id = 0;
  context_.log.warning("watch ended, trying again", {{"resource", watch.what->plural},
                                                     {"delay_ms", watch.retry_delay.count()},
                                                     {"why", why}});
  after(watch.retry_delay, [this, &watch] {
    if (watch.id == 0)
      begin_watch(watch);
  });
  watch.retry_delay = std::min(watch.retry_delay * 2, retry_delay_max);
}

void api_client::receive(const protocol::watch_batch& batch) {
  if (!batch.valid())
    return; // the gap shows as a revision that never arrives; the apiserver's window then ends the watch
  const auto found = std::find_if(watches_.begin(), watches_.end(),
                                  [&](const auto& item) { return item.id == batch->watch_id(); });
  if (found == watches_.end() || batch->watch_id() == 0)
    return; // of a watch that we gave up
  watch_state& watch = *found;
  if (watch.cache)
    feed(*watch.cache, batch);
  if (watch.second)
    feed_second_set(watch, batch);
  if (batch->synced()) {
    watch.restart_from_scratch = false;
    watch.retry_delay = retry_delay_min;
  }
  if (!watch.restart_from_scratch)
    for (auto* cache : {watch.cache.get(), watch.second.get()})
      if (cache != nullptr)
        cache->advance(batch->revision());
  if (batch->code() != 0) {
    watch.restart_from_scratch |= batch->code() == 410;
    retry_watch(watch, watch.id, "the apiserver ended the watch with code " + std::to_string(batch->code()));
    return;
  }
  ++watch.unacknowledged;
  if (batch->acknowledge()) {
    protocol::WatchAckT ack;
    ack.watch_id = batch->watch_id();
    ack.revision = batch->revision();
    ack.batches = std::exchange(watch.unacknowledged, 0);
    tell(self_, apiserver_, protocol::watch_ack{ack});
  }
  check_synced();
  check_caught_up();
}

} // namespace actors::client
