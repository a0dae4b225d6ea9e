// The store role's door: how the host describes and starts a shard, and how tests and simulations do.
#pragma once

#include "actors/store/limits.hpp"
#include "runtime/host/role.hpp"
#include "runtime/protocols/store.hpp"
#include "storage/engine.hpp"

#include <functional>
#include <memory>

namespace actors::store {

struct shard_options {
  std::string shard; // "pods"
  std::string host = {}; // of this shard
  // Called by the new actor; throws storage::error. A simulation returns the same engine after a restart. An engine that is
  // a copy (storage::owner_record) makes the shard follow the one on another host, until it takes over.
  std::function<std::shared_ptr<storage::engine>()> open;
  limits bounds = {};
  // Shard and committer each on a thread of its own; false under the test coordinator.
  bool own_threads = true;
  // A write that comes alone is committed by the shard itself, else by the committer as all others.
  bool commits_lone_writes = true;
  // Where it tells readers of this process how new it is; null: nowhere.
  std::shared_ptr<runtime::host::shard_revisions::cell> revision = {};
  runtime::seams::clock_ptr clock;
  runtime::seams::random_ptr random = {}; // names copies
  runtime::telemetry::logger log;
  // Called by the actor for each actor that it runs beside itself; may be empty.
  std::function<void(const std::string& name, const caf::strong_actor_ptr&)> on_part;
  // Called by the actor when it is a copy: who serves the shard is to be sent to it as role_up and role_down.
  std::function<void(const caf::strong_actor_ptr&)> find_source = {};
  // Called once by the actor when it serves, and by one whose data was handed over, since its successor may need the rest.
  std::function<void(const caf::strong_actor_ptr&)> on_ready;
};

/// Those of a host's shard, whose engine `open` opens.
shard_options options_of(const runtime::host::role_context& context, std::function<std::shared_ptr<storage::engine>()> open);

runtime::protocols::store_actor spawn_shard(caf::actor_system& system, shard_options options);

// For the table of roles.
runtime::host::role_descriptor describe();

} // namespace actors::store
