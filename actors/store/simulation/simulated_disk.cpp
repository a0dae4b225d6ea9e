#include "actors/store/simulation/simulated_disk.hpp"

#include "storage/memory/memory_engine.hpp"

namespace actors::store {

/// What outlives the engines that are opened on it.
struct simulated_disk::platter {
  explicit platter(bool as_copy) : engine(storage::memory::open({.sync_each_commit = false, .as_copy = as_copy})) {
  }
  std::unique_ptr<storage::memory::memory_engine> engine;
  std::function<void()> taken_over;
  std::weak_ptr<open_engine> opened;
  uint64_t life = 1;
  commit_failure next = commit_failure::none;
  bool full = false;
  bool forgetful = false;
  uint64_t commits = 0;
  uint64_t failures = 0;
};

class simulated_disk::open_engine final : public storage::engine {
public:
  explicit open_engine(std::shared_ptr<platter> on) : platter_(std::move(on)), life_(platter_->life) {
  }

  std::vector<storage::write_result> commit(std::span<const storage::write> writes, int64_t unix_second) override {
    check_open();
    if (platter_->full) {
      ++platter_->failures;
      throw storage::error(storage::error_code::disk_full, "no space left on device");
    }
    const auto how = std::exchange(platter_->next, commit_failure::none);
    if (how == commit_failure::before_write)
      fail("the disk refused a write");
    auto results = platter_->engine->commit(writes, unix_second);
    if (how == commit_failure::before_sync) {
      platter_->engine->lose_unsynced();
      fail("the disk failed before it had synced");
    }
    platter_->engine->sync();
    ++platter_->commits;
    if (how == commit_failure::after_sync)
      fail("the disk failed after it had synced");
    return results;
  }
  int64_t raise_fence(std::string_view role, int64_t epoch) override {
    check_open();
    if (platter_->forgetful)
      return epoch;
    return durably([&] { return platter_->engine->raise_fence(role, epoch); });
  }
  int64_t fence(std::string_view role) override {
    return open_one().fence(role);
  }
  std::optional<storage::record> get(std::string_view key, storage::revision at) override {
    return open_one().get(key, at);
  }
  storage::range_page range(std::string_view prefix, std::string_view after, size_t limit, storage::revision at) override {
    return open_one().range(prefix, after, limit, at);
  }
  storage::change_page changes(storage::revision after, size_t limit) override {
    return open_one().changes(after, limit);
  }
  storage::revision current() override {
    return open_one().current();
  }
  storage::revision oldest() override {
    return open_one().oldest();
  }
  size_t compact(storage::revision before, size_t limit) override {
    return open_one().compact(before, limit);
  }
  storage::revision revision_before(int64_t unix_second) override {
    return open_one().revision_before(unix_second);
  }

  storage::owner_record owner() override {
    return open_one().owner();
  }
  size_t stored() override {
    return open_one().stored();
  }
  storage::copy_page copy(storage::revision after, size_t bytes_max) override {
    return open_one().copy(after, bytes_max);
  }
  std::vector<storage::fence_entry> fences() override {
    return open_one().fences();
  }
  storage::owner_record hand_over(std::string_view copy, std::string_view host) override {
    return durably([&] { return platter_->engine->hand_over(copy, host); });
  }
  void begin_copy(std::string_view copy, std::string_view host) override {
    durably([&] { return platter_->engine->begin_copy(copy, host), 0; });
  }
  void append(const storage::copy_page& page) override {
    durably([&] { return platter_->engine->append(page), 0; });
  }
  void mark_asking() override {
    durably([&] { return platter_->engine->mark_asking(), 0; });
  }
  void take_over(int64_t epoch, std::span<const storage::fence_entry> fences) override {
    durably([&] {
      platter_->engine->take_over(epoch, fences);
      if (platter_->taken_over)
        platter_->taken_over();
      return 0;
    });
  }

  bool usable() const {
    return life_ == platter_->life;
  }

private:
  void check_open() const {
    if (!usable())
      throw storage::error(storage::error_code::closed, "the disk has failed, it must be opened again");
  }
  /// One of the steps that are durable as a whole, or have not happened.
  template <class Step>
  auto durably(Step step) -> decltype(step()) {
    check_open();
    if (platter_->full) {
      ++platter_->failures;
      throw storage::error(storage::error_code::disk_full, "no space left on device");
    }
    const auto how = std::exchange(platter_->next, commit_failure::none);
    if (how == commit_failure::before_write || how == commit_failure::before_sync)
      fail("the disk failed before it had synced");
    auto result = step();
    platter_->engine->sync();
    if (how == commit_failure::after_sync)
      fail("the disk failed after it had synced");
    return result;
  }
  storage::engine& open_one() const {
    check_open();
    return *platter_->engine;
  }
  [[noreturn]] void fail(const char* text) {
    ++platter_->life;
    ++platter_->failures;
    throw storage::error(storage::error_code::io, text);
  }

  std::shared_ptr<platter> platter_;
  uint64_t life_;
};

simulated_disk::simulated_disk(bool as_copy) : platter_(std::make_shared<platter>(as_copy)) {
}
simulated_disk::~simulated_disk() = default;

std::shared_ptr<storage::engine> simulated_disk::open() {
  if (const auto other = platter_->opened.lock(); other && other->usable())
    throw storage::error(storage::error_code::locked, "the shard's folder is in use");
  auto result = std::make_shared<open_engine>(platter_);
  platter_->opened = result;
  return result;
}

void simulated_disk::lose_power() {
  ++platter_->life;
  platter_->engine->lose_unsynced();
}
void simulated_disk::fail_next_commit(commit_failure how) {
  platter_->next = how;
}
void simulated_disk::set_forgetful(bool forgetful) {
  platter_->forgetful = forgetful;
}
void simulated_disk::set_full(bool full) {
  platter_->full = full;
}
/// The engine is made anew from its history up to there, which must be whole.
void simulated_disk::forget_after(int64_t revision) {
  auto fresh = storage::memory::open({.sync_each_commit = false});
  for (const auto& each : changes(0)) {
    if (each.revision > revision)
      break;
    const storage::write write{each.erased ? storage::change_kind::erase : storage::change_kind::put, each.key, each.value, std::nullopt};
    fresh->commit(std::span{&write, 1}, 0);
  }
  fresh->sync();
  platter_->engine = std::move(fresh);
  ++platter_->life;
}

void simulated_disk::write_behind(const std::string& key, const std::string& value) {
  const storage::write write{storage::change_kind::put, key, value, std::nullopt};
  platter_->engine->commit(std::span{&write, 1}, 0);
  platter_->engine->sync();
}

void simulated_disk::when_taken_over(std::function<void()> told) {
  platter_->taken_over = std::move(told);
}
storage::owner_record simulated_disk::owner() const {
  return platter_->engine->owner();
}
int64_t simulated_disk::fence(const std::string& role) const {
  return platter_->engine->fence(role);
}
int64_t simulated_disk::current() const {
  return platter_->engine->current();
}
int64_t simulated_disk::oldest() const {
  return platter_->engine->oldest();
}

std::vector<stored_change> simulated_disk::changes(int64_t after) const {
  std::vector<stored_change> result;
  auto& engine = *platter_->engine;
  after = std::max<int64_t>(after, engine.oldest());
  while (after < engine.current()) {
    auto page = engine.changes(after, 1'000);
    for (auto& each : page.changes)
      result.push_back({each.rev, each.kind == storage::change_kind::erase, std::move(each.key), std::move(each.value),
                        std::move(each.previous).value_or("")});
    after = page.last;
  }
  return result;
}

void simulated_disk::each_change(int64_t after, const std::function<void(const shown_change&)>& visit) const {
  platter_->engine->each_change(
    after, [&](storage::revision rev, storage::change_kind kind, const std::string& key, const std::string& value) {
      visit({rev, kind == storage::change_kind::erase, key, value});
    });
}

void simulated_disk::each_record(
  const std::function<void(const std::string& key, int64_t revision, const std::string& value)>& visit) const {
  std::string after;
  for (bool more = true; more;) {
    const auto page = platter_->engine->range("/", after, 1'000, 0);
    for (const auto& record : page.records) {
      visit(record.key, record.modified, record.value);
      after = record.key;
    }
    more = page.more;
  }
}

uint64_t simulated_disk::commits() const {
  return platter_->commits;
}
uint64_t simulated_disk::failures() const {
  return platter_->failures;
}

} // namespace actors::store
