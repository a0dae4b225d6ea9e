// Watches of other roles. Each is a position in its resource's window: a watcher that does not acknowledge costs its
// position and nothing more; when it falls out of the window, it is told to start anew (code 410).
#include "actors/apiserver/apiserver_actor.hpp"
#include "actors/apiserver/selectors/change_filter.hpp"
#include "runtime/transport/ask.hpp"

namespace actors::apiserver {

using runtime::transport::tell;

namespace {

protocol::watch_reply refuse_watch(const api_error& error) {
  protocol::WatchReplyT content;
  content.code = error.code;
  content.status = 0;
  return protocol::watch_reply{content, {status_attachment(error)}};
}

protocol::EventType event_type(selectors::seen_as what) {
  switch (what) {
    case selectors::seen_as::added: return protocol::EventType::added;
    case selectors::seen_as::modified: return protocol::EventType::modified;
    case selectors::seen_as::deleted: return protocol::EventType::deleted;
  }
  return protocol::EventType::modified;
}

void add_event(protocol::WatchBatchT& batch, std::vector<attachment>& attachments, protocol::EventType type,
               const cache::object_ptr& object, int64_t revision) {
  auto event = std::make_unique<protocol::WatchEventT>();
  event->type = type;
  event->revision = revision;
  event->object = static_cast<int32_t>(attachments.size());
  batch.events.push_back(std::move(event));
  attachments.push_back({&object->what(), object->bytes()});
}

} // namespace

protocol::watch_reply apiserver::begin_watch(const protocol::watch_request& request) {
  const auto sender = current_sender();
  if (!request.valid() || !sender)
    return refuse_watch(status::bad_request("the watch request cannot be read"));
  const auto found = find_target(request->target());
  if (found.error)
    return refuse_watch(found.error);
  const auto* target = request->target();
  if (auto error = authorize(request->identity(), "watch", *found.kind, *target))
    return refuse_watch(error);
  auto parsed = selectors::object_selector::parse(*found.kind, text_of(request->label_selector()), text_of(request->field_selector()));
  if (const auto* error = std::get_if<selectors::selector_error>(&parsed))
    return refuse_watch(status::bad_request(error->message));
  if (watchers_.size() >= watchers_max)
    return refuse_watch(status::too_many_requests("too many watches", 5));
  auto& shard = cache_->shard_of(found.kind->key_prefix);
  if (!shard.ready())
    return refuse_watch(status::unavailable("the cache is not loaded yet"));
  const auto state = shard.read();
  const int64_t after = request->after();
  if (after >= 0 && after < shard.window(found.kind->key_prefix).oldest())
    return refuse_watch(status::expired("the revision is too old or unknown"));

  const std::string name_space = text_of(target->namespace_name());
  watcher added;
  added.target = caf::actor_cast<runtime::protocols::watcher_actor>(sender);
  added.id = request->watch_id();
  added.kind = found.kind;
  added.prefix = name_space.empty() ? std::string{found.kind->key_prefix} : verbs::store_key(*found.kind, name_space, "");
  added.selector = std::move(std::get<selectors::object_selector>(parsed));
  const watcher_key key{caf::actor_cast<caf::actor_addr>(sender), added.id};
  monitor(added.target);
  // The present state must be at least as new as the store is now: a consumer acts on it. And a consumer that comes from
  // another apiserver may have seen more than this one has so far.
  if (after < 0 || after > state->revision) {
    barrier(found.kind->key_prefix, [this, key, after](api_error error) {
      const auto item = watchers_.find(key);
      if (item == watchers_.end())
        return;
      const int64_t present = cache_->shard_of(item->second.kind->key_prefix).read()->revision;
      if (error || after > present) { // after > present: it saw another life of this store
        protocol::WatchBatchT ended;
        ended.code = error ? error.code : 410;
        send_batch(item->second, std::move(ended), {});
        drop_watcher(item);
        return;
      }
      if (after < 0) {
        item->second.initial = cache_->shard_of(item->second.kind->key_prefix).read();
        item->second.cursor = item->second.initial->revision;
        find_candidates(item->second);
      } else {
        item->second.cursor = item->second.sent_revision = after;
      }
      pump(key, item->second);
    });
    added.cursor = -1; // not before the barrier
    add_watcher(key, std::move(added));
  } else {
    added.cursor = added.sent_revision = after;
    add_watcher(key, std::move(added));
    anon_send(this, front_job{[key](apiserver& self) {
                if (const auto item = self.watchers_.find(key); item != self.watchers_.end())
                  self.pump(key, item->second);
              }});
  }
  protocol::WatchReplyT content;
  content.code = 200;
  return protocol::watch_reply{content};
}

void apiserver::send_batch(watcher& item, protocol::WatchBatchT content, std::vector<attachment> attachments) {
  content.watch_id = item.id;
  ++item.unacknowledged;
  content.acknowledge = ++item.not_asked >= batches_per_ack;
  if (content.acknowledge)
    item.not_asked = 0;
  item.sent_revision = content.revision;
  item.bookmark_due_us = now_us() + std::chrono::microseconds{bookmark_interval}.count();
  tell(this, item.target, protocol::watch_batch{content, std::move(attachments)});
}

/// Sends the next part of the present state; false when it is complete.
bool apiserver::send_initial(watcher& item) {
  protocol::WatchBatchT batch;
  std::vector<attachment> attachments;
  bool more = false;
  const auto take = [&](const cache::object_ptr& object) {
    if (item.selector.everything() || item.selector.matches(object->what(), object->bytes()))
      add_event(batch, attachments, protocol::EventType::added, object, object->revision());
  };
  if (item.candidates) {
    while (item.candidate_at < item.candidates->size() && !(more = batch.events.size() >= batch_events_max)) {
      const auto& key = (*item.candidates)[item.candidate_at++];
      if (const auto* object = key.starts_with(item.prefix) ? item.initial->objects.find(key) : nullptr)
        take(*object);
    }
  } else {
    item.initial->objects.visit(item.prefix, item.initial_after, [&](std::string_view key, const cache::object_ptr& object) {
      if (batch.events.size() >= batch_events_max) {
        more = true;
        return false;
      }
      item.initial_after = key;
      take(object);
      return true;
    });
  }
  batch.synced = !more;
  batch.revision = item.initial->revision;
  if (!more) {
    item.initial = nullptr;
    item.candidates.reset();
  }
  send_batch(item, std::move(batch), std::move(attachments));
  return more;
}

/// With as many kubelets as nodes that all begin to watch, a visit to every pod for each of them would be what a start consists of.
void apiserver::find_candidates(watcher& item) {
  const auto* field = item.selector.required_field();
  if (field == nullptr)
    return;
  const std::pair<std::string_view, std::string> name{item.kind->key_prefix, field->label};
  const auto& window = cache_->shard_of(item.kind->key_prefix).window(item.kind->key_prefix);
  auto found = indexes_.find(name);
  cache::change_window::page later;
  if (found != indexes_.end()) {
    later = window.read(found->second.index.revision(), selectors::state_index::changes_max + 1);
    if (later.expired || later.changes.size() > selectors::state_index::changes_max ||
        found->second.index.revision() > item.initial->revision) {
      indexes_.erase(found);
      found = indexes_.end();
    }
  }
  if (found == indexes_.end()) {
    found = indexes_.emplace(name, used_index{{*item.initial, item.kind->key_prefix, *field}, 0}).first;
    later.changes.clear();
  }
  found->second.used_us = now_us();
  item.candidates = found->second.index.candidates(field->value, later.changes);
  item.candidate_at = 0;
}

void apiserver::forget_indexes(int64_t now) {
  std::erase_if(indexes_, [now](const auto& item) {
    return now - item.second.used_us > std::chrono::microseconds{index_idle_max}.count();
  });
}

/// May forget the watcher.
void apiserver::pump(const watcher_key& key, watcher& item) {
  if (item.cursor < 0)
    return;
  skip_unconcerned(item);
  item.in_step = false;
  while (item.unacknowledged < batches_in_flight_max) {
    if (item.initial != nullptr) {
      send_initial(item);
      continue;
    }
    const auto page = cache_->shard_of(item.kind->key_prefix).window(item.kind->key_prefix).read(item.cursor, batch_events_max);
    protocol::WatchBatchT batch;
    if (page.expired) {
      batch.code = 410;
      send_batch(item, std::move(batch), {});
      drop_watcher(watchers_.find(key));
      return;
    }
    std::vector<attachment> attachments;
    for (const auto& change : page.changes)
      if (auto seen = selectors::filter_change(change, item.prefix, item.selector))
        add_event(batch, attachments, event_type(seen->what), seen->object, seen->revision);
    const bool advanced = page.upto > item.cursor;
    item.cursor = page.upto;
    batch.revision = page.upto;
    const bool bookmark_due = now_us() >= item.bookmark_due_us && page.upto > item.sent_revision;
    if (!batch.events.empty() || bookmark_due) {
      send_batch(item, std::move(batch), std::move(attachments));
      continue;
    }
    if (now_us() >= item.bookmark_due_us)
      item.bookmark_due_us = now_us() + std::chrono::microseconds{bookmark_interval}.count();
    if (!advanced || page.changes.size() < batch_events_max) {
      item.in_step = true;
      return;
    }
  }
}

/// Before the change is applied.
void apiserver::collect_affected(const cache::change& item, std::set<watcher_key>& affected) {
  const auto end = item.key.find('/', 1);
  if (end == std::string::npos)
    return;
  const auto found = interest_.find(std::string_view{item.key}.substr(0, end + 1));
  if (found == interest_.end())
    return;
  affected.insert(found->second.broad().begin(), found->second.broad().end());
  found->second.collect(item, affected);
}

/// After it. Watchers whom no change concerns are not touched: their number costs nothing.
void apiserver::pump_affected(shard_link& link, const std::set<watcher_key>& affected) {
  if (std::exchange(link.loaded_anew, false)) {
    for (auto at = watchers_.begin(); at != watchers_.end();) {
      const auto next = std::next(at); // pump may forget the watcher
      if (at->second.kind->shard == link.cache->name())
        pump(at->first, at->second);
      at = next;
    }
  } else {
    for (const auto& key : affected)
      if (const auto item = watchers_.find(key); item != watchers_.end())
        pump(item->first, item->second);
  }
  link.pumped_to = link.applied_to;
}

/// A watcher that had read everything would have been woken by what concerns it.
void apiserver::skip_unconcerned(watcher& item) {
  if (item.in_step)
    item.cursor = std::max(item.cursor, link_of(item.kind->key_prefix).pumped_to);
}

/// The windows begin anew; what was missed in between, or whether, is for each watcher to find out.
void apiserver::restart_watchers(shard_link& link) {
  for (auto& [key, item] : watchers_)
    if (item.kind->shard == link.cache->name()) {
      skip_unconcerned(item);
      item.in_step = false;
    }
  link.pumped_to = link.applied_to;
  link.loaded_anew = true;
}

void apiserver::add_watcher(const watcher_key& key, watcher added) {
  if (const auto known = watchers_.find(key); known != watchers_.end())
    drop_watcher(known);
  interest_[added.kind->key_prefix].add(added.selector, key);
  watchers_.emplace(key, std::move(added));
}

apiserver::watcher_map::iterator apiserver::drop_watcher(watcher_map::iterator item) {
  interest_[item->second.kind->key_prefix].remove(item->second.selector, item->first);
  return watchers_.erase(item);
}

/// As etcd's progress request: after a barrier, the watch gets at least an empty batch with that revision.
caf::result<protocol::progress_reply> apiserver::on_progress(const protocol::progress_request& request) {
  const auto sender = caf::actor_cast<caf::actor_addr>(current_sender()); // the promise takes the sender
  auto promise = make_response_promise<protocol::progress_reply>();
  auto answer = [promise](int code, int64_t revision) mutable {
    protocol::ProgressReplyT content;
    content.code = code;
    content.revision = revision;
    promise.deliver(protocol::progress_reply{content});
  };
  if (!request.valid() || !sender) {
    answer(400, 0);
    return promise;
  }
  const watcher_key key{sender, request->watch_id()};
  const auto found = watchers_.find(key);
  if (found == watchers_.end()) {
    answer(404, 0);
    return promise;
  }
  barrier(found->second.kind->key_prefix, [this, key, answer](api_error error) mutable {
    const auto item = watchers_.find(key);
    if (error || item == watchers_.end()) {
      answer(error ? error.code : 404, 0);
      return;
    }
    answer(200, cache_->shard_of(item->second.kind->key_prefix).read()->revision);
    item->second.bookmark_due_us = 0;
    pump(item->first, item->second);
  });
  return promise;
}

void apiserver::on_ack(const protocol::watch_ack& ack) {
  if (!ack.valid() || !current_sender())
    return;
  const watcher_key key{caf::actor_cast<caf::actor_addr>(current_sender()), ack->watch_id()};
  const auto found = watchers_.find(key);
  if (found == watchers_.end())
    return;
  auto& item = found->second;
  const bool held_back = item.unacknowledged >= batches_in_flight_max;
  item.unacknowledged -= std::min(item.unacknowledged, static_cast<size_t>(std::max(ack->batches(), 1)));
  if (held_back) // else it was sent all there was
    pump(found->first, item);
}

void apiserver::on_cancel(const protocol::watch_cancel& cancel) {
  if (cancel.valid() && current_sender())
    if (const auto found = watchers_.find({caf::actor_cast<caf::actor_addr>(current_sender()), cancel->watch_id()});
        found != watchers_.end())
      drop_watcher(found);
}

void apiserver::forget_watchers_of(const caf::actor_addr& consumer) {
  for (auto at = watchers_.begin(); at != watchers_.end();)
    at = at->first.consumer == consumer ? drop_watcher(at) : std::next(at);
}

} // namespace actors::apiserver
