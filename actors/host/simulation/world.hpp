// What a scenario's workloads, faults and checkers share: the cluster, its users, and what they have asked of it.
#pragma once

#include "actors/host/simulation/history.hpp"
#include "actors/host/simulation/scenario.hpp"
#include "actors/host/simulation/user_actor.hpp"
#include "actors/host/simulation/witness_actor.hpp"
#include "messages/codec/codec.hpp"

#include <functional>
#include <map>
#include <set>

namespace actors::host::simulation {

struct violation {
  std::string checker;
  std::string text;
};

struct wanted_deployment {
  int replicas = 0;
  std::string image;
};

class world {
public:
  world(cluster& sim, const scenario& plan);
  ~world();
  world(const world&) = delete;

  cluster& sim;
  const scenario& plan;
  dice chance;       ///< of the workloads
  dice fault_chance; ///< of the faults

  user_actor& admin() {
    return *admin_;
  }
  witness_actor& witness() {
    return *witness_;
  }
  /// One more user, who watches nothing and whose apiserver depends on the name.
  user_actor& add_user(const std::string& name);
  /// All users.
  const std::vector<user_actor*>& users() const {
    return users_;
  }

  // -- time
  /// Workloads and faults go on.
  bool working() const {
    return working_;
  }
  void stop_working() {
    working_ = false;
  }
  /// Calls `what` about every `period` while working.
  void repeat(milliseconds period, dice& from, std::function<void()> what);
  int64_t now_us();

  /// Steps that all faults see.
  void on_step(std::function<void(const next_step&)> hook);
  /// Asked for each message that arrives from another host; the first that does not let it pass has it.
  void filter_deliveries(std::function<verdict(const delivery&)> filter);
  /// Called when the faults end: puts right what they did.
  void at_end_of_faults(std::function<void()> repair) {
    repairs_.push_back(std::move(repair));
  }
  void end_faults();

  // -- what was asked for
  std::map<std::string, wanted_deployment> deployments; ///< by "namespace/name"
  std::set<std::string> services;                       ///< the same
  std::set<std::string> namespaces;                     ///< that are to be there
  std::set<std::string> gone_namespaces;                ///< that were deleted
  std::vector<operation> history;
  std::vector<std::string> maybe; ///< values whose writes may have happened
  struct {
    std::string text;
    std::set<std::string> shards; ///< "name on host"
  } placed;                       ///< what the placement that was looked at last says of shards
  size_t open_operations = 0;     ///< of workloads that do not go through a user's list

  // -- what was found meanwhile
  std::vector<violation> violations;
  std::map<std::string, uint64_t> strikes; ///< of each fault

  /// What is not as desired yet; empty: everything is.
  std::vector<std::string> unmet();

private:
  template <class Actor>
  Actor* spawn(const std::string& name, std::vector<const client::resource*> watched);

  std::vector<caf::strong_actor_ptr> actors_;
  user_actor* admin_ = nullptr;
  witness_actor* witness_ = nullptr;
  std::vector<user_actor*> users_;
  bool working_ = true;
  std::vector<std::function<void(const next_step&)>> hooks_;
  std::vector<std::function<verdict(const delivery&)>> filters_;
  std::vector<std::function<void()>> repairs_;
};

/// All resources that the admin of a world watches.
const std::vector<const client::resource*>& watched_resources();

/// The object as the API shows it.
draft shown(const client::resource& what, const client::entry& item);

} // namespace actors::host::simulation
