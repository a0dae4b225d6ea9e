// A supervisor: starts its children in order, restarts what fails, stops them in reverse order, and fails itself
// when restarting does not help. Supervisors nest: a child may be a supervisor.
//
//   auto tree = supervision::spawn(system, {.id = "supervisor/store", .children = {{.id = "store/pods", .start = ...}}});
//
// An exit message stops the children in order; then the supervisor ends with the message's reason.
// exit_reason::kill cannot be trapped: it ends the supervisor at once and its children with it.
#pragma once

#include "runtime/seams/random.hpp"
#include "runtime/supervision/child_spec.hpp"
#include "runtime/supervision/decide_restart.hpp"
#include "runtime/supervision/exhaustion.hpp"
#include "runtime/telemetry/actor_table.hpp"
#include "runtime/telemetry/log.hpp"

#include <caf/actor.hpp>
#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace runtime::supervision {

/// Told when a child fails, before it is restarted. Called by the supervisor's worker: be quick.
using failure_listener = std::function<void(const child_spec&, const std::string& failure)>;

struct supervisor_spec {
  std::string id = "supervisor";
  strategy how = strategy::one_for_one;
  restart_intensity intensity = {};
  /// Added to the intensity's limit for each child, also for one that is added later.
  size_t restarts_per_child = 0;
  std::vector<child_spec> children = {};
  /// The children do not need each other: they are stopped at once instead of one after the other.
  bool stop_together = false;

  std::string host = {};                                  ///< shown by `troupe ps`
  std::shared_ptr<telemetry::actor_table> table = {};     ///< may be null
  telemetry::logger log = {};
  seams::random_ptr random = {};                          ///< jitter of the backoff; null: none
  failure_listener on_failure = {};
  /// Told when the supervisor gives up, before it ends. Called by its worker.
  std::function<void(const exhaustion&)> on_exhausted = {};
};

/// How long a child that was sent exit_reason::kill may take: it ends as soon as its running handler returns.
/// One that does not is a failure of the supervisor, since a successor beside it could break what both own.
constexpr std::chrono::milliseconds kill_wait{5'000};

/// To a running supervisor: one more child, started at once. An id that was removed, or that ended for good, starts anew
/// with this description; one that runs is left alone.
struct add_child {
  child_spec spec;
};

/// Stops a child in order and forgets it. Answered with child_removed when it has ended, at once when there is none.
struct remove_child {
  std::string id;
};

struct child_removed {
  std::string id;
};

caf::actor spawn(caf::actor_system& system, supervisor_spec spec);

/// The time that an ordered stop of all children may take.
std::chrono::milliseconds stop_time_max(const supervisor_spec& spec);

} // namespace runtime::supervision

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::supervision::add_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::supervision::remove_child)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::supervision::child_removed)
