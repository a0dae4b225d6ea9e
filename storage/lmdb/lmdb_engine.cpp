// The engine over LMDB, with a log in front: a commit is one sync of the log, and goes to LMDB later. What is on disk is described in
// storage/FORMAT.md; keep the two in step.
#include "storage/lmdb/lmdb_engine.hpp"

#include "storage/lmdb/applier.hpp"
#include "storage/lmdb/merged_reads.hpp"
#include "storage/log/disk_files.hpp"

#include <algorithm>
#include <optional>
#include <unordered_map>

namespace storage::lmdb {
namespace {

constexpr size_t logged_overhead_bytes = 32; // of a write in the log, about

options with_files(options o) {
  if (!o.log.files)
    o.log.files = log::files_in(o.folder);
  return o;
}

// Each write must supersede what the key has. Throws error: corrupt.
void require_continuation(environment& env, const std::vector<std::shared_ptr<log::batch>>& batches) {
  std::unordered_map<std::string_view, key_state> now;
  env.read([&](MDB_txn* txn) {
    const snapshot s(env, txn);
    for (const auto& b : batches)
      for (const auto& w : b->writes) {
        const auto [known, is_new] = now.try_emplace(w.key);
        if (is_new)
          known->second = s.state_of(w.key);
        if (known->second.modified != w.previous)
          throw error(error_code::corrupt, "the log's revision " + std::to_string(w.rev) + " of \"" + std::string(w.key) +
                                             "\" supersedes " + std::to_string(w.previous) + ", but there is " +
                                             std::to_string(known->second.modified) +
                                             ": log and data are not of one time, put a backup of the whole folder in their place");
        known->second = w.kind == change_kind::put ? key_state{w.created, w.rev} : key_state{};
      }
  });
}

class lmdb_engine : public engine {
public:
  explicit lmdb_engine(const options& o) : options_(with_files(o)), env_(options_), writer_(env_) {
    env_.read([this](MDB_txn* txn) { snapshot(env_, txn).check(options_.check_values); });
    env_.drop_pages();
    owner_ = writer_.read_owner();
    fences_ = writer_.read_fences();
    second_ = writer_.second();
    pending_.reset(writer_.current());
    try {
      open_log();
    } catch (const error& e) {
      throw error(e.code(), "cannot open the store in " + options_.folder.string() + ": " + e.what());
    }
    applier_.emplace(writer_, pending_, options_.log.apply);
  }

  // What cannot be moved to LMDB now is found in the log at the next opening.
  ~lmdb_engine() override {
    if (!options_.log.apply_on_close || !applier_ || broken_)
      return;
    try {
      applier_->settle();
    } catch (const error&) {
    }
  }

  std::vector<write_result> commit(std::span<const write> writes, int64_t unix_second) override {
    std::lock_guard held(committing_);
    require_serving(owner_);
    require_whole();
    applier_->require_working();
    applier_->hold_back();
    std::vector<write_result> results;
    if (const auto made = decide(writes, std::max(second_, unix_second), results)) {
      keep(made);
      second_ = made->second;
    }
    return results;
  }

  // Not in the log: it is no part of the history, and whoever commits next does so after it.
  int64_t raise_fence(std::string_view role, int64_t epoch) override {
    std::lock_guard held(committing_);
    require_serving(owner_);
    require_whole();
    const auto found = fences_.find(role);
    if (found != fences_.end() && found->second >= epoch)
      return found->second;
    if (found == fences_.end() && fences_.size() >= fences_max)
      throw error(error_code::disk_full, "there are epochs of " + std::to_string(fences_max) + " roles already");
    writer_.put_fence(role, epoch);
    fences_[std::string(role)] = epoch;
    return epoch;
  }

  int64_t fence(std::string_view role) override {
    std::lock_guard held(committing_);
    const auto found = fences_.find(role);
    return found == fences_.end() ? 0 : found->second;
  }

  std::optional<record> get(std::string_view key, revision at) override { return reads_.get(key, at); }
  range_page range(std::string_view prefix, std::string_view after, size_t limit, revision at) override {
    return reads_.range(prefix, after, limit, at);
  }
  change_page changes(revision after, size_t limit) override { return reads_.changes(after, limit); }
  revision current() override { return pending_.newest(); }
  revision oldest() override { return writer_.oldest(); }
  revision revision_before(int64_t unix_second) override { return reads_.before(unix_second); }

  size_t compact(revision before, size_t limit) override {
    std::lock_guard held(committing_);
    require_serving(owner_);
    require_whole();
    const auto oldest = writer_.oldest();
    const auto last = std::min({before, pending_.newest(), oldest + static_cast<revision>(limit)});
    if (last <= oldest)
      return 0;
    if (last > writer_.current())
      applier_->settle();
    writer_.forget(last);
    return static_cast<size_t>(last - oldest);
  }

  size_t replayed() override { return replayed_; }

  // -- moving -----------------------------------------------------------------------------------------------

  owner_record owner() override {
    std::lock_guard held(owner_mutex_);
    return owner_;
  }

  size_t stored() override { return reads_.stored(); }
  copy_page copy(revision after, size_t bytes_max) override { return reads_.copy(after, bytes_max); }

  std::vector<fence_entry> fences() override {
    std::lock_guard held(committing_);
    std::vector<fence_entry> result;
    for (const auto& [role, epoch] : fences_)
      result.push_back({role, epoch});
    return result;
  }

  owner_record hand_over(std::string_view copy, std::string_view host) override {
    std::lock_guard held(committing_);
    auto next = decide_hand_over(owner_, copy, host, pending_.newest());
    if (next == owner_)
      return next;
    require_whole();
    applier_->settle();
    writer_.own(next);
    publish(next);
    return next;
  }

  void begin_copy(std::string_view copy, std::string_view host) override {
    std::lock_guard held(committing_);
    const auto next = decide_copy(owner_, copy, host);
    writer_.begin_copy(next);
    publish(next);
    on_copied();
  }

  void append(const copy_page& page) override {
    std::lock_guard held(committing_);
    require_copy(owner_);
    writer_.append(page);
    on_copied();
  }

  void mark_asking() override {
    std::lock_guard held(committing_);
    require_copy(owner_);
    auto next = owner_;
    next.state = owner_state::asking;
    if (next == owner_)
      return;
    writer_.own(next);
    publish(next);
  }

  void take_over(int64_t epoch, std::span<const fence_entry> fences) override {
    std::lock_guard held(committing_);
    require_copy(owner_);
    const owner_record next{owner_state::serving, epoch, 0, owner_.copy, owner_.peer};
    writer_.take_over(next, fences);
    publish(next);
    for (const auto& fence : fences)
      fences_[fence.role] = fence.epoch;
  }

private:
  void open_log() {
    log_.emplace(options_.log.files, writer_.read_log_identity(), options_.log.sizes, writer_.current());
    const auto found = log_->take_recovered();
    if (found.empty())
      return;
    if (owner_.state != owner_state::serving)
      throw error(error_code::corrupt, "the log has revision " + std::to_string(found.front()->first()) +
                                         ", but this is no shard; put a backup of the whole folder in its place");
    require_continuation(env_, found);
    for (const auto& b : found) {
      replayed_ += b->writes.size();
      pending_.add(b);
    }
    second_ = std::max(second_, found.back()->second);
  }

  void require_whole() const {
    if (broken_)
      throw error(error_code::closed, "the store in " + options_.folder.string() + " had a disk error and must be opened again");
  }

  // The outcomes, and the writes that are done; nothing when none is.
  std::shared_ptr<log::batch> decide(std::span<const write> writes, int64_t second, std::vector<write_result>& results) {
    std::unordered_map<std::string_view, key_state> now;
    std::vector<std::string_view> keys;
    size_t bytes = 0;
    for (const auto& w : writes) {
      bytes += w.key.size() + w.value.size() + logged_overhead_bytes;
      if (check_write(w) == write_status::done && now.try_emplace(w.key).second)
        keys.push_back(w.key);
    }
    const auto states = reads_.states(keys);
    for (size_t i = 0; i < keys.size(); ++i)
      now[keys[i]] = states[i];
    auto next = pending_.newest() + 1;
    log::batch_builder batch(next, second, bytes);
    for (auto left = writes; !left.empty(); left = left.subspan(group_size(left))) {
      const auto group = left.first(group_size(left));
      const auto decided = decide_group(group, [&](std::string_view key) { return now.at(key); });
      for (size_t i = 0; i < group.size(); ++i) {
        results.push_back(decided[i]);
        if (decided[i].status != write_status::done)
          continue;
        const auto& w = group[i];
        const auto rev = next++;
        results.back().rev = rev;
        auto& state = now.at(w.key);
        const auto created = state.modified != 0 ? state.created : rev;
        const bool put = w.kind == change_kind::put;
        batch.add(w.kind, created, state.modified, w.key, put ? std::string_view(w.value) : std::string_view());
        state = put ? key_state{created, rev} : key_state{};
      }
    }
    return batch.empty() ? nullptr : batch.finish();
  }

  // Durable and readable when it returns.
  void keep(const std::shared_ptr<log::batch>& made) {
    if (!log_->fits(made->bytes.size())) {
      const batch_ptr alone = made;
      applier_->settle();
      writer_.add({&alone, 1});
      pending_.reset(alone->last());
      return;
    }
    const auto size = made->bytes.size();
    try {
      // When nothing is pending any more, the applier's own thread may have just moved it.
      while (!log_->make_room(size, writer_.current()))
        if (!applier_->apply_some() && !log_->make_room(size, writer_.current()))
          throw error(error_code::disk_full, "no space left for the log of the store in " + options_.folder.string() +
                                               "; nothing of the batch was written, free some space and writes go on");
      log_->append(*made);
      const bool first = pending_.writes() == 0;
      pending_.add(made);
      applier_->on_added(first);
    } catch (const error& e) {
      broken_ = broken_ || e.code() != error_code::disk_full;
      throw;
    } catch (...) {
      broken_ = true; // it may be durable, and is not readable
      throw;
    }
  }

  void publish(const owner_record& next) {
    std::lock_guard held(owner_mutex_);
    owner_ = next;
  }

  // A copy is written to LMDB at once.
  void on_copied() {
    pending_.reset(writer_.current());
    second_ = writer_.second();
  }

  options options_;
  environment env_;
  writer writer_;
  pending_writes pending_;
  merged_reads reads_{env_, pending_, writer_};
  std::mutex committing_;  // guards what follows
  std::mutex owner_mutex_; // owner_ changes under both, so either one is enough to read it
  owner_record owner_;
  writer::fence_map fences_;
  int64_t second_ = 0; // of the newest write
  std::optional<log::write_log> log_;
  size_t replayed_ = 0;
  bool broken_ = false; // the log's disk failed
  std::optional<applier> applier_;
};

} // namespace

bool exists(const std::filesystem::path& folder) {
  std::error_code none;
  return std::filesystem::exists(folder / "data.mdb", none);
}

std::unique_ptr<engine> open(const options& o) { return std::make_unique<lmdb_engine>(o); }

} // namespace storage::lmdb
