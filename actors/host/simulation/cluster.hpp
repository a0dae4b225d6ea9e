// A whole cluster in one deterministic process: the hosts of a placement with their real supervision trees, keepers and roles,
// links between them, disks in memory, hollow nodes. One seed decides everything that chance decides.
#pragma once

#include "actors/host/simulation/probe_log.hpp"
#include "actors/host/simulation/shard_folders.hpp"
#include "runtime/host/host_files.hpp"
#include "runtime/host/role.hpp"
#include "runtime/mesh/mesh.hpp"
#include "runtime/simulation/host_clock.hpp"
#include "runtime/simulation/kernel.hpp"
#include "runtime/simulation/network.hpp"

#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace actors::host::simulation {

using namespace runtime::simulation;
using store::simulated_disk;

/// What each host begins with: how many there are and what they run.
struct cluster_shape {
  int hosts = 3;
  int nodes = 6;      ///< hollow ones, spread over the hosts
  int apiservers = 2; ///< on the last hosts
  int singleton_hosts = 0; ///< the first ones, where singletons may work; 0: all
  int64_t history_seconds = 3'600;
};

/// The placement file of a shape: shards on the first host, apiservers on the last ones, singletons on all, in turn.
std::string placement_of(const cluster_shape& shape);
std::string host_name(int index); ///< "host-a"

struct cluster_options {
  uint64_t seed = 1;
  cluster_shape shape;
  std::span<const runtime::host::role_descriptor> known;
  latency links = {};
  runtime::telemetry::log_level log_level = runtime::telemetry::log_level::info;
  std::string keep_log_of; ///< lines of roles whose id begins so are kept; "": none, "*": all
};

/// What a host keeps on its disk.
class kept_files final : public runtime::host::host_files {
public:
  kept_files(std::string host, const shard_folders& shards) : host_(std::move(host)), shards_(shards) {
  }
  bool has_placement() const override {
    return kept_.has_value();
  }
  void save_placement(const runtime::host::kept_placement& placement) override {
    kept_ = placement;
  }
  void save_given_placement(const std::string&) override {
  }
  bool has_shard(const std::string& shard) const override {
    return shards_.find(shard, host_) != nullptr;
  }
  const std::optional<runtime::host::kept_placement>& placement() const {
    return kept_;
  }

private:
  std::string host_;
  const shard_folders& shards_;
  std::optional<runtime::host::kept_placement> kept_;
};

/// A host that runs, or is down.
struct simulated_host {
  std::string name;
  host_id id = nowhere; ///< of this life
  bool running = false;
  bool wanted = true; ///< started again when it ends by itself
  uint64_t starts = 0;
  caf::actor root;
  std::shared_ptr<host_clock> clock;
  std::shared_ptr<runtime::mesh::mesh> mesh;
  std::shared_ptr<runtime::telemetry::actor_table> table;
  std::shared_ptr<kept_files> files; ///< outlives its lives
};

class cluster {
public:
  explicit cluster(cluster_options options);
  ~cluster();
  cluster(const cluster&) = delete;

  kernel& time() {
    return kernel_;
  }
  network& net() {
    return *network_;
  }
  probe_log& probes() {
    return *probes_;
  }
  const cluster_options& options() const {
    return options_;
  }

  // -- hosts
  const std::vector<std::string>& host_names() const {
    return names_;
  }
  simulated_host& host(const std::string& name) {
    return hosts_.at(name);
  }
  void start_host(const std::string& name);
  /// The power goes (`noticed` false: the others find out by silence) or the process is killed; disks lose what was not synced.
  void crash_host(const std::string& name, bool noticed);
  /// Of simulated users, beside the hosts of the placement.
  runtime::host::role_context user_context(const std::string& id);

  // -- roles
  struct running_role {
    std::string host;
    std::string id;
  };
  /// Those that live, gates and supervisors included, in a fixed order.
  std::vector<running_role> roles();
  /// The id of the role, or of its part, whose actor this is; "": it is none of `host`'s.
  std::string role_of(host_id host, const caf::actor_addr& actor);
  caf::strong_actor_ptr handle_of(const std::string& host, const std::string& id);
  /// As a failure in its handler would: its supervisor starts it again.
  void crash_role(const std::string& host, const std::string& id);

  // -- disks
  /// Where the shard's data is now, by the disks' own records.
  simulated_disk& disk(const std::string& shard) {
    return *folders_.holder_of(shard);
  }
  /// The same of all shards, by their names.
  std::map<std::string, std::shared_ptr<simulated_disk>> disks() const {
    return folders_.holders();
  }
  shard_folders& folders() {
    return folders_;
  }
  /// Each batch costs the shard so much time.
  void slow_disk(const std::string& shard, duration per_batch);

  /// For the spawn functions of the simulation's roles.
  static cluster& current();
  caf::strong_actor_ptr spawn_store(const runtime::host::role_context& context);
  void take_store_back(const runtime::host::role_context& context);
  const std::vector<runtime::placement::role_spec>& specs() const {
    return specs_;
  }

private:
  void begin(simulated_host& host, std::vector<runtime::placement::role_instance> roles);
  void end(simulated_host& host, bool noticed);
  std::shared_ptr<const runtime::placement::boot> boot_of(const simulated_host& host) const;
  void on_root_ended(const std::string& name, host_id life);

  cluster_options options_;
  kernel kernel_;
  std::shared_ptr<probe_log> probes_;
  std::unique_ptr<network> network_;
  std::vector<runtime::host::role_descriptor> known_;
  std::vector<runtime::placement::role_spec> specs_;
  std::shared_ptr<const runtime::placement::boot> boot_;
  std::vector<std::string> names_;
  std::map<std::string, simulated_host> hosts_;
  shard_folders folders_;
  std::map<std::string, duration> slow_disks_;
  std::map<std::string, caf::actor_id> committers_;
};

} // namespace actors::host::simulation
