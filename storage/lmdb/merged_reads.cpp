#include "storage/lmdb/merged_reads.hpp"

#include <algorithm>

namespace storage::lmdb {
namespace {

constexpr size_t copied_overhead_bytes = 128;

// Each write above what LMDB has is one more.
size_t rows(const environment& env, MDB_txn* txn, revision applied, revision newest) {
  return count(txn, env.revisions) + static_cast<size_t>(std::max<revision>(0, newest - applied));
}

record record_of(const pending_write& w) {
  return {std::string(w->key), w->created, w->rev, std::string(w->value)};
}

// One page of a range: keys of LMDB and pending ones in one order; a pending one counts for its key.
class range_merge {
public:
  range_merge(const environment& env, MDB_txn* txn, const pending_writes::found_range& pending, std::string_view prefix,
              std::string_view from, revision at)
      : reads_(env, txn), pending_(pending.writes), prefix_(prefix), at_(at), keys_(txn, env.current) {
    reads_.require_kept(at);
    settle_on(keys_.seek(from));
  }

  void fill(range_page& page, size_t limit) {
    for (size_t bytes = 0; stored_ || next_ < pending_.size();) {
      const bool full = page.records.size() >= limit || bytes >= page_bytes_max;
      auto found = take(full);
      if (!found)
        continue;
      if (full) {
        page.more = true;
        return;
      }
      bytes += found->value.size();
      page.records.push_back(std::move(*found));
    }
  }

private:
  void settle_on(bool found) { stored_ = found && keys_.key().starts_with(prefix_); }

  // The next key's record, without its value when only `whether` there is one is asked. Nothing: it does not exist at that revision.
  std::optional<record> take(bool whether) {
    if (next_ < pending_.size() && (!stored_ || pending_[next_]->key <= keys_.key())) {
      const auto& w = pending_[next_++];
      if (stored_ && w->key == keys_.key())
        settle_on(keys_.next());
      return w->kind == change_kind::put ? std::optional(whether ? record{} : record_of(w)) : std::nullopt;
    }
    std::optional<record> found;
    if (const auto where = reads_.locate(keys_.key(), decode_current(keys_.key(), keys_.value()), at_))
      found = whether ? record{} : reads_.fetch(keys_.key(), *where);
    settle_on(keys_.next());
    return found;
  }

  snapshot reads_;
  const std::vector<pending_write>& pending_;
  size_t next_ = 0;
  std::string_view prefix_;
  revision at_;
  cursor keys_;
  bool stored_ = false; // the cursor is at a key of the range
};

// A change that is pending; `previous` is what it superseded, if anything.
change change_of(const logged_write& w, std::optional<std::string> previous) {
  change c{w.rev, w.kind, std::string(w.key), {}, std::move(previous), w.created, w.previous};
  c.value = w.kind == change_kind::put ? std::string(w.value) : c.previous.value_or("");
  return c;
}

bool needs_stored(const pending_writes::found_change& c) { return c.write->previous != 0 && !c.previous; }

// Takes changes into a page until it is full.
class page_filler {
public:
  page_filler(change_page& page, size_t limit) : page_(page), limit_(limit) {}
  bool full() const { return page_.changes.size() >= limit_ || bytes_ >= page_bytes_max; }
  void take(change c) {
    bytes_ += c.value.size() + (c.previous ? c.previous->size() : 0);
    page_.last = c.rev;
    page_.changes.push_back(std::move(c));
  }

private:
  change_page& page_;
  size_t limit_;
  size_t bytes_ = 0;
};

} // namespace

std::optional<record> merged_reads::get(std::string_view key, revision at) {
  const auto pending = pending_.find(key, at);
  refuse_future(at, pending.newest);
  std::optional<record> result;
  if (pending.write) {
    if (at != 0 && at < writer_.oldest())
      throw compacted(at, writer_.oldest());
    if (pending.write->kind == change_kind::put)
      result = record_of(pending.write);
    return result;
  }
  env_.read([&](MDB_txn* txn) {
    const snapshot s(env_, txn);
    if (at == 0)
      at = s.state.current;
    s.require_kept(at);
    if (key.empty() || key.size() > key_bytes_max)
      return;
    if (const auto bytes = lmdb::get(txn, env_.current, key))
      if (const auto where = s.locate(key, decode_current(key, *bytes), at))
        result = s.fetch(key, *where);
  });
  return result;
}

range_page merged_reads::range(std::string_view prefix, std::string_view after, size_t limit, revision at) {
  limit = std::clamp<size_t>(limit, 1, SIZE_MAX - 1);
  // The smallest key that is greater than `after` is `after` with a 0 byte.
  const auto from = after < prefix ? std::string(prefix) : std::string(after) + '\0';
  for (;;) {
    const auto pending = pending_.range(prefix, from, at, limit + 1);
    refuse_future(at, pending.newest);
    range_page page;
    page.at = at == 0 ? pending.newest : at;
    try {
      env_.read([&](MDB_txn* txn) { range_merge(env_, txn, pending, prefix, from, page.at).fill(page, limit); });
      return page;
    } catch (const compacted&) {
      if (at != 0)
        throw;
      // "Now" was moved, and forgotten, before LMDB was asked: once more.
    }
  }
}

change_page merged_reads::changes(revision after, size_t limit) {
  limit = std::max<size_t>(limit, 1);
  const auto pending = pending_.changes(after, limit, page_bytes_max);
  refuse_future(after, pending.newest);
  change_page page;
  page.last = after;
  page_filler filler(page, limit);
  const bool all_pending = (after == pending.newest || (!pending.changes.empty() && pending.changes[0].write->rev == after + 1)) &&
                           std::none_of(pending.changes.begin(), pending.changes.end(), needs_stored);
  const auto take_pending = [&](const auto& stored_value) {
    for (const auto& c : pending.changes) {
      if (filler.full())
        return;
      if (c.write->rev <= page.last)
        continue;
      std::optional<std::string> previous;
      if (c.write->previous != 0)
        previous = c.previous ? std::string(c.previous->value) : stored_value(c.write->previous);
      filler.take(change_of(*c.write.write, std::move(previous)));
    }
  };
  if (all_pending) {
    if (after < writer_.oldest())
      throw compacted(after, writer_.oldest());
    take_pending([](revision) { return std::string(); });
    return page;
  }
  env_.read([&](MDB_txn* txn) {
    const snapshot s(env_, txn);
    s.require_kept(after);
    const auto stored_last = pending.changes.empty() ? pending.newest : pending.changes[0].write->rev - 1;
    while (page.last < stored_last && !filler.full())
      filler.take(s.change_at(page.last + 1));
    take_pending([&](revision rev) { return std::string(s.entry(rev).value); });
  });
  return page;
}

revision merged_reads::before(int64_t unix_second) {
  if (const auto pending = pending_.before(unix_second))
    return std::max(pending, writer_.oldest());
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

size_t merged_reads::stored() {
  size_t entries = 0;
  env_.read([&](MDB_txn* txn) { entries = rows(env_, txn, snapshot(env_, txn).state.current, pending_.newest()); });
  return entries;
}

copy_page merged_reads::copy(revision after, size_t bytes_max) {
  const auto pending = pending_.changes(after, SIZE_MAX, bytes_max);
  refuse_future(after, pending.newest);
  copy_page page;
  env_.read([&](MDB_txn* txn) {
    const snapshot s(env_, txn);
    page.current = std::max(s.state.current, pending.newest);
    page.oldest = s.state.oldest;
    page.second = std::max(s.state.second, pending.second);
    page.stored = rows(env_, txn, s.state.current, pending.newest);
    page.last = after;
    size_t bytes = 0;
    const auto take = [&](copied_write w) {
      const auto expected = std::max(page.last, page.oldest) + 1;
      if (w.rev > page.oldest && w.rev != expected)
        missing_revision(expected);
      page.last = w.rev;
      bytes += w.key.size() + w.value.size() + copied_overhead_bytes;
      page.writes.push_back(std::move(w));
    };
    cursor entries(txn, env_.revisions);
    bool found = entries.seek(revision_key(after + 1));
    for (; found && bytes < bytes_max; found = entries.next()) {
      const auto r = decode_revision(entries.key(), entries.value());
      take({revision_of(entries.key()), r.kind, std::string(r.key), std::string(r.value), r.created, r.previous, r.second});
    }
    if (found)
      return;
    if (page.last < s.state.current) {
      if (page.oldest < s.state.current)
        missing_revision(page.last + 1);
      page.last = s.state.current; // the newest ones may be erases that were forgotten
    }
    for (const auto& [w, previous] : pending.changes) {
      if (w->rev <= page.last)
        continue;
      if (bytes >= bytes_max)
        return;
      take({w->rev, w->kind, std::string(w->key), std::string(w->value), w->created, w->previous, w.of->second});
    }
  });
  return page;
}

std::vector<key_state> merged_reads::states(std::span<const std::string_view> keys) {
  const auto pending = pending_.states(keys);
  std::vector<key_state> result(keys.size());
  bool all = true;
  for (size_t i = 0; i < keys.size(); ++i) {
    result[i] = pending[i].value_or(key_state{});
    all &= pending[i].has_value();
  }
  if (all)
    return result;
  env_.read([&](MDB_txn* txn) {
    const snapshot s(env_, txn);
    for (size_t i = 0; i < keys.size(); ++i)
      if (!pending[i])
        result[i] = s.state_of(keys[i]);
  });
  return result;
}

} // namespace storage::lmdb
