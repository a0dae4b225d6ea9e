// From a change in the cache to the loops of those who wait for it.
#include "actors/apiserver/http/wake_hub.hpp"

#include <atomic>

namespace actors::apiserver::http {

struct wake_hub::signal {
  std::weak_ptr<event_loop> home;
  std::weak_ptr<wake_hub> hub;
  std::atomic<bool> under_way{false};
};

wake_hub::wake_hub(std::weak_ptr<event_loop> home, cache::shard_cache& shard, std::string prefix)
    : home_(std::move(home)),
      shard_(shard),
      prefix_(std::move(prefix)),
      signal_(std::make_shared<signal>()) {}

wake_hub::~wake_hub() {
  if (subscription_ != 0)
    shard_.unsubscribe(prefix_, subscription_);
}

void wake_hub::subscribe() {
  signal_->home = home_;
  signal_->hub = weak_from_this();
  subscription_ = shard_.subscribe(prefix_, [signal = signal_] {
    if (signal->under_way.exchange(true))
      return;
    if (auto home = signal->home.lock())
      home->post([signal] {
        signal->under_way = false;
        if (auto hub = signal->hub.lock())
          hub->wake_all();
      });
  });
}

std::shared_ptr<void> wake_hub::add(std::function<void()> wake) {
  const uint64_t id = ++next_;
  waiting_.emplace(id, std::move(wake));
  return {nullptr, [self = shared_from_this(), id](void*) { self->waiting_.erase(id); }};
}

void wake_hub::wake_all() {
  for (auto& [id, wake] : waiting_) // wake() only sets a flag and a timer: it cannot change the map
    wake();
}

void wake_hub::remember(std::string_view asked_for, int64_t after, int64_t upto, std::string_view events) {
  if (events.size() > piece_kept_bytes_max || waiting_.size() < 2)
    return;
  last_.asked_for = asked_for;
  last_.after = after;
  last_.upto = upto;
  last_.events = events;
}

std::shared_ptr<wake_hub> wake_hubs::find(const std::shared_ptr<event_loop>& home, cache::shard_cache& shard,
                                          std::string_view prefix) {
  std::lock_guard lock{mutex_};
  auto& known = hubs_[{home->index(), std::string{prefix}}];
  if (auto hub = known.lock())
    return hub;
  auto hub = std::make_shared<wake_hub>(home, shard, std::string{prefix});
  hub->subscribe();
  known = hub;
  return hub;
}

} // namespace actors::apiserver::http
