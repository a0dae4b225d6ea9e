// What a placement file may say about supervision; what it leaves out keeps its default (runtime/README.md).
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace runtime::placement {

enum class restart_rule : uint8_t { permanent, transient, temporary };
enum class group_strategy : uint8_t { one_for_one, one_for_all, rest_for_one };

/// More than `restarts` within `period`: the supervisor gives up.
struct restart_limit {
  std::optional<int64_t> restarts;
  std::optional<std::chrono::milliseconds> period;
  bool operator==(const restart_limit&) const = default;
};

struct backoff_limits {
  std::optional<std::chrono::milliseconds> first, cap;
  std::optional<double> jitter;
  bool operator==(const backoff_limits&) const = default;
};

/// `supervision:` of a role's entry.
struct role_supervision {
  std::optional<restart_rule> restart;
  restart_limit limit; ///< of this role alone, beside that of its group
  backoff_limits backoff;
  std::optional<std::chrono::milliseconds> shutdown;
  bool operator==(const role_supervision&) const = default;
};

/// `supervision: {<group>: ...}` of the file.
struct group_supervision {
  std::optional<group_strategy> strategy;
  restart_limit limit;
  bool operator==(const group_supervision&) const = default;
};

using group_supervisions = std::map<std::string, group_supervision, std::less<>>;

/// The group of a host's root: it has a limit, but its strategy is fixed.
constexpr const char* root_group = "host";
/// All groups: the start phases of roles, and the root. A unit test compares it with the phases.
const std::vector<std::string>& group_names();

} // namespace runtime::placement
