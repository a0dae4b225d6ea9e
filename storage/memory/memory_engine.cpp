// Versions per key and one list of changes; deliberately another structure than LMDB's, so that running the
// same tests over both compares two implementations.
#include "storage/memory/memory_engine.hpp"

#include "storage/decide.hpp"

#include <algorithm>
#include <deque>
#include <map>
#include <mutex>

namespace storage::memory {
namespace {

struct version {
  revision rev = 0;
  revision created = 0;
  change_kind kind = change_kind::put;
  std::string value;
};

struct log_entry {
  std::string key;
  change_kind kind = change_kind::put;
  revision previous = 0;
  revision created = 0;
  int64_t second = 0;
};

class engine_in_memory : public memory_engine {
public:
  explicit engine_in_memory(options o) : options_(o) {
    if (o.as_copy)
      owner_.state = owner_state::following;
  }

  std::vector<write_result> commit(std::span<const write> writes, int64_t unix_second) override {
    std::lock_guard held(mutex_);
    if (failure_) {
      const auto what = *failure_;
      failure_.reset();
      throw what;
    }
    require_serving(owner_);
    second_ = std::max(second_, unix_second);
    std::vector<write_result> results;
    while (!writes.empty()) {
      const auto group = writes.first(group_size(writes));
      const auto decided = decide_group(group, [this](std::string_view key) { return state_of(key); });
      for (size_t i = 0; i < group.size(); ++i)
        results.push_back(decided[i].status == write_status::done ? apply(group[i]) : decided[i]);
      writes = writes.subspan(group.size());
    }
    if (options_.sync_each_commit)
      synced_ = current_;
    return results;
  }

  int64_t raise_fence(std::string_view role, int64_t epoch) override {
    std::lock_guard held(mutex_);
    require_serving(owner_);
    auto& now = fences_[std::string(role)];
    now = std::max(now, epoch);
    if (options_.sync_each_commit)
      synced_fences_ = fences_;
    return now;
  }

  int64_t fence(std::string_view role) override {
    std::lock_guard held(mutex_);
    const auto found = fences_.find(role);
    return found == fences_.end() ? 0 : found->second;
  }

  std::optional<record> get(std::string_view key, revision at) override {
    std::lock_guard held(mutex_);
    at = resolve(at);
    const auto found = keys_.find(key);
    if (found == keys_.end())
      return std::nullopt;
    const auto* v = version_at(found->second, at);
    return v ? std::optional(to_record(found->first, *v)) : std::nullopt;
  }

  range_page range(std::string_view prefix, std::string_view after, size_t limit, revision at) override {
    std::lock_guard held(mutex_);
    range_page page;
    page.at = resolve(at);
    size_t bytes = 0;
    auto it = after < prefix ? keys_.lower_bound(prefix) : keys_.upper_bound(after);
    for (; it != keys_.end() && it->first.starts_with(prefix); ++it) {
      const auto* v = version_at(it->second, page.at);
      if (!v)
        continue;
      if (page.records.size() >= std::max<size_t>(limit, 1) || bytes >= page_bytes_max) {
        page.more = true;
        break;
      }
      page.records.push_back(to_record(it->first, *v));
      bytes += v->value.size();
    }
    return page;
  }

  change_page changes(revision after, size_t limit) override {
    std::lock_guard held(mutex_);
    if (after < oldest_)
      throw compacted(after, oldest_);
    refuse_future(after);
    change_page page;
    page.last = after;
    size_t bytes = 0;
    while (page.last < current_ && page.changes.size() < std::max<size_t>(limit, 1) &&
           bytes < page_bytes_max) {
      page.changes.push_back(change_at(++page.last));
      const auto& c = page.changes.back();
      bytes += c.value.size() + (c.previous ? c.previous->size() : 0);
    }
    return page;
  }

  revision current() override {
    std::lock_guard held(mutex_);
    return current_;
  }

  revision oldest() override {
    std::lock_guard held(mutex_);
    return oldest_;
  }

  size_t compact(revision before, size_t limit) override {
    std::lock_guard held(mutex_);
    require_serving(owner_);
    // What is not synced may still be lost, so its history is still needed.
    const auto last = std::min({before, synced_, oldest_ + static_cast<revision>(limit)});
    size_t done = 0;
    for (; oldest_ < last; ++done)
      forget(++oldest_);
    return done;
  }

  revision revision_before(int64_t unix_second) override {
    std::lock_guard held(mutex_);
    const auto end = std::partition_point(log_.begin(), log_.end(), [&](const auto& e) { return e.second < unix_second; });
    return oldest_ + (end - log_.begin());
  }

  // -- moving -----------------------------------------------------------------------------------------------

  owner_record owner() override {
    std::lock_guard held(mutex_);
    return owner_;
  }

  size_t stored() override {
    std::lock_guard held(mutex_);
    return versions_count();
  }

  copy_page copy(revision after, size_t bytes_max) override {
    std::lock_guard held(mutex_);
    refuse_future(after);
    copy_page page{.writes = {}, .last = after, .current = current_, .oldest = oldest_, .second = second_, .stored = versions_count()};
    std::map<revision, copied_write> found;
    for (const auto& [key, list] : keys_)
      for (const auto& v : list)
        if (v.rev > after)
          found[v.rev] = {v.rev, v.kind, key, v.value, v.created, 0, 0};
    size_t bytes = 0;
    for (auto& [rev, w] : found) {
      if (bytes >= bytes_max)
        return page;
      if (rev > oldest_) {
        w.previous = entry_of(rev).previous;
        w.second = entry_of(rev).second;
      }
      page.last = rev;
      bytes += w.key.size() + w.value.size() + 128;
      page.writes.push_back(std::move(w));
    }
    page.last = current_;
    return page;
  }

  std::vector<fence_entry> fences() override {
    std::lock_guard held(mutex_);
    std::vector<fence_entry> result;
    for (const auto& [role, epoch] : fences_)
      result.push_back({role, epoch});
    return result;
  }

  owner_record hand_over(std::string_view copy, std::string_view host) override {
    std::lock_guard held(mutex_);
    owner_ = decide_hand_over(owner_, copy, host, current_);
    sync_all();
    return owner_;
  }

  void begin_copy(std::string_view copy, std::string_view host) override {
    std::lock_guard held(mutex_);
    owner_ = decide_copy(owner_, copy, host);
    keys_.clear();
    log_.clear();
    fences_.clear();
    current_ = oldest_ = second_ = 0;
    sync_all();
  }

  void append(const copy_page& page) override {
    std::lock_guard held(mutex_);
    if (failure_) {
      const auto what = *failure_;
      failure_.reset();
      throw what;
    }
    require_copy(owner_);
    const auto oldest = current_ == 0 ? page.oldest : oldest_;
    check_page(page, current_, oldest);
    std::map<std::string, key_state, std::less<>> next; // nothing is added unless all of it fits
    for (const auto& w : page.writes) {
      const auto known = next.find(w.key);
      check_fits(w, known == next.end() ? state_of(w.key) : known->second, oldest);
      next[w.key] = w.kind == change_kind::put ? key_state{w.created, w.rev} : key_state{};
    }
    oldest_ = oldest;
    for (const auto& w : page.writes) {
      keys_[w.key].push_back({w.rev, w.created, w.kind, w.value});
      if (w.rev > oldest_)
        log_.push_back({w.key, w.kind, w.previous, w.created, w.second});
    }
    current_ = page.last;
    second_ = std::max(second_, page.second);
    sync_all();
  }

  void mark_asking() override {
    std::lock_guard held(mutex_);
    require_copy(owner_);
    owner_.state = owner_state::asking;
  }

  void take_over(int64_t epoch, std::span<const fence_entry> fences) override {
    std::lock_guard held(mutex_);
    require_copy(owner_);
    owner_ = {owner_state::serving, epoch, 0, owner_.copy, owner_.peer};
    for (const auto& fence : fences)
      fences_[fence.role] = fence.epoch;
    sync_all();
  }

  void sync() override {
    std::lock_guard held(mutex_);
    sync_all();
  }

  void lose_unsynced() override {
    std::lock_guard held(mutex_);
    for (; current_ > synced_; --current_) {
      const auto key = keys_.find(log_.back().key);
      key->second.pop_back();
      if (key->second.empty())
        keys_.erase(key);
      log_.pop_back();
    }
    second_ = log_.empty() ? 0 : log_.back().second;
    fences_ = synced_fences_;
  }

  void each_change(revision after, const visitor& visit) override {
    std::lock_guard held(mutex_);
    for (auto rev = std::max(after, oldest_) + 1; rev <= current_; ++rev) {
      const auto& e = entry_of(rev);
      const auto& list = keys_.at(e.key);
      const auto* shown = e.kind == change_kind::put ? version_at(list, rev) : e.previous != 0 ? version_at(list, e.previous) : nullptr;
      static const std::string none;
      visit(rev, e.kind, e.key, shown == nullptr ? none : shown->value);
    }
  }

  void fail_next_commit(error what) override {
    std::lock_guard held(mutex_);
    failure_ = std::move(what);
  }

private:
  void sync_all() {
    synced_ = current_;
    synced_fences_ = fences_;
  }

  size_t versions_count() const {
    size_t count = 0;
    for (const auto& [key, list] : keys_)
      count += list.size();
    return count;
  }

  /// Of a revision above oldest_.
  const log_entry& entry_of(revision rev) const {
    return log_[static_cast<size_t>(rev - oldest_ - 1)];
  }

  using versions = std::vector<version>; // ascending

  static const version* version_at(const versions& list, revision at) {
    const auto end =
      std::partition_point(list.begin(), list.end(), [&](const auto& v) { return v.rev <= at; });
    return end == list.begin() || std::prev(end)->kind == change_kind::erase ? nullptr : &*std::prev(end);
  }

  static record to_record(const std::string& key, const version& v) {
    return {key, v.created, v.rev, v.value};
  }

  revision resolve(revision at) const {
    if (at == 0)
      return current_;
    if (at < oldest_)
      throw compacted(at, oldest_);
    refuse_future(at);
    return at;
  }

  void refuse_future(revision rev) const {
    if (rev > current_)
      throw error(
        error_code::future_revision,
        "revision " + std::to_string(rev) + " does not exist yet, the newest is " + std::to_string(current_));
  }

  key_state state_of(std::string_view key) const {
    const auto found = keys_.find(key);
    if (found == keys_.end() || found->second.back().kind == change_kind::erase)
      return {};
    return {found->second.back().created, found->second.back().rev};
  }

  // One that decide_group() lets pass.
  write_result apply(const write& w) {
    const auto now = state_of(w.key);
    const write_result result{write_status::done, ++current_};
    const auto created = now.modified ? now.created : current_;
    keys_[w.key].push_back({current_, created, w.kind, w.kind == change_kind::put ? w.value : std::string()});
    log_.push_back({w.key, w.kind, now.modified, created, second_});
    return result;
  }

  change change_at(revision rev) const {
    const auto& e = entry_of(rev);
    const auto& list = keys_.at(e.key);
    change c{rev, e.kind, e.key, {}, {}, e.created, e.previous};
    if (e.previous != 0)
      c.previous = version_at(list, e.previous)->value;
    c.value = e.kind == change_kind::put ? version_at(list, rev)->value : c.previous.value_or("");
    return c;
  }

  void forget(revision rev) {
    const auto key = keys_.find(log_.front().key);
    log_.pop_front();
    auto& list = key->second;
    std::erase_if(
      list, [&](const auto& v) { return v.rev < rev || (v.rev == rev && v.kind == change_kind::erase); });
    if (list.empty())
      keys_.erase(key);
  }

  options options_;
  std::mutex mutex_;
  std::map<std::string, versions, std::less<>> keys_;
  std::deque<log_entry> log_; // from oldest_ + 1 to current_, without gaps
  revision current_ = 0;
  revision oldest_ = 0;
  revision synced_ = 0;
  int64_t second_ = 0;
  std::optional<error> failure_;
  owner_record owner_;
  std::map<std::string, int64_t, std::less<>> fences_;
  std::map<std::string, int64_t, std::less<>> synced_fences_;
};

} // namespace

std::unique_ptr<memory_engine> open(options o) { return std::make_unique<engine_in_memory>(o); }

} // namespace storage::memory
