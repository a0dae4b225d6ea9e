// The roles of this host while it runs: started and stopped below the supervisor of their phase, at any time. The
// keeper's hands. Thread-safe.
#pragma once

#include "runtime/host/role.hpp"
#include "runtime/placement/placement.hpp"
#include "runtime/supervision/supervisor.hpp"

#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace runtime::host {

class local_roles {
public:
  /// Makes the description of a role's child, with the tenure that it is to be given.
  using describe_child =
    std::function<supervision::child_spec(const placement::role_instance& role, tenure_ptr tenure)>;
  using phase_of = std::function<start_phase(const std::string& role)>;

  /// What takes back what a role left on the machine, as its descriptor says. It must not throw.
  struct way_back {
    std::function<void()> job; ///< null: nothing is left
    bool quick = false;        ///< else it is called on a thread of its own
  };
  using take_back = std::function<way_back(const placement::role_instance& role)>;

  local_roles(describe_child describe, phase_of phase, take_back back)
    : describe_(std::move(describe)), phase_of_(std::move(phase)), take_back_(std::move(back)) {
  }

  struct instance {
    placement::role_instance role;
    tenure_ptr tenure; ///< null: the role is bound to this host
  };

  /// Starts a role; with a tenure that is not active it is a standby. Nothing happens when the id runs already.
  /// Throws std::invalid_argument for a role that this program does not know.
  void start(const placement::role_instance& role, tenure_ptr tenure);
  /// Ends a role in order. `ended` is called, by any thread, when the role has ended, or failed to within `stop_time_max`.
  /// `for_good`: the placement has it here no more, so what it left on the machine is taken back.
  void stop(const std::string& id, bool for_good, std::function<void()> ended);

  /// The instance owns its role from now on: its actor is told, and the directory.
  void grant(const std::string& id, int64_t epoch, const directory::handle& directory);

  std::vector<instance> running() const;

  // -- for the tree
  void add_at_start(const placement::role_instance& role);
  /// For a new supervisor of the phase; what is started until supervisor_started() is handed to it then.
  std::vector<supervision::child_spec> children(start_phase phase);
  void supervisor_started(start_phase phase, caf::actor supervisor);

  static constexpr std::chrono::milliseconds stop_time_max{20'000};

private:
  struct entry {
    placement::role_instance role;
    tenure_ptr tenure;
    start_phase phase;
    supervision::child_spec child;
    uint64_t order = 0;
    bool handed_over = false; ///< a supervisor has it, or will find it among its first children
  };

  describe_child describe_;
  phase_of phase_of_;
  take_back take_back_;
  mutable std::mutex mutex_;
  std::map<std::string, entry> entries_;
  std::map<start_phase, caf::actor> supervisors_;
  uint64_t next_order_ = 0;
};

using local_roles_ptr = std::shared_ptr<local_roles>;

} // namespace runtime::host
