// How a supervised actor is started, restarted and stopped: data.
#pragma once

#include <caf/actor_control_block.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace runtime::supervision {

enum class restart_policy : uint8_t {
  permanent, ///< always restarted
  transient, ///< restarted after a failure only
  temporary, ///< never restarted
};

/// How long to wait before a child is started again. The first restart after a quiet time is immediate.
struct backoff_policy {
  std::chrono::milliseconds first{100};
  std::chrono::milliseconds cap{30'000};
  /// The part of the delay that chance adds or removes, so that many children do not return in one moment.
  double jitter = 0.2;
  /// A child that lived this long has its streak of failures forgiven.
  std::chrono::milliseconds forgive_after{60'000};
};

/// More than `restarts_max` restarts within `period` mean that restarting does not help: the supervisor gives up.
struct restart_intensity {
  size_t restarts_max = 5;
  std::chrono::milliseconds period{10'000};
};

struct child_spec {
  std::string id;
  std::string role; ///< shown by `troupe ps`
  /// Runs in the supervisor. It may throw: that counts as a failure of the child.
  std::function<caf::strong_actor_ptr()> start;
  restart_policy restart = restart_policy::permanent;
  /// Time for an orderly stop; then the child is killed.
  std::chrono::milliseconds shutdown{5'000};
  backoff_policy backoff = {};
  /// False: someone else tells the actor table when it serves.
  bool ready_when_started = true;
  /// A limit of this child alone, beside its supervisor's.
  std::optional<restart_intensity> intensity = {};
};

} // namespace runtime::supervision
