// Snapshots and windows.
#include "actors/apiserver/cache/watch_cache.hpp"

#include <algorithm>
#include <stdexcept>
#include <thread>

namespace actors::apiserver::cache {

// ---- windows ---------------------------------------------------------------------------------------------

change_window::page change_window::read(int64_t after, size_t limit) const {
  std::lock_guard lock{mutex_};
  page result;
  result.upto = after;
  if (after < oldest_) {
    result.expired = true;
    return result;
  }
  auto at = std::upper_bound(changes_.begin(), changes_.end(), after,
                             [](int64_t revision, const change& item) { return revision < item.revision; });
  for (; at != changes_.end() && result.changes.size() < limit; ++at)
    result.changes.push_back(*at);
  result.upto = at == changes_.end() ? std::max(upto_, after) : result.changes.back().revision;
  return result;
}

int64_t change_window::oldest() const {
  std::lock_guard lock{mutex_};
  return oldest_;
}

void change_window::append(change next) {
  std::lock_guard lock{mutex_};
  if (next.revision <= upto_)
    return; // replayed after a reconnection
  upto_ = next.revision;
  changes_.push_back(std::move(next));
  if (changes_.size() > changes_max) {
    forget_oldest();
  }
}

void change_window::forget_oldest() {
  oldest_ = changes_.front().revision;
  changes_.pop_front();
  seen_ -= seen_ > 0;
}

size_t change_window::pack(object_packer& packer, size_t limit) {
  size_t count = 0;
  for (; count < limit && seen_ + changes_min < changes_.size(); ++count, ++seen_) { // nobody else changes it: looking needs no lock
    auto& item = changes_[seen_];
    auto packed = packer.pack(item.before);
    if (packed == item.before)
      continue;
    const auto written = std::lower_bound(changes_.begin(), changes_.end(), item.before_revision,
                                          [](const change& one, int64_t revision) { return one.revision < revision; });
    object_ptr first = packed, second; // end without the lock
    std::lock_guard lock{mutex_};
    if (written->revision == packed->revision() && written->after) {
      second = packed;
      written->after.swap(second);
    }
    item.before.swap(first);
  }
  return count;
}

void change_window::advance(int64_t revision) {
  std::lock_guard lock{mutex_};
  upto_ = std::max(upto_, revision);
}

void change_window::reset(int64_t revision) {
  std::lock_guard lock{mutex_};
  changes_.clear();
  marks_.clear();
  seen_ = 0;
  oldest_ = revision;
  upto_ = revision;
}

void change_window::age(int64_t now_us) {
  std::vector<change> forgotten; // ends without the lock
  std::lock_guard lock{mutex_};
  const int64_t old_us = now_us - std::chrono::microseconds{age_max}.count();
  while (!marks_.empty() && marks_.front().at_us <= old_us) {
    while (changes_.size() > changes_min && changes_.front().revision <= marks_.front().revision) {
      if (forgotten.size() == forgotten_max)
        return;
      forgotten.push_back(std::move(changes_.front()));
      forget_oldest();
    }
    marks_.pop_front();
  }
  if (changes_.size() > changes_min && (marks_.empty() || marks_.back().at_us + mark_distance_us <= now_us))
    marks_.push_back({now_us, upto_});
}

// ---- shards ----------------------------------------------------------------------------------------------

shard_cache::shard_cache(std::string name, std::vector<std::string> prefixes)
    : name_(std::move(name)), snapshot_(std::make_shared<const snapshot>()) {
  for (auto& prefix : prefixes) {
    if (prefix.size() < 3 || prefix.find('/', 1) != prefix.size() - 1) // state_of() looks at one segment
      throw std::logic_error("the key prefix " + prefix + " must be one segment between slashes");
    resources_.emplace(std::move(prefix), std::make_unique<resource_state>());
  }
}

const change_window& shard_cache::window(std::string_view prefix) const {
  const auto found = resources_.find(prefix);
  if (found == resources_.end())
    throw std::logic_error("shard " + name_ + " has no resource " + std::string{prefix});
  return found->second->window;
}

snapshot_ptr shard_cache::as_of(std::string_view prefix, int64_t revision) const {
  constexpr int attempts_max = 1'000;
  for (int attempt = 0; attempt < attempts_max; ++attempt) {
    const auto present = read();
    if (revision == present->revision)
      return present;
    const auto page = window(prefix).read(revision, change_window::changes_max);
    if (revision > present->revision || page.expired)
      return nullptr;
    if (page.upto < present->revision) { // the writer is between the two, for a moment
      std::this_thread::yield();
      continue;
    }
    auto past = std::make_shared<snapshot>(snapshot{revision, present->objects});
    for (auto at = page.changes.rbegin(); at != page.changes.rend(); ++at) {
      if (at->revision > present->revision)
        continue;
      if (at->before != nullptr && at->before_revision == 0)
        return nullptr; // written by a store that does not say
      if (at->before == nullptr)
        past->objects = past->objects.erase(at->key);
      else if (at->before->revision() == at->before_revision)
        past->objects = past->objects.put(at->key, at->before);
      else
        past->objects = past->objects.put(at->key, std::make_shared<const cached_object>(at->before->what(), at->before->bytes(),
                                                                                         at->before_revision));
    }
    return past;
  }
  return nullptr;
}

shard_cache::resource_state* shard_cache::state_of(std::string_view key) {
  const auto end = key.find('/', 1);
  if (end == std::string_view::npos)
    return nullptr;
  const auto found = resources_.find(key.substr(0, end + 1));
  return found == resources_.end() ? nullptr : found->second.get();
}

uint64_t shard_cache::subscribe(std::string_view prefix, std::function<void()> notify) {
  auto& state = *resources_.find(prefix)->second;
  const uint64_t id = next_subscription_++;
  std::lock_guard lock{state.mutex};
  state.subscribers.emplace(id, std::move(notify));
  return id;
}

void shard_cache::unsubscribe(std::string_view prefix, uint64_t subscription) {
  auto& state = *resources_.find(prefix)->second;
  std::lock_guard lock{state.mutex};
  state.subscribers.erase(subscription);
}

void shard_cache::load(snapshot_ptr state, int64_t oldest) {
  snapshot_.store(std::move(state));
  for (auto& [prefix, resource] : resources_)
    resource->window.reset(oldest);
  ready_.store(true);
  for (auto& [prefix, resource] : resources_) { // a watcher whose position is gone must hear of it
    std::lock_guard lock{resource->mutex};
    for (auto& [id, notify] : resource->subscribers)
      notify();
  }
}

void shard_cache::apply(std::vector<change> next, int64_t upto) {
  const auto present = snapshot_.load();
  auto updated = std::make_shared<snapshot>(*present);
  std::vector<resource_state*> touched;
  std::vector<std::pair<resource_state*, change>> appended;
  for (auto& item : next) {
    if (item.revision > present->revision)
      updated->objects =
        item.after ? updated->objects.put(item.key, item.after) : updated->objects.erase(item.key);
    if (auto* state = state_of(item.key)) {
      if (std::find(touched.begin(), touched.end(), state) == touched.end())
        touched.push_back(state);
      appended.emplace_back(state, std::move(item));
    }
  }
  updated->revision = std::max(updated->revision, upto);
  snapshot_.store(std::move(updated)); // before the windows: a watcher that sees a change finds it in the state
  for (auto& [state, item] : appended)
    state->window.append(std::move(item));
  for (auto& [prefix, state] : resources_)
    state->window.advance(upto);
  for (auto* state : touched) {
    std::lock_guard lock{state->mutex};
    for (auto& [id, notify] : state->subscribers)
      notify();
  }
}

void shard_cache::pack(size_t limit) {
  for (auto& [prefix, state] : resources_)
    limit -= state->window.pack(packer_, limit);
}

void shard_cache::age(int64_t now_us) {
  for (auto& [prefix, state] : resources_)
    state->window.age(now_us);
  pack(packed_by_age_max);
}

// ---- all -------------------------------------------------------------------------------------------------

watch_cache::watch_cache(const std::map<std::string, std::string>& shard_by_prefix) {
  std::map<std::string, std::vector<std::string>> prefixes;
  for (const auto& [prefix, shard] : shard_by_prefix)
    prefixes[shard].push_back(prefix);
  for (auto& [name, list] : prefixes) {
    auto& added = shards_.emplace(name, std::make_unique<shard_cache>(name, list)).first->second;
    for (const auto& prefix : list)
      by_prefix_.emplace(prefix, added.get());
  }
}

shard_cache& watch_cache::shard(std::string_view name) {
  const auto found = shards_.find(name);
  if (found == shards_.end())
    throw std::logic_error("no shard " + std::string{name});
  return *found->second;
}

shard_cache& watch_cache::shard_of(std::string_view prefix) {
  const auto found = by_prefix_.find(prefix);
  if (found == by_prefix_.end())
    throw std::logic_error("no shard for " + std::string{prefix});
  return *found->second;
}

bool watch_cache::ready() const {
  return std::all_of(shards_.begin(), shards_.end(), [](const auto& item) { return item.second->ready(); });
}

} // namespace actors::apiserver::cache
