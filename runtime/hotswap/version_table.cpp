#include "runtime/hotswap/version_table.hpp"

#include "runtime/placement/nearest.hpp"

#include <fmt/format.h>

namespace runtime::hotswap {

namespace {
constexpr const char* folder_name = "plugins";
constexpr const char* history_name = "history";
} // namespace

version_table::version_table(const std::filesystem::path& data, seams::clock_ptr clock, telemetry::logger log)
  : folder_(data / folder_name), clock_(std::move(clock)), log_(std::move(log)), history_(folder_ / history_name) {
  if (history_.unreadable() > 0)
    log_.warning("lines of the history of swaps make no sense and are left out",
                 {{"file", (folder_ / history_name).string()}, {"lines", history_.unreadable()}});
  records_.assign(history_.records().begin(), history_.records().end());
  writer_ = std::thread{[this] { write_history(); }};
}

version_table::~version_table() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
  }
  changed_.notify_one();
  writer_.join();
}

void version_table::write_history() {
  std::unique_lock lock{mutex_};
  for (;;) {
    changed_.wait(lock, [this] { return stopping_ || !unwritten_.empty(); });
    if (unwritten_.empty())
      return;
    auto next = std::move(unwritten_.front());
    unwritten_.pop_front();
    lock.unlock();
    try {
      history_.add(std::move(next));
    } catch (const std::exception& error) {
      log_.error("the history of swaps cannot be written", {{"why", error.what()}});
    }
    lock.lock();
  }
}

void version_table::restore() {
  std::lock_guard guard{mutex_};
  std::map<std::string, record> newest;
  for (const auto& item : records_)
    newest[item.role] = item;
  std::set<std::string> needed{history_name};
  for (const auto& [role, item] : newest) {
    if (item.settled_kept.empty())
      continue;
    try {
      ++loads_;
      auto loaded = load_kept(item.settled_kept, item.settled_hash, item.settled_file, role, folder_);
      needed.insert(item.settled_kept);
      entries_[role].settled = loaded;
      note(role, outcome::restored, *loaded, {}, 0);
    } catch (const refused& error) {
      entries_[role].settled = nullptr;
      log_.error("a swapped-in version cannot be loaded: the built-in one starts", {{"role", role}, {"why", error.what()}});
      note(role, outcome::lost, version{.role = role, .name = item.version, .file = item.settled_file, .hash = item.settled_hash},
           error.what(), 0);
    }
  }
  std::error_code error;
  for (std::filesystem::directory_iterator at{folder_, error}, end; !error && at != end; at.increment(error))
    if (!needed.contains(at->path().filename().string())) {
      std::error_code ignored; // tried again at the next start
      std::filesystem::remove(at->path(), ignored);
    }
}

// ---- told by roles' actors ----------------------------------------------------------------------------------

version_ptr version_table::role_started(const host::role_context& context, version_ptr built_in) {
  std::lock_guard guard{mutex_};
  auto& item = entries_[context.id];
  item.context = context;
  item.built_in = built_in;
  item.actor = caf::weak_actor_ptr{};
  if (!item.settled)
    item.settled = built_in;
  for (auto& former : item.former) // a function that makes it may refer to its actor's descriptor: always the newest
    if (former->built_in())
      former = built_in;
  if (item.settled->built_in())
    item.settled = built_in;
  if (item.trial) {
    std::string failure;
    if (context.actors)
      if (const auto row = context.actors->find(context.id))
        failure = row->last_failure;
    give_up(item, failure.empty() ? "its actor ended in its probation" : "its actor failed in its probation: " + failure, 0);
  }
  return item.settled;
}

void version_table::role_serves(const std::string& role, const caf::strong_actor_ptr& self) {
  std::lock_guard guard{mutex_};
  at(role).actor = caf::actor_cast<caf::weak_actor_ptr>(self);
}

version_ptr version_table::unfit(const std::string& role, const std::string& reason) {
  std::lock_guard guard{mutex_};
  auto& item = at(role);
  const auto gone = std::exchange(item.settled, item.built_in);
  item.former.clear();
  ++item.rollbacks;
  note(role, outcome::rolled_back, *gone, "it cannot be made: " + reason, 0);
  return item.built_in;
}

void version_table::swapped(const version_ptr& what, const probation_rules& rules, int64_t pause_us) {
  std::lock_guard guard{mutex_};
  auto& item = at(what->role);
  item.trial = what;
  item.trial_until_us = clock_->monotonic_us() + rules.duration_us;
  ++item.swaps;
  if (item.context.actors)
    item.context.actors->note_swap(item.context.id);
  note(what->role, outcome::swapped, *what, {}, pause_us);
}

void version_table::settled(const std::string& role) {
  std::lock_guard guard{mutex_};
  auto& item = at(role);
  if (!item.trial)
    return;
  item.former.push_back(std::exchange(item.settled, std::exchange(item.trial, nullptr)));
  if (item.former.size() > former_max)
    item.former.erase(item.former.begin());
  note(role, outcome::settled, *item.settled, {}, 0);
}

version_ptr version_table::give_up(entry& what, const std::string& reason, int64_t pause_us) {
  auto gone = std::exchange(what.trial, nullptr);
  if (!gone) {
    gone = what.settled;
    if (what.former.empty()) {
      what.settled = what.built_in;
    } else {
      what.settled = what.former.back();
      what.former.pop_back();
    }
  }
  ++what.rollbacks;
  if (what.context.actors)
    what.context.actors->note_swap(what.context.id);
  note(gone->role, outcome::rolled_back, *gone, reason, pause_us);
  return what.settled;
}

version_ptr version_table::rolled_back(const std::string& role, const std::string& reason, int64_t pause_us) {
  std::lock_guard guard{mutex_};
  return give_up(at(role), reason, pause_us);
}

version_ptr version_table::rollback_target(const std::string& role) const {
  std::lock_guard guard{mutex_};
  const auto found = entries_.find(role);
  if (found == entries_.end())
    return nullptr;
  const auto& item = found->second;
  if (item.trial)
    return item.settled;
  if (!item.former.empty())
    return item.former.back();
  return item.settled && !item.settled->built_in() ? item.built_in : nullptr; // after a restart nothing else is known
}

version_table::entry& version_table::at(const std::string& role) {
  return entries_[role];
}

/// Under the lock.
void version_table::note(const std::string& role, outcome what, const version& which, const std::string& reason,
                         int64_t pause_us) {
  record item{.at_us = clock_->wall_us(),
              .role = role,
              .what = what,
              .version = which.name,
              .file = which.file,
              .hash = which.hash,
              .reason = reason,
              .pause_us = pause_us};
  if (const auto& settled = entries_[role].settled; settled && what != outcome::lost) {
    item.settled_kept = settled->kept;
    item.settled_hash = settled->hash;
    item.settled_file = settled->file;
  }
  log_.info(to_string(what), {{"role", role}, {"version", which.name}, {"why", reason}, {"pause_us", pause_us}});
  for (auto* list : {&records_, &unwritten_}) {
    list->push_back(item);
    if (list->size() > history::records_max)
      list->pop_front();
  }
  changed_.notify_one();
}

// ---- for commands ---------------------------------------------------------------------------------------------

version_table::turn::turn(version_table& table, std::string role) : table_(table), role_(std::move(role)) {
  std::lock_guard guard{table_.mutex_};
  const auto found = table_.entries_.find(role_);
  if (found == table_.entries_.end() || !found->second.built_in) {
    std::vector<std::string> names;
    for (const auto& [name, item] : table_.entries_)
      names.push_back(name);
    const auto near = placement::nearest(role_, names);
    throw refused("no role `" + role_ + "` that can be swapped runs on this host"
                  + (near.empty() ? names.empty() ? std::string{} : fmt::format("; there are {}", fmt::join(names, ", "))
                                  : "; did you mean " + near + "?"));
  }
  auto& item = found->second;
  if (item.held)
    throw refused("another swap of `" + role_ + "` is under way");
  item.held = true;
  context_ = item.context;
  actor_ = caf::actor_cast<caf::strong_actor_ptr>(item.actor);
}

version_table::turn::~turn() {
  std::lock_guard guard{table_.mutex_};
  table_.at(role_).held = false;
}

void version_table::check_no_trial(const std::string& role) const {
  std::lock_guard guard{mutex_};
  const auto found = entries_.find(role);
  if (found == entries_.end() || !found->second.trial)
    return;
  const auto left = found->second.trial_until_us - clock_->monotonic_us();
  throw refused(fmt::format("`{}` has version {} on probation for another {} s: wait, or roll it back first", role,
                            found->second.trial->name, std::max<int64_t>(left, 0) / 1'000'000 + 1));
}

version_ptr version_table::load(const std::filesystem::path& file, const std::string& role) {
  check_file(file); // what is seen without loading it does not count
  {
    std::lock_guard guard{mutex_};
    if (loads_ >= loads_max)
      throw refused(fmt::format("this process has loaded {} plugins, and they are never unloaded: restart the host to go on",
                                loads_));
    ++loads_; // one that is refused stays loaded, too
  }
  return hotswap::load(file, role, folder_);
}

void version_table::refuse(const std::string& role, const std::string& version_name, const std::string& file,
                           const std::string& reason) {
  std::lock_guard guard{mutex_};
  ++at(role).refusals;
  note(role, outcome::refused, version{.role = role, .name = version_name, .file = file}, reason, 0);
}

std::vector<role_status> version_table::status() const {
  std::lock_guard guard{mutex_};
  std::vector<role_status> result;
  for (const auto& [role, item] : entries_) {
    const bool standby = item.context.tenure && !item.context.tenure->active();
    if (!item.built_in || (standby && !caf::actor_cast<caf::strong_actor_ptr>(item.actor)))
      continue; // it has moved away
    const auto& now = item.trial ? item.trial : item.settled;
    result.push_back({.role = role,
                      .version = describe(*now),
                      .on_trial = item.trial != nullptr,
                      .standby = standby,
                      .trial_left_us = item.trial ? item.trial_until_us - clock_->monotonic_us() : 0,
                      .swaps = item.swaps,
                      .refusals = item.refusals,
                      .rollbacks = item.rollbacks});
  }
  return result;
}

std::vector<record> version_table::records() const {
  std::lock_guard guard{mutex_};
  return {records_.begin(), records_.end()};
}

version_ptr version_table::running(const std::string& role) const {
  std::lock_guard guard{mutex_};
  const auto found = entries_.find(role);
  if (found == entries_.end())
    return nullptr;
  return found->second.trial ? found->second.trial : found->second.settled;
}

} // namespace runtime::hotswap
