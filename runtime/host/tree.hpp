// The supervision tree of a host, made from its part of the placement: directory first, then the roles in their
// phases. Used by the host and by simulations alike.
//
//   supervisor (rest_for_one)
//   ├── directory
//   ├── supervisor/mesh     gate; only in a cluster of several hosts
//   ├── supervisor/store    (one_for_one) store/pods, store/events ...
//   ├── supervisor/apiserver ... controllers, scheduler, kubelet, proxy
//   └── readiness           tells when every role is up
#pragma once

#include "runtime/host/local_roles.hpp"
#include "runtime/host/role.hpp"
#include "runtime/placement/placement.hpp"
#include "runtime/supervision/supervisor.hpp"

#include <functional>
#include <span>

namespace runtime::host {

/// The root of the tree, in the actor table.
inline const std::string root_id = "supervisor";

struct tree_inputs {
  std::string host;
  std::vector<placement::role_instance> roles; ///< of this host
  placement::cluster_settings cluster;
  placement::group_supervisions supervision = {}; ///< what the placement file says about it
  std::filesystem::path data;                  ///< absolute
  std::filesystem::path pki;                   ///< may be empty
  std::shared_ptr<host_files> files = {};      ///< null: in `data`
  std::shared_ptr<mesh::mesh> mesh;            ///< null: the cluster has one host
  std::span<const role_descriptor> known;
  std::shared_ptr<telemetry::actor_table> table;
  std::shared_ptr<control::command_table> commands; ///< may be null
  std::shared_ptr<const placement::boot> boot;      ///< may be null
  std::shared_ptr<hotswap::version_table> versions; ///< may be null
  std::shared_ptr<shard_revisions> revisions = std::make_shared<shard_revisions>();
  telemetry::log_output_ptr log_output;        ///< may be null
  seams::clock_ptr clock;
  seams::random_ptr random;
  /// Told of every failure of a role instance; called by a worker.
  std::function<void(const role_descriptor&, const std::string& id, const std::string& failure)> on_failure;
  /// Told when a supervisor gives up; called by a worker.
  std::function<void(const supervision::exhaustion&)> on_exhausted;
  /// Called once by a worker: every role of `roles` is registered.
  std::function<void()> on_ready;
};

/// Throws std::invalid_argument for a role that `known` lacks. The system must outlive the tree.
supervision::supervisor_spec build_tree(caf::actor_system& system, const tree_inputs& inputs);

std::string_view to_string(start_phase phase);

} // namespace runtime::host
