// What a role is to the host: its description (data, listed in actors/host/role_table.cpp) and what it is given
// when it is started.
//
//   // actors/scheduler/scheduler.cpp
//   runtime::host::role_descriptor describe() {
//     return {.spec = {.name = "scheduler", .summary = "assigns pods to nodes"},
//             .phase = runtime::host::start_phase::scheduler,
//             .spawn = [](caf::actor_system& system, const runtime::host::role_context& ctx) {
//               return caf::actor_cast<caf::strong_actor_ptr>(system.spawn(run_scheduler, ctx));
//             }};
//   }
#pragma once

#include "runtime/directory/directory.hpp"
#include "runtime/host/shard_revisions.hpp"
#include "runtime/host/tenure.hpp"
#include "runtime/placement/placement.hpp"
#include "runtime/seams/clock.hpp"
#include "runtime/seams/random.hpp"
#include "runtime/supervision/child_spec.hpp"
#include "runtime/telemetry/actor_table.hpp"
#include "runtime/telemetry/log.hpp"

#include <caf/all.hpp>

#include <chrono>
#include <filesystem>
#include <string>

namespace runtime::control {
class command_table;
}

namespace runtime::hotswap {
class version_table;
}

namespace runtime::mesh {
class mesh;
}

namespace runtime::host {

class host_files;
class local_roles;

/// Everything that a role instance is given. Copyable; what it points to is shared and thread-safe.
struct role_context {
  std::string id;   ///< of this instance: "kubelet/node-a"
  std::string role; ///< its role: "kubelet"
  std::string host; ///< the host's name in the placement file
  placement::role_settings settings;
  placement::cluster_settings cluster;
  std::filesystem::path data; ///< absolute path of the host's data folder
  std::filesystem::path pki;  ///< what `troupe pki init` made for this host; empty in a cluster of one host
  directory::handle directory;
  seams::clock_ptr clock;
  seams::random_ptr random;
  telemetry::logger log; ///< writes under this instance's id, at its level
  std::shared_ptr<telemetry::actor_table> actors; ///< what `troupe ps` lists; may be null
  /// What this host answers to operators: a role may add commands. Null in tests and simulations.
  std::shared_ptr<control::command_table> commands;
  /// For the keeper: what this process was started with, and the starting and stopping of roles.
  std::shared_ptr<const placement::boot> boot;
  std::weak_ptr<local_roles> roles;
  std::shared_ptr<host_files> files; ///< what the keeper keeps on disk; null: in `data`
  std::shared_ptr<mesh::mesh> mesh; ///< links to other hosts; null in a cluster of one host
  std::shared_ptr<hotswap::version_table> versions; ///< of swappable parts; null: nothing is swapped here
  std::shared_ptr<shard_revisions> revisions; ///< of the store shards of this process; null: they have to be asked
  tenure_ptr tenure; ///< null: the role is not fenced, every instance acts
};

/// The order of the start; the stop goes the other way round. Roles of one phase start together.
enum class start_phase : uint8_t { store, apiserver, keeper, controllers, scheduler, kubelet, proxy };

/// From when on the directory tells others about a role.
enum class readiness : uint8_t {
  when_spawned,    ///< the host registers it right after `spawn`
  when_registered, ///< it registers itself (directory::register_role) once it serves
};

struct role_descriptor {
  placement::role_spec spec;
  start_phase phase = start_phase::controllers;
  readiness ready = readiness::when_spawned;
  /// A failure before the host is ready ends the host with that failure (a port or a data folder in use), since
  /// nobody is served yet and an operator waits. False: it is restarted as it would be later.
  bool start_failure_is_fatal = false;
  /// Runs on every host without being placed.
  bool implicit = false;
  supervision::restart_policy restart = supervision::restart_policy::permanent;
  /// Time for an orderly stop (exit_reason::user_shutdown); then it is killed.
  std::chrono::milliseconds shutdown{5'000};
  /// Makes the actor; called for every start and restart, in the supervisor, so it must be quick: what
  /// takes time (opening files, binding ports) belongs to the actor's first moments. May throw.
  caf::strong_actor_ptr (*spawn)(caf::actor_system&, const role_context&) = nullptr;
  /// Takes back what the role leaves on the machine for its successor (routes, rules). Called after the instance has
  /// ended because the placement no longer has it here, not after a crash or a stop of the host. Null: nothing is left.
  void (*take_back)(const role_context&) = nullptr;
  /// It does not block: it needs no thread of its own, as in a simulation.
  bool take_back_is_quick = false;
};

/// Tells the directory that this instance serves from now on (for `readiness::when_registered`).
inline void announce_ready(const role_context& ctx, const caf::strong_actor_ptr& self) {
  caf::anon_send(ctx.directory, directory::register_role{ctx.id, self, {}, ctx.tenure ? ctx.tenure->epoch() : 0});
}

/// Lists an actor that the role runs beside its own ("store/pods/committer") until it ends.
inline void enroll_part(const role_context& ctx, const std::string& name, const caf::strong_actor_ptr& part) {
  telemetry::enroll(ctx.actors, ctx.id + "/" + name, ctx.role, ctx.host, part, ctx.id);
}

} // namespace runtime::host

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::host::role_context)
