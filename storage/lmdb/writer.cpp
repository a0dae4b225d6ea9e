#include "storage/lmdb/writer.hpp"

#include <algorithm>
#include <unordered_map>

namespace storage::lmdb {
namespace {

constexpr size_t write_overhead_bytes = 128;

size_t size_of(const copy_page& page) {
  size_t bytes = 0;
  for (const auto& w : page.writes)
    bytes += 2 * w.key.size() + w.value.size() + write_overhead_bytes;
  return bytes;
}

size_t size_of(std::span<const batch_ptr> batches) {
  size_t bytes = 0;
  for (const auto& b : batches)
    bytes += b->bytes.size() + b->writes.size() * write_overhead_bytes;
  return bytes;
}

} // namespace

writer::writer(environment& env) : env_(env) {
  env_.read([this](MDB_txn* txn) { publish(snapshot(env_, txn).state); });
}

int64_t writer::second() {
  std::lock_guard held(writing_);
  return state_.second;
}

void writer::add(std::span<const batch_ptr> batches) {
  std::lock_guard held(writing_);
  auto state = state_;
  state.current = batches.back()->last();
  state.second = std::max(state.second, batches.back()->second);
  env_.write(size_of(batches), [&](MDB_txn* txn) {
    std::unordered_map<std::string_view, const logged_write*> newest; // of a key that is written again and again
    for (const auto& b : batches)
      for (const auto& w : b->writes) {
        add_write(txn, w, b->second);
        newest[w.key] = &w;
      }
    for (const auto& [key, w] : newest) {
      encode(key, current_record{w->created, w->rev, w->kind}, scratch_);
      put(txn, env_.current, key, scratch_);
    }
    store(txn, state);
    return true;
  });
  publish(state);
}

void writer::forget(revision last) {
  std::lock_guard held(writing_);
  auto state = state_;
  env_.write(0, [&](MDB_txn* txn) {
    for (state.oldest = state_.oldest; state.oldest < last;)
      forget_one(txn, ++state.oldest);
    store(txn, state);
    return true;
  });
  publish(state);
}

void writer::put_fence(std::string_view role, int64_t epoch) {
  std::lock_guard held(writing_);
  env_.write(role.size() + sizeof epoch, [&](MDB_txn* txn) {
    store_fence(txn, role, epoch);
    return true;
  });
}

void writer::own(const owner_record& next) {
  std::lock_guard held(writing_);
  env_.write(write_overhead_bytes, [&](MDB_txn* txn) {
    store(txn, next);
    return true;
  });
}

void writer::begin_copy(const owner_record& next) {
  std::lock_guard held(writing_);
  env_.write(write_overhead_bytes, [&](MDB_txn* txn) {
    for (const auto db : {env_.revisions, env_.current, env_.history})
      clear(txn, db);
    store(txn, state_record{});
    store(txn, next);
    return true;
  });
  publish({});
}

void writer::append(const copy_page& page) {
  std::lock_guard held(writing_);
  auto state = state_;
  if (state.current == 0)
    state.oldest = page.oldest;
  check_page(page, state.current, state.oldest);
  state.current = page.last;
  state.second = std::max(state.second, page.second);
  env_.write(size_of(page), [&](MDB_txn* txn) {
    for (const auto& w : page.writes)
      add_copied(txn, w, state.oldest);
    store(txn, state);
    return true;
  });
  publish(state);
}

void writer::take_over(const owner_record& next, std::span<const fence_entry> fences) {
  std::lock_guard held(writing_);
  env_.write(write_overhead_bytes, [&](MDB_txn* txn) {
    for (const auto& fence : fences)
      store_fence(txn, fence.role, fence.epoch);
    store(txn, next);
    return true;
  });
}

owner_record writer::read_owner() {
  owner_record owner;
  env_.read([&](MDB_txn* txn) { owner = decode_owner(required(txn, owner_key, "owner")); });
  return owner;
}

writer::fence_map writer::read_fences() {
  fence_map fences;
  env_.read([&](MDB_txn* txn) {
    cursor entries(txn, env_.meta);
    for (bool found = entries.seek(fence_prefix); found && entries.key().starts_with(fence_prefix);
         found = entries.next())
      fences.emplace(entries.key().substr(fence_prefix.size()), decode_fence(entries.key(), entries.value()).epoch);
  });
  return fences;
}

log::identity writer::read_log_identity() {
  log::identity found{};
  env_.read([&](MDB_txn* txn) { found = decode_log(required(txn, log_key, "log")); });
  return found;
}

std::string_view writer::required(MDB_txn* txn, std::string_view key, const char* what) {
  const auto bytes = lmdb::get(txn, env_.meta, key);
  if (!bytes)
    throw error(error_code::corrupt,
                "the " + std::string(what) + " record is missing; restore the store from a backup");
  return *bytes;
}

// Its `current` record is for the caller.
void writer::add_write(MDB_txn* txn, const logged_write& w, int64_t second) {
  put_revision(txn, w.rev, {w.kind, w.created, w.previous, second, w.key, w.value}, true);
}

void writer::add_copied(MDB_txn* txn, const copied_write& w, revision oldest) {
  check_fits(w, snapshot(env_, txn).state_of(w.key), oldest);
  put_revision(txn, w.rev, {w.kind, w.created, w.previous, w.second, w.key, w.value}, w.rev > oldest);
  encode(w.key, current_record{w.created, w.rev, w.kind}, scratch_);
  put(txn, env_.current, w.key, scratch_);
}

void writer::put_revision(MDB_txn* txn, revision rev, const revision_record& r, bool superseded_is_kept) {
  const auto key = revision_key(rev);
  encode(key, r, scratch_);
  put(txn, env_.revisions, key, scratch_, MDB_APPEND);
  if (!superseded_is_kept || r.previous == 0)
    return;
  // A key's `created` does not change while it exists.
  const auto old = history_key(r.key, rev);
  encode(old, history_record{r.previous, r.created}, scratch_);
  put(txn, env_.history, old, scratch_);
}

void writer::forget_one(MDB_txn* txn, revision rev) {
  const snapshot s(env_, txn);
  const auto gone = s.entry(rev);
  const std::string key(gone.key); // the record's page may move under our own writes
  const auto kind = gone.kind;
  const auto previous = gone.previous;
  if (previous != 0) {
    erase(txn, env_.revisions, revision_key(previous));
    erase(txn, env_.history, history_key(key, rev));
  }
  if (kind == change_kind::put)
    return;
  erase(txn, env_.revisions, revision_key(rev));
  if (const auto bytes = lmdb::get(txn, env_.current, key))
    if (decode_current(key, *bytes).modified == rev)
      erase(txn, env_.current, key);
}

void writer::store(MDB_txn* txn, const state_record& state) {
  encode(state, scratch_);
  put(txn, env_.meta, state_key, scratch_);
}

void writer::store(MDB_txn* txn, const owner_record& owner) {
  encode(owner, scratch_);
  put(txn, env_.meta, owner_key, scratch_);
}

void writer::store_fence(MDB_txn* txn, std::string_view role, int64_t epoch) {
  const auto key = fence_key(role);
  encode(key, fence_record{epoch}, scratch_);
  put(txn, env_.meta, key, scratch_);
}

void writer::publish(const state_record& state) {
  state_ = state;
  oldest_.store(state.oldest, std::memory_order_release);
  current_.store(state.current, std::memory_order_release);
}

} // namespace storage::lmdb
