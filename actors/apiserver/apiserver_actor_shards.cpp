// Following the store: a shard is loaded page by page, then its changes are applied in order. The link survives
// the shard's restarts: it goes on at the last revision, or loads anew when that has left the shard's history.
#include <algorithm>
#include <unordered_map>

#include "actors/apiserver/apiserver_actor.hpp"
#include "messages/codec/codec.hpp"
#include "runtime/transport/ask.hpp"

namespace actors::apiserver {

using runtime::transport::ask;
using runtime::transport::ask_untimed;
using runtime::transport::is_local;
using runtime::transport::tell;

namespace {

constexpr std::chrono::milliseconds reconnect_delay{100};
constexpr std::string_view services_prefix = "/services/";
constexpr std::string_view presence_prefix = "/leases/kube-system/apiserver-";
/// Events are many, hardly ever read, and no role of this process keeps them; of the others, the cache has what informers have too.
constexpr std::string_view packed_prefix = "/events/";
/// Older versions are packed faster than they come about.
constexpr size_t packed_per_change = 2;

cache::object_ptr cached(const attachment& item, int64_t revision) {
  if (!item)
    return nullptr;
  return std::make_shared<const cache::cached_object>(*item.type, item.object, revision);
}

} // namespace

cache::object_ptr apiserver::kept(shard_link& link, std::string_view key, cache::object_ptr object) {
  return key.starts_with(packed_prefix) ? link.cache->packed(object) : std::move(object);
}

apiserver::shard_link& apiserver::link_of(std::string_view key_prefix) {
  return links_.find(cache_->shard_of(key_prefix).name())->second;
}

/// What was under way is of no interest any more; who waits for an answer is among those who ask next.
uint64_t apiserver::begin_generation(shard_link& link) {
  if (link.following)
    link.lost_us = now_us();
  if (link.asking)
    wait_again(link, *link.asking);
  link.caught_up = false;
  link.following = false;
  link.barrier_in_flight = false;
  link.fences_in_flight = 0;
  link.fence_failed = false;
  link.unacknowledged = 0;
  return ++link.generation;
}

void apiserver::connect_shard(shard_link& link, const caf::strong_actor_ptr& handle) {
  link.handle = caf::actor_cast<runtime::protocols::store_actor>(handle);
  const uint64_t generation = begin_generation(link);
  fences_.forget(link.cache->name());
  raise_fences(link);
  doubt_commits_of(link, "the store shard was replaced");
  if (link.cache->ready())
    follow(link, generation, link.applied_to);
  else
    load_page(link, generation, std::make_shared<cache::snapshot>(), "");
}

void apiserver::disconnect_shard(shard_link& link, const std::string& why) {
  context_.log.warning("store shard lost", {{"shard", link.cache->name()}, {"why", why}});
  link.handle = nullptr;
  begin_generation(link);
  doubt_commits_of(link, "the store shard was lost: " + why);
  settle_takeovers(); // what waits for this shard goes on without it
}

void apiserver::reconnect_later(shard_link& link, uint64_t generation, std::string_view why) {
  if (link.generation != generation)
    return;
  context_.log.warning("store shard not followed, trying again", {{"shard", link.cache->name()}, {"why", why}});
  const auto handle = caf::actor_cast<caf::strong_actor_ptr>(link.handle);
  begin_generation(link);
  delayed_send(this, reconnect_delay, front_job{[handle, name = link.cache->name()](apiserver& self) {
                 auto& again = self.links_.find(name)->second;
                 if (again.handle && caf::actor_cast<caf::strong_actor_ptr>(again.handle) == handle)
                   self.connect_shard(again, handle);
               }});
}

// ---- the first load --------------------------------------------------------------------------------------

void apiserver::load_page(shard_link& link, uint64_t generation, std::shared_ptr<cache::snapshot> building, std::string after) {
  store::RangeRequestT content;
  content.prefix = "/";
  content.after = after;
  content.limit = load_page_objects;
  content.revision = building->revision;
  ask(
    this, link.handle, request_deadline, store::range_request{content},
    [this, &link, generation, building](const store::range_reply& reply) {
      if (link.generation != generation)
        return;
      if (!reply.valid() || reply->compacted()) {
        reconnect_later(link, generation, "the state changed too fast to be read");
        return;
      }
      building->revision = reply->revision();
      std::string last;
      if (const auto* records = reply->records())
        for (const auto* record : *records) {
          last = record->key()->str();
          if (auto object = cached(reply.at(record->object()), record->modified()))
            building->objects = building->objects.put(last, kept(link, last, std::move(object)));
        }
      if (reply->more())
        load_page(link, generation, building, last);
      else
        load_finished(link, generation, building);
    },
    [this, &link, generation](caf::error& error) { reconnect_later(link, generation, system().render(error)); });
}

void apiserver::load_finished(shard_link& link, uint64_t generation, std::shared_ptr<cache::snapshot> building) {
  store::RevisionRequestT content;
  ask(
    this, link.handle, request_deadline, store::revision_request{content},
    [this, &link, generation, building](const store::revision_reply& reply) {
      if (link.generation != generation)
        return;
      if (!reply.valid()) {
        reconnect_later(link, generation, "unreadable answer");
        return;
      }
      // The history that the shard still has fills the windows, so that watches of before our start can resume.
      const int64_t oldest = std::min(reply->oldest(), building->revision);
      context_.log.info("store shard loaded", {{"shard", link.cache->name()},
                                               {"objects", building->objects.size()},
                                               {"revision", building->revision}});
      link.cache->load(building, oldest);
      note_claims(*building);
      building->objects.visit(presence_prefix, "", [this](std::string_view key, const cache::object_ptr& object) {
        observe_lease(key, object);
        return true;
      });
      if (&link == &link_of(services_prefix)) {
        allocator_.reset();
        building->objects.visit(services_prefix, "", [this](std::string_view key, const cache::object_ptr& service) {
          observe_service(key, service);
          return true;
        });
      }
      link.applied_to = oldest;
      restart_watchers(link);
      follow(link, generation, oldest);
    },
    [this, &link, generation](caf::error& error) { reconnect_later(link, generation, system().render(error)); });
}

// ---- following -------------------------------------------------------------------------------------------

void apiserver::follow(shard_link& link, uint64_t generation, int64_t after) {
  store::WatchRequestT content;
  content.after = after;
  ask(
    this, link.handle, request_deadline, store::watch_request{content},
    [this, &link, generation](const store::watch_reply& reply) {
      if (link.generation != generation)
        return;
      if (!reply.valid()) {
        reconnect_later(link, generation, "unreadable answer");
        return;
      }
      if (reply->compacted()) {
        load_page(link, generation, std::make_shared<cache::snapshot>(), "");
        return;
      }
      link.caught_up = true;
      begin_commits(link);
    },
    [this, &link, generation](caf::error& error) { reconnect_later(link, generation, system().render(error)); });
}

void apiserver::on_changes(const store::shard_changes& batch) {
  if (!batch.valid())
    return; // the next batch shows the gap
  const auto found = links_.find(text_of(batch->shard()));
  if (found == links_.end())
    return;
  shard_link& link = found->second;
  if (!link.handle || current_sender() == nullptr ||
      current_sender() != caf::actor_cast<caf::strong_actor_ptr>(link.handle))
    return; // of an earlier incarnation
  if (batch->lagging() || batch->after() > link.applied_to) {
    const uint64_t generation = begin_generation(link);
    raise_fences(link);
    follow(link, generation, link.applied_to);
    return;
  }
  std::vector<cache::change> changes;
  std::set<watcher_key> affected;
  const auto state = link.cache->read();
  std::unordered_map<std::string, cache::object_ptr> written; // by this batch, null: erased
  // What a change replaced is what the cache has: the windows share it instead of keeping it a second time.
  const auto replaced = [&](const std::string& key, const attachment& before, int64_t revision) {
    const auto earlier = written.find(key);
    const auto* known = earlier != written.end() ? &earlier->second : state->objects.find(key);
    return known != nullptr && *known && (*known)->revision() == revision ? *known : cached(before, revision);
  };
  if (const auto* list = batch->changes())
    for (const auto* item : *list) {
      if (item->revision() <= link.applied_to)
        continue;
      cache::change next;
      next.revision = item->revision();
      next.key = item->key()->str();
      const bool erased = item->kind() == store::WriteKind::erase;
      const auto object = kept(link, next.key, cached(batch.at(item->object()), item->revision()));
      next.before = replaced(next.key, batch.at(erased ? item->object() : item->previous()), item->previous_revision());
      next.before_revision = item->previous_revision();
      if (!erased)
        next.after = object;
      if (list->size() > 1)
        written[next.key] = next.after;
      observe_lease(next.key, next.after);
      note_claim(next.key, next.after ? next.after : object);
      if (next.key.starts_with(services_prefix))
        observe_service(next.key, next.after);
      collect_affected(next, affected);
      changes.push_back(std::move(next));
    }
  const size_t count = changes.size();
  link.applied_to = std::max(link.applied_to, batch->to());
  link.cache->apply(std::move(changes), batch->to());
  if (++link.unacknowledged >= store::changes_per_ack) {
    link.unacknowledged = 0;
    store::ShardChangesAckT ack;
    ack.to = batch->to();
    tell(this, link.handle, store::shard_changes_ack{ack});
  }
  release_waiters(link);
  pump_affected(link, affected);
  link.cache->pack(packed_per_change * count);
}

void apiserver::observe_service(std::string_view key, const cache::object_ptr& service) {
  allocator_.observe(std::string{key}, service ? messages::codec::unpack(service->what(), service->bytes()) : messages::codec::draft{});
}

void apiserver::announce_when_ready() {
  const auto ready = [this](const auto& item) { return item.second.following && fences_.due(item.first).empty(); };
  if (announced_ || !cache_->ready() || !std::all_of(links_.begin(), links_.end(), ready))
    return;
  announced_ = true;
  create_system_objects();
  ready_->store(true);
  runtime::host::announce_ready(context_, caf::actor_cast<caf::strong_actor_ptr>(this));
}

void apiserver::show_readiness() {
  const int64_t since = now_us() - std::chrono::microseconds{unready_after}.count();
  const auto serves = [&](const auto& item) { return item.second.following || item.second.lost_us > since; };
  ready_->store(announced_ && !ending_ && std::all_of(links_.begin(), links_.end(), serves));
  show_listing();
}

/// Roles keep to one apiserver. While this one is cut off from the whole store, they go to another, which may not be.
void apiserver::show_listing() {
  if (!announced_ || ending_)
    return;
  const int64_t since = now_us() - std::chrono::microseconds{unlisted_after}.count();
  const bool listed = std::any_of(links_.begin(), links_.end(), [&](const auto& item) {
    return item.second.following || (listed_ && item.second.lost_us > since);
  });
  if (listed == std::exchange(listed_, listed))
    return;
  if (listed) {
    runtime::host::announce_ready(context_, caf::actor_cast<caf::strong_actor_ptr>(this));
    return;
  }
  context_.log.warning("cut off from the store: roles are sent to other apiservers");
  watchers_.clear(); // theirs; they go on elsewhere
  interest_.clear();
  caf::anon_send(context_.directory, runtime::directory::withdraw_role{context_.id});
}

// ---- waiting for the cache -------------------------------------------------------------------------------

void apiserver::barrier(std::string_view key_prefix, done_callback done) {
  shard_link& link = link_of(key_prefix);
  if (link.barriers.size() + link.waiters.size() >= waiters_max) {
    done(status::too_many_requests("too many requests wait for the store, please try again later", 1));
    return;
  }
  const int64_t deadline = now_us() + std::chrono::microseconds{request_deadline}.count();
  link.barriers.push_back({deadline, std::move(done)});
  send_barrier(link);
}

/// One request to the shard serves all who asked before it was sent.
void apiserver::send_barrier(shard_link& link) {
  if (link.barriers.empty() || link.barrier_in_flight || !link.following || !link.handle)
    return;
  link.barrier_in_flight = true;
  link.barrier_due_us = now_us() + std::chrono::microseconds{request_deadline}.count();
  auto asking = link.asking = std::make_shared<std::vector<waiter>>(std::exchange(link.barriers, {}));
  const uint64_t generation = link.generation;
  auto on_reply = [this, &link, asking, generation](const store::revision_reply& reply) {
    if (link.generation != generation || !reply.valid()) {
      ask_again(link, *asking); // of an earlier incarnation: the present one must be asked
      return;
    }
    link.barrier_in_flight = false;
    for (auto& item : std::exchange(*asking, {}))
      link.waiters.emplace(reply->current(), std::move(item));
    release_waiters(link);
    send_barrier(link);
  };
  auto on_error = [this, &link, asking, generation](caf::error& error) {
    if (link.generation == generation) // the shard is gone or hangs: they wait until it is followed again
      reconnect_later(link, generation, system().render(error));
    ask_again(link, *asking);
  };
  const store::revision_request request{store::RevisionRequestT{}};
  if (is_local(this, link.handle))
    ask_untimed(this, link.handle, request, std::move(on_reply), std::move(on_error));
  else
    ask(this, link.handle, request_deadline, request, std::move(on_reply), std::move(on_error));
}

/// Each waits in one place only, so that a late answer finds nobody.
void apiserver::wait_again(shard_link& link, std::vector<waiter>& asking) {
  auto waiting = std::exchange(asking, {});
  link.barriers.insert(link.barriers.begin(), std::make_move_iterator(waiting.begin()), std::make_move_iterator(waiting.end()));
}

void apiserver::ask_again(shard_link& link, std::vector<waiter>& asking) {
  wait_again(link, asking);
  send_barrier(link);
}

/// A shard of this process that hangs.
void apiserver::expire_barrier(shard_link& link, int64_t now) {
  if (!link.barrier_in_flight || now < link.barrier_due_us)
    return;
  auto asking = link.asking;
  reconnect_later(link, link.generation, "it does not answer");
  ask_again(link, *asking);
}

void apiserver::release_waiters(shard_link& link) {
  const int64_t revision = link.cache->read()->revision;
  while (!link.waiters.empty() && link.waiters.begin()->first <= revision) {
    auto done = std::move(link.waiters.begin()->second.done);
    link.waiters.erase(link.waiters.begin());
    done({});
  }
}

void apiserver::expire_waiters(shard_link& link, int64_t now) {
  std::vector<done_callback> expired;
  for (auto at = link.waiters.begin(); at != link.waiters.end();) {
    if (at->second.deadline_us > now) {
      ++at;
      continue;
    }
    expired.push_back(std::move(at->second.done));
    at = link.waiters.erase(at);
  }
  const auto split = std::partition(link.barriers.begin(), link.barriers.end(),
                                    [&](const waiter& item) { return item.deadline_us > now; });
  for (auto at = split; at != link.barriers.end(); ++at)
    expired.push_back(std::move(at->done));
  link.barriers.erase(split, link.barriers.end());
  for (auto& done : expired)
    done(status::timeout("the store did not answer in time"));
}

} // namespace actors::apiserver
