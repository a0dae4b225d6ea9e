#include "storage/lmdb/pending_writes.hpp"

#include <algorithm>
#include <limits>

namespace storage::lmdb {
namespace {

constexpr revision any_revision = std::numeric_limits<revision>::max();

} // namespace

void pending_writes::reset(revision newest) {
  std::lock_guard held(mutex_);
  by_key_.clear();
  batches_.clear();
  writes_ = 0;
  bytes_ = 0;
  newest_.store(newest, std::memory_order_release);
}

void pending_writes::add(batch_ptr b) {
  std::lock_guard held(mutex_);
  batches_.push_back(b);
  for (const auto& w : b->writes)
    by_key_.emplace(key_and_revision{w.key, w.rev}, pending_write{b, &w});
  writes_ += b->writes.size();
  bytes_ += b->bytes.size();
  newest_.store(b->last(), std::memory_order_release);
}

// A batch at a time, so that nobody waits for long.
void pending_writes::retire(revision last) {
  for (;;) {
    batch_ptr gone; // freed outside of the lock
    std::lock_guard held(mutex_);
    if (batches_.empty() || batches_.front()->last() > last)
      return;
    gone = std::move(batches_.front());
    batches_.pop_front();
    for (const auto& w : gone->writes)
      by_key_.erase({w.key, w.rev});
    writes_ -= gone->writes.size();
    bytes_ -= gone->bytes.size();
  }
}

pending_write pending_writes::newest_of(std::string_view key, revision at) const {
  auto found = by_key_.upper_bound({key, at});
  if (found == by_key_.begin() || (--found)->first.first != key)
    return {};
  return found->second;
}

pending_write pending_writes::at(revision rev) const {
  const auto found = std::lower_bound(batches_.begin(), batches_.end(), rev,
                                      [](const batch_ptr& b, revision wanted) { return b->last() < wanted; });
  if (found == batches_.end() || (*found)->first() > rev)
    return {};
  return {*found, &(*found)->writes[static_cast<size_t>(rev - (*found)->first())]};
}

pending_writes::found_key pending_writes::find(std::string_view key, revision at) const {
  std::lock_guard held(mutex_);
  return {newest(), newest_of(key, at == 0 ? any_revision : at)};
}

std::vector<std::optional<key_state>> pending_writes::states(std::span<const std::string_view> keys) const {
  std::vector<std::optional<key_state>> result(keys.size());
  std::lock_guard held(mutex_);
  if (by_key_.empty())
    return result;
  for (size_t i = 0; i < keys.size(); ++i)
    if (const auto found = newest_of(keys[i], any_revision))
      result[i] = found->kind == change_kind::put ? key_state{found->created, found->rev} : key_state{};
  return result;
}

pending_writes::found_range pending_writes::range(std::string_view prefix, std::string_view from, revision at,
                                                  size_t puts_max) const {
  std::lock_guard held(mutex_);
  found_range result;
  result.newest = newest();
  if (at == 0)
    at = result.newest;
  size_t puts = 0;
  auto i = by_key_.lower_bound({from, 0});
  while (i != by_key_.end() && i->first.first.starts_with(prefix) && puts < puts_max) {
    const auto key = i->first.first;
    pending_write newest;
    for (; i != by_key_.end() && i->first.first == key; ++i)
      if (i->first.second <= at)
        newest = i->second;
    if (!newest)
      continue;
    puts += newest->kind == change_kind::put;
    result.writes.push_back(std::move(newest));
  }
  return result;
}

pending_writes::found_changes pending_writes::changes(revision after, size_t limit, size_t bytes_max) const {
  std::lock_guard held(mutex_);
  found_changes result;
  result.newest = newest();
  if (batches_.empty())
    return result;
  result.second = batches_.back()->second;
  size_t bytes = 0;
  for (auto rev = std::max(after + 1, batches_.front()->first());
       rev <= result.newest && result.changes.size() < limit && bytes < bytes_max; ++rev) {
    found_change c{at(rev), {}};
    if (c.write->previous != 0)
      c.previous = at(c.write->previous);
    bytes += c.write->key.size() + c.write->value.size() + (c.previous ? c.previous->value.size() : 0);
    result.changes.push_back(std::move(c));
  }
  return result;
}

revision pending_writes::before(int64_t second) const {
  std::lock_guard held(mutex_);
  const auto found = std::lower_bound(batches_.begin(), batches_.end(), second,
                                      [](const batch_ptr& b, int64_t wanted) { return b->second < wanted; });
  return found == batches_.begin() ? 0 : (*std::prev(found))->last();
}

std::vector<batch_ptr> pending_writes::oldest(size_t writes_max, size_t bytes_max) const {
  std::lock_guard held(mutex_);
  std::vector<batch_ptr> result;
  size_t writes = 0, bytes = 0;
  for (const auto& b : batches_) {
    writes += b->writes.size();
    bytes += b->bytes.size();
    if (!result.empty() && (writes > writes_max || bytes > bytes_max))
      break;
    result.push_back(b);
  }
  return result;
}

} // namespace storage::lmdb
