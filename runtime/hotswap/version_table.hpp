// Which version each role of this host runs, which one it goes back to, and the history. Shared by the roles' actors, which
// tell what became of a swap, and by the threads that serve the operator's commands. Thread-safe.
#pragma once

#include "runtime/hotswap/history.hpp"
#include "runtime/hotswap/library.hpp"
#include "runtime/hotswap/messages.hpp"
#include "runtime/seams/clock.hpp"
#include "runtime/telemetry/log.hpp"

#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <set>
#include <thread>

namespace runtime::hotswap {

/// What `troupe swap --history` says first of a role.
struct role_status {
  std::string role;
  std::string version;
  bool on_trial = false;
  bool standby = false;      ///< this instance does not act: its role is another host's
  int64_t trial_left_us = 0; ///< negative: overdue, the actor does not come to judge it
  uint64_t swaps = 0, refusals = 0, rollbacks = 0; ///< in this process
};

class version_table {
public:
  /// Libraries are never unloaded, so their number is bounded.
  static constexpr size_t loads_max = 32;
  static constexpr size_t former_max = 8;

  version_table(const std::filesystem::path& data, seams::clock_ptr clock, telemetry::logger log);
  /// Writes what is not yet written of the history.
  ~version_table();

  /// Loads the settled plugins again and removes copies that nothing needs; before any role starts.
  void restore();

  // ---- told by roles' actors ----
  /// The version to start with. One on probation when its actor ended is given up.
  version_ptr role_started(const host::role_context& context, version_ptr built_in);
  /// From now on the role takes orders.
  void role_serves(const std::string& role, const caf::strong_actor_ptr& self);
  /// It could not be made: the built-in version starts.
  version_ptr unfit(const std::string& role, const std::string& reason);
  void swapped(const version_ptr& what, const probation_rules& rules, int64_t pause_us);
  void settled(const std::string& role);
  /// Of the one on trial, or of the settled one to the one before. Returns what works now.
  version_ptr rolled_back(const std::string& role, const std::string& reason, int64_t pause_us);
  /// What rolled_back() would return; null: there is nothing to go back to.
  version_ptr rollback_target(const std::string& role) const;

  // ---- for commands ----
  /// Holds a role for one command; throws refused when another one has it, or when the role is not here.
  class turn {
  public:
    turn(version_table& table, std::string role);
    ~turn();
    turn(const turn&) = delete;

    const host::role_context& context() const {
      return context_;
    }
    const caf::strong_actor_ptr& actor() const { // null: it does not run at the moment
      return actor_;
    }

  private:
    version_table& table_;
    std::string role_;
    host::role_context context_;
    caf::strong_actor_ptr actor_;
  };
  /// Throws refused while a version is on probation.
  void check_no_trial(const std::string& role) const;
  version_ptr load(const std::filesystem::path& file, const std::string& role);
  void refuse(const std::string& role, const std::string& version, const std::string& file, const std::string& reason);
  std::vector<role_status> status() const;
  std::vector<record> records() const;
  version_ptr running(const std::string& role) const;

private:
  struct entry {
    host::role_context context;
    version_ptr built_in;
    version_ptr settled;
    std::vector<version_ptr> former; // oldest first
    version_ptr trial;
    int64_t trial_until_us = 0; // monotonic
    bool held = false;          // by a command
    caf::weak_actor_ptr actor;
    uint64_t swaps = 0, refusals = 0, rollbacks = 0;
  };

  version_ptr give_up(entry& what, const std::string& reason, int64_t pause_us);
  void note(const std::string& role, outcome what, const version& which, const std::string& reason, int64_t pause_us);
  entry& at(const std::string& role);

  void write_history();

  std::filesystem::path folder_;
  seams::clock_ptr clock_;
  telemetry::logger log_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, entry> entries_;
  size_t loads_ = 0;
  std::deque<record> records_;   // the newest history::records_max
  std::deque<record> unwritten_; // of these: at most as many
  bool stopping_ = false;
  history history_;    // the writer's: actors tell what became of a swap and must not wait for the disk
  std::thread writer_; // last: it uses all of the above
};

} // namespace runtime::hotswap
