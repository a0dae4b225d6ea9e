// The engine over LMDB. What is on disk is described in storage/FORMAT.md; keep the two in step.
#include "storage/lmdb/lmdb_engine.hpp"

#include "storage/decide.hpp"
#include "storage/lmdb/environment.hpp"
#include "storage/lmdb/records.hpp"

#include <algorithm>
#include <cassert>
#include <map>
#include <mutex>

namespace storage::lmdb {
namespace {

[[noreturn]] void missing(revision rev) {
  throw error(error_code::corrupt, "revision " + std::to_string(rev) +
                                     " is missing; the file is damaged, restore it from a backup");
}

// Where the value of a key is, as of some revision.
struct location {
  revision created = 0;
  revision rev = 0;
};

// What reads ask within one transaction.
class snapshot {
public:
  snapshot(const environment& env, MDB_txn* txn) : env_(env), txn_(txn) {
    const auto bytes = lmdb::get(txn, env.meta, state_key);
    if (!bytes)
      throw error(error_code::corrupt, "the state record is missing; restore the store from a backup");
    state = decode_state(*bytes);
  }

  // The revision that a read at `at` shows; refuses what is too old or not there yet.
  revision resolve(revision at) const {
    if (at == 0)
      return state.current;
    if (at < state.oldest)
      throw compacted(at, state.oldest);
    refuse_future(at);
    return at;
  }

  void refuse_future(revision rev) const {
    if (rev > state.current)
      throw error(error_code::future_revision, "revision " + std::to_string(rev) +
                                                 " does not exist yet, the newest is " +
                                                 std::to_string(state.current));
  }

  revision_record entry(revision rev) const {
    const auto key = revision_key(rev);
    const auto bytes = lmdb::get(txn_, env_.revisions, key);
    if (!bytes)
      missing(rev);
    return decode_revision(key, *bytes);
  }

  // The record of `key` as of `at`, given its current record.
  std::optional<location> locate(std::string_view key, const current_record& now, revision at) const {
    if (now.modified <= at)
      return now.kind == change_kind::put ? std::optional(location{now.created, now.modified}) : std::nullopt;
    cursor older(txn_, env_.history);
    const auto prefix_size = key.size() + 1;
    if (!older.seek(history_key(key, at + 1)) || older.key().size() != prefix_size + 8 ||
        !older.key().starts_with(key) || older.key()[key.size()] != '\0')
      return std::nullopt;
    const auto found = decode_history(older.key(), older.value());
    return found.rev <= at ? std::optional(location{found.created, found.rev}) : std::nullopt;
  }

  // The write that `key` points at.
  revision_record own_entry(std::string_view key, revision rev) const {
    const auto found = entry(rev);
    if (found.key != key || found.kind != change_kind::put)
      throw error(error_code::corrupt, "\"" + std::string(key) + "\" points at revision " + std::to_string(rev) +
                                         ", which is not its own; restore the store from a backup");
    return found;
  }

  record fetch(std::string_view key, const location& where) const {
    return {std::string(key), where.created, where.rev, std::string(own_entry(key, where.rev).value)};
  }

  change change_at(revision rev) const {
    const auto found = entry(rev);
    change c{rev, found.kind, std::string(found.key), {}, {}, found.created, found.previous};
    if (found.previous != 0)
      c.previous = std::string(entry(found.previous).value);
    c.value = found.kind == change_kind::put ? std::string(found.value) : c.previous.value_or("");
    return c;
  }

  state_record state;

private:
  const environment& env_;
  MDB_txn* txn_;
};

constexpr size_t copied_overhead_bytes = 128;

size_t size_of(std::span<const write> writes) {
  size_t bytes = 0;
  for (const auto& w : writes)
    bytes += 2 * w.key.size() + w.value.size() + 128;
  return bytes;
}

class lmdb_engine : public engine {
public:
  explicit lmdb_engine(const options& o) : env_(o) {
    env_.read([this, &o](MDB_txn* txn) {
      publish(snapshot(env_, txn).state);
      read_owner(txn);
      read_fences(txn);
      check_current(txn, o.check_values);
    });
  }

  std::vector<write_result> commit(std::span<const write> writes, int64_t unix_second) override {
    std::lock_guard held(writing_);
    require_serving(owner_);
    std::vector<write_result> results;
    state_record state;
    env_.write(size_of(writes), [&](MDB_txn* txn) {
      results.clear();
      state = state_;
      state.second = std::max(state.second, unix_second);
      for (auto left = writes; !left.empty(); left = left.subspan(group_size(left)))
        apply_group(txn, left.first(group_size(left)), state, results);
      if (state.current == state_.current)
        return false;
      store(txn, state);
      return true;
    });
    if (state.current != state_.current)
      publish(state);
    return results;
  }

  int64_t raise_fence(std::string_view role, int64_t epoch) override {
    std::lock_guard held(writing_);
    require_serving(owner_);
    const auto found = fences_.find(role);
    if (found != fences_.end() && found->second >= epoch)
      return found->second;
    if (found == fences_.end() && fences_.size() >= fences_max)
      throw error(error_code::disk_full, "there are epochs of " + std::to_string(fences_max) + " roles already");
    env_.write(role.size() + sizeof epoch, [&](MDB_txn* txn) {
      put_fence(txn, role, epoch);
      return true;
    });
    fences_[std::string(role)] = epoch;
    return epoch;
  }

  int64_t fence(std::string_view role) override {
    std::lock_guard held(writing_);
    const auto found = fences_.find(role);
    return found == fences_.end() ? 0 : found->second;
  }

  std::optional<record> get(std::string_view key, revision at) override {
    std::optional<record> result;
    env_.read([&](MDB_txn* txn) {
      const snapshot s(env_, txn);
      at = s.resolve(at);
      if (key.empty() || key.size() > key_bytes_max)
        return;
      if (const auto bytes = lmdb::get(txn, env_.current, key))
        if (const auto where = s.locate(key, decode_current(key, *bytes), at))
          result = s.fetch(key, *where);
    });
    return result;
  }

  range_page range(std::string_view prefix, std::string_view after, size_t limit, revision at) override {
    range_page page;
    env_.read([&](MDB_txn* txn) {
      const snapshot s(env_, txn);
      page.at = s.resolve(at);
      // The smallest key that is greater than `after` is `after` with a 0 byte.
      const auto from = after < prefix ? std::string(prefix) : std::string(after) + '\0';
      size_t bytes = 0;
      cursor keys(txn, env_.current);
      for (bool found = keys.seek(from); found && keys.key().starts_with(prefix); found = keys.next()) {
        const auto where = s.locate(keys.key(), decode_current(keys.key(), keys.value()), page.at);
        if (!where)
          continue;
        if (page.records.size() >= std::max<size_t>(limit, 1) || bytes >= page_bytes_max) {
          page.more = true;
          return;
        }
        page.records.push_back(s.fetch(keys.key(), *where));
        bytes += page.records.back().value.size();
      }
    });
    return page;
  }

  change_page changes(revision after, size_t limit) override {
    change_page page;
    page.last = after;
    env_.read([&](MDB_txn* txn) {
      const snapshot s(env_, txn);
      if (after < s.state.oldest)
        throw compacted(after, s.state.oldest);
      s.refuse_future(after);
      size_t bytes = 0;
      while (page.last < s.state.current && page.changes.size() < std::max<size_t>(limit, 1) &&
             bytes < page_bytes_max) {
        page.changes.push_back(s.change_at(++page.last));
        const auto& c = page.changes.back();
        bytes += c.value.size() + (c.previous ? c.previous->size() : 0);
      }
    });
    return page;
  }

  revision current() override { return current_.load(std::memory_order_acquire); }
  revision oldest() override { return oldest_.load(std::memory_order_acquire); }

  size_t compact(revision before, size_t limit) override {
    std::lock_guard held(writing_);
    require_serving(owner_);
    auto state = state_;
    const auto last = std::min({before, state_.current, state_.oldest + static_cast<revision>(limit)});
    if (last <= state_.oldest)
      return 0;
    env_.write(0, [&](MDB_txn* txn) {
      for (state.oldest = state_.oldest; state.oldest < last;)
        forget(txn, ++state.oldest);
      store(txn, state);
      return true;
    });
    const auto done = static_cast<size_t>(state.oldest - state_.oldest);
    publish(state);
    return done;
  }

  revision revision_before(int64_t unix_second) override {
    revision low = 0;
    env_.read([&](MDB_txn* txn) {
      const snapshot s(env_, txn);
      low = s.state.oldest;
      // Seconds never decrease, so halving finds the newest one that is smaller.
      for (auto high = s.state.current; low < high;) {
        const auto middle = low + (high - low + 1) / 2;
        if (s.entry(middle).second < unix_second)
          low = middle;
        else
          high = middle - 1;
      }
    });
    return low;
  }

  // -- moving -----------------------------------------------------------------------------------------------

  owner_record owner() override {
    std::lock_guard held(owner_mutex_);
    return owner_;
  }

  size_t stored() override {
    size_t entries = 0;
    env_.read([&](MDB_txn* txn) { entries = count(txn, env_.revisions); });
    return entries;
  }

  copy_page copy(revision after, size_t bytes_max) override {
    copy_page page;
    env_.read([&](MDB_txn* txn) {
      const snapshot s(env_, txn);
      s.refuse_future(after);
      page.current = s.state.current;
      page.oldest = s.state.oldest;
      page.second = s.state.second;
      page.stored = count(txn, env_.revisions);
      page.last = after;
      size_t bytes = 0;
      cursor entries(txn, env_.revisions);
      bool found = entries.seek(revision_key(after + 1));
      for (; found && bytes < bytes_max; found = entries.next()) {
        const auto rev = revision_of(entries.key());
        const auto expected = std::max(page.last, page.oldest) + 1;
        if (rev > page.oldest && rev != expected)
          missing(expected);
        const auto r = decode_revision(entries.key(), entries.value());
        page.writes.push_back({rev, r.kind, std::string(r.key), std::string(r.value), r.created, r.previous, r.second});
        page.last = rev;
        bytes += r.key.size() + r.value.size() + copied_overhead_bytes;
      }
      if (found)
        return;
      if (page.last < page.current && page.oldest < page.current)
        missing(page.last + 1);
      page.last = page.current; // the newest ones may be erases that were forgotten
    });
    return page;
  }

  std::vector<fence_entry> fences() override {
    std::lock_guard held(writing_);
    std::vector<fence_entry> result;
    for (const auto& [role, epoch] : fences_)
      result.push_back({role, epoch});
    return result;
  }

  owner_record hand_over(std::string_view copy, std::string_view host) override {
    std::lock_guard held(writing_);
    auto next = decide_hand_over(owner_, copy, host, state_.current);
    if (next != owner_)
      own(next, [](MDB_txn*) {});
    return next;
  }

  void begin_copy(std::string_view copy, std::string_view host) override {
    std::lock_guard held(writing_);
    own(decide_copy(owner_, copy, host), [this](MDB_txn* txn) {
      for (const auto db : {env_.revisions, env_.current, env_.history})
        clear(txn, db);
      store(txn, {});
    });
    publish({});
  }

  void append(const copy_page& page) override {
    std::lock_guard held(writing_);
    require_copy(owner_);
    auto state = state_;
    if (state.current == 0)
      state.oldest = page.oldest;
    check_page(page, state.current, state.oldest);
    state.current = page.last;
    state.second = std::max(state.second, page.second);
    size_t bytes = 0;
    for (const auto& w : page.writes)
      bytes += 2 * w.key.size() + w.value.size() + copied_overhead_bytes;
    env_.write(bytes, [&](MDB_txn* txn) {
      for (const auto& w : page.writes)
        add_copied(txn, w, state.oldest);
      store(txn, state);
      return true;
    });
    publish(state);
  }

  void mark_asking() override {
    std::lock_guard held(writing_);
    require_copy(owner_);
    auto next = owner_;
    next.state = owner_state::asking;
    if (next != owner_)
      own(next, [](MDB_txn*) {});
  }

  void take_over(int64_t epoch, std::span<const fence_entry> fences) override {
    std::lock_guard held(writing_);
    require_copy(owner_);
    own({owner_state::serving, epoch, 0, owner_.copy, owner_.peer}, [&](MDB_txn* txn) {
      for (const auto& fence : fences)
        put_fence(txn, fence.role, fence.epoch);
    });
    for (const auto& fence : fences)
      fences_[fence.role] = fence.epoch;
  }

private:
  // Writes the owner record, together with what `also` writes.
  void own(const owner_record& next, const std::function<void(MDB_txn*)>& also) {
    env_.write(copied_overhead_bytes, [&](MDB_txn* txn) {
      also(txn);
      encode(next, scratch_);
      put(txn, env_.meta, owner_key, scratch_);
      return true;
    });
    std::lock_guard held(owner_mutex_);
    owner_ = next;
  }

  void read_owner(MDB_txn* txn) {
    const auto bytes = lmdb::get(txn, env_.meta, owner_key);
    if (!bytes)
      throw error(error_code::corrupt, "the owner record is missing; restore the store from a backup");
    owner_ = decode_owner(*bytes);
  }

  // A key that is damaged would be passed over by those who look for it.
  void check_current(MDB_txn* txn, bool values) {
    const snapshot s(env_, txn);
    cursor objects(txn, env_.current);
    for (bool found = objects.seek(""); found; found = objects.next()) {
      const auto r = decode_current(objects.key(), objects.value());
      if (values && r.kind == change_kind::put)
        s.own_entry(objects.key(), r.modified);
    }
    cursor past(txn, env_.history);
    for (bool found = past.seek(""); found; found = past.next())
      decode_history(past.key(), past.value());
  }

  void put_fence(MDB_txn* txn, std::string_view role, int64_t epoch) {
    const auto key = fence_key(role);
    encode(key, fence_record{epoch}, scratch_);
    put(txn, env_.meta, key, scratch_);
  }

  void add_copied(MDB_txn* txn, const copied_write& w, revision oldest) {
    check_fits(w, state_of(txn, w.key), oldest);
    const auto key = revision_key(w.rev);
    encode(key, revision_record{w.kind, w.created, w.previous, w.second, w.key, w.value}, scratch_);
    put(txn, env_.revisions, key, scratch_, MDB_APPEND);
    if (w.rev > oldest && w.previous != 0) {
      const auto old = history_key(w.key, w.rev);
      encode(old, history_record{w.previous, w.created}, scratch_);
      put(txn, env_.history, old, scratch_);
    }
    encode(w.key, current_record{w.created, w.rev, w.kind}, scratch_);
    put(txn, env_.current, w.key, scratch_);
  }

  void read_fences(MDB_txn* txn) {
    cursor entries(txn, env_.meta);
    for (bool found = entries.seek(fence_prefix); found && entries.key().starts_with(fence_prefix);
         found = entries.next())
      fences_.emplace(entries.key().substr(fence_prefix.size()),
                      decode_fence(entries.key(), entries.value()).epoch);
  }

  key_state state_of(MDB_txn* txn, std::string_view key) const {
    if (const auto bytes = lmdb::get(txn, env_.current, key)) {
      const auto r = decode_current(key, *bytes);
      if (r.kind == change_kind::put)
        return {r.created, r.modified};
    }
    return {};
  }

  void apply_group(MDB_txn* txn, std::span<const write> group, state_record& state,
                   std::vector<write_result>& results) {
    const auto decided = decide_group(group, [&](std::string_view key) { return state_of(txn, key); });
    for (size_t i = 0; i < group.size(); ++i)
      results.push_back(decided[i].status == write_status::done ? apply(txn, group[i], state) : decided[i]);
  }

  // One that decide_group() lets pass.
  write_result apply(MDB_txn* txn, const write& w, state_record& state) {
    const auto now = state_of(txn, w.key);
    const write_result result{write_status::done, ++state.current};
    const auto rev = result.rev;
    const auto created = now.modified ? now.created : rev;
    const auto key = revision_key(rev);
    const auto value = w.kind == change_kind::put ? std::string_view(w.value) : std::string_view();
    encode(key, revision_record{w.kind, created, now.modified, state.second, w.key, value}, scratch_);
    put(txn, env_.revisions, key, scratch_, MDB_APPEND);
    if (now.modified != 0) {
      const auto old = history_key(w.key, rev);
      encode(old, history_record{now.modified, now.created}, scratch_);
      put(txn, env_.history, old, scratch_);
    }
    encode(w.key, current_record{created, rev, w.kind}, scratch_);
    put(txn, env_.current, w.key, scratch_);
    return result;
  }

  void forget(MDB_txn* txn, revision rev) {
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

  void store(MDB_txn* txn, const state_record& state) {
    encode(state, scratch_);
    put(txn, env_.meta, state_key, scratch_);
  }

  void publish(const state_record& state) {
    state_ = state;
    oldest_.store(state.oldest, std::memory_order_release);
    current_.store(state.current, std::memory_order_release);
  }

  environment env_;
  std::mutex writing_; // guards what follows, and keeps LMDB's own lock from being waited for inside it
  std::mutex owner_mutex_; // owner_ changes under both, so either one is enough to read it
  owner_record owner_;
  state_record state_;
  std::map<std::string, int64_t, std::less<>> fences_;
  std::string scratch_;
  std::atomic<revision> current_{0};
  std::atomic<revision> oldest_{0};
};

} // namespace

bool exists(const std::filesystem::path& folder) {
  std::error_code none;
  return std::filesystem::exists(folder / "data.mdb", none);
}

std::unique_ptr<engine> open(const options& o) { return std::make_unique<lmdb_engine>(o); }

} // namespace storage::lmdb
