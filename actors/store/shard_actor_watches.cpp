// The watches of a shard: who watches from where, and the changes pushed to each as far as its window allows.
#include "actors/store/shard_actor.hpp"

#include "runtime/transport/ask.hpp"

namespace actors::store {

namespace fb = messages::roles::store;
using runtime::protocols::shard_watcher_actor;
using runtime::telemetry::make_failure;

caf::result<protocol::watch_reply> shard_actor::on_watch(const protocol::watch_request& request) {
  if (!engine_)
    return caf::skip();
  if (!is_shard())
    return not_here();
  const auto source = current_sender();
  if (!request.valid() || source == nullptr)
    return make_failure("a watch needs a sender");
  if (watchers_.size() >= options_.bounds.watchers_max && !watchers_.count(source->address()))
    return make_failure("the store shard " + options_.shard + " has its maximum of watchers");
  fb::WatchReplyT reply;
  reply.current = engine_->current();
  reply.oldest = engine_->oldest();
  // A watcher ahead of us saw another life of this store (restored from a backup): its view is void.
  reply.oldest = std::max(reply.oldest, unreadable_to_);
  reply.compacted = request->after() < reply.oldest || request->after() > reply.current;
  auto found = watchers_.find(source->address());
  if (reply.compacted) {
    if (found != watchers_.end())
      drop(found);
    return protocol::watch_reply{reply};
  }
  if (found == watchers_.end()) {
    monitor(source);
    found = watchers_.emplace(source->address(), watcher{{}, watch_window()}).first;
    found->second.handle = caf::actor_cast<shard_watcher_actor>(source);
  }
  found->second.window = watch_window(request->after());
  send(this, push_atom::value); // after the reply
  return protocol::watch_reply{reply};
}

void shard_actor::on_ack(const protocol::shard_changes_ack& ack) {
  const auto source = current_sender();
  const auto found = source && ack.valid() ? watchers_.find(source->address()) : watchers_.end();
  if (found == watchers_.end())
    return; // of a watch that was dropped meanwhile
  found->second.window.on_acknowledged(ack->to());
  push_to(found);
  forget_sent();
}

// Else a watcher whose window is full would wait for an acknowledgement that it is to give later.
static_assert(limits{}.watch_window_max >= 2 * protocol::changes_per_ack);

void shard_actor::push_changes() {
  for (auto i = watchers_.begin(); i != watchers_.end();)
    i = push_to(i);
  forget_sent();
}

// Messages hold the objects of their changes.
void shard_actor::forget_sent() {
  auto sent = engine_->current();
  for (const auto& [address, item] : watchers_)
    sent = std::min(sent, item.window.sent());
  feed_.forget(sent);
}

// Sends what its window takes; returns the next watcher, since a laggard is dropped.
shard_actor::watcher_map::iterator shard_actor::push_to(watcher_map::iterator i) {
  auto& window = i->second.window;
  const auto current = engine_->current();
  try {
    while (window.sent() < current && window.may_send(options_.bounds)) {
      const auto message = feed_.next(*engine_, window.sent());
      runtime::transport::tell(this, i->second.handle, message);
      window.on_sent(message->to(), current);
    }
  } catch (const storage::compacted&) {
    return dismiss(i, "fell out of the history");
  } catch (const storage::error& e) {
    // Without it this watcher's view would be wrong. As with what was compacted away, who needs it lists anew.
    read_failure(e);
    unreadable_to_ = std::max(unreadable_to_, find_unreadable(window.sent()));
    return dismiss(i, "a change cannot be read");
  }
  if (window.lags(current, options_.bounds))
    return dismiss(i, "does not acknowledge");
  return std::next(i);
}

// The first revision after `after` whose change cannot be read; at most as many steps as one message has changes.
storage::revision shard_actor::find_unreadable(storage::revision after) {
  try {
    while (after < engine_->current())
      after = engine_->changes(after, 1).last;
    return after;
  } catch (const std::exception&) { // the caller has told
    return after + 1;
  }
}

shard_actor::watcher_map::iterator shard_actor::dismiss(watcher_map::iterator i, std::string_view why) {
  options_.log.warning("watcher dropped",
                       {{"shard", options_.shard}, {"reason", why}, {"sent", i->second.window.sent()}});
  runtime::transport::tell(this, i->second.handle,
                           lagging_message(options_.shard, i->second.window.sent()));
  return drop(i);
}

shard_actor::watcher_map::iterator shard_actor::drop(watcher_map::iterator i) {
  demonitor(i->first);
  return watchers_.erase(i);
}

} // namespace actors::store
