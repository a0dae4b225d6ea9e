// What another placement would change, what of it is refused, and the edits of `troupe move` and `troupe drain`. Pure.
#pragma once

#include "actors/keeper/decide_role.hpp"
#include "runtime/placement/placement.hpp"

#include <map>
#include <string>
#include <vector>

namespace actors::keeper {

using runtime::placement::placement;
using runtime::placement::role_instance;
using runtime::placement::role_override;

/// One thing that would happen, for `troupe plan`.
struct step {
  enum class kind : uint8_t { start, stop, move, restart, reorder } what;
  std::string role;
  std::string from, to; ///< hosts
  std::string text() const;
};

struct change {
  std::vector<step> steps;
  std::vector<std::string> refusals; ///< why it cannot be carried out; none: it can
};

inline constexpr std::string_view store_role = "store";
inline constexpr std::string_view apiserver_role = "apiserver";

/// From the placement in force to `next`; `see` tells which hosts are there. `owners`: role id -> host that owns it now, or serves
/// the shard, which after a failover is not the preferred one. Without any, whether a shard can be copied now is not looked at: somebody
/// has decided it.
change plan_change(const placement& now, const placement& next, const presence_of& see,
                   const std::map<std::string, std::string>& owners = {});

/// True when an instance that runs as `before` must be started anew to be as `after`.
bool needs_restart(const role_instance& before, const role_instance& after);

/// The file with `overrides` as its section of that name; comments and everything else stay.
std::string with_overrides(const std::string& text, const std::vector<role_override>& overrides);

struct edit {
  std::vector<role_override> overrides;
  std::vector<std::string> notes; ///< what stays where it is, and why
  std::string refusal;            ///< empty: go on
};

/// The overrides after `troupe move ROLE HOST`: HOST first, the role's other hosts after it.
/// `next`: the generation that the edited placement will have. Whether a shard's move can be carried out is for plan_change().
edit move_role(const placement& now, const std::string& role, const std::string& host, int64_t next, const presence_of& see);

/// After `troupe drain HOST`: every singleton and every shard elsewhere. `owners`: role id -> host that owns it now.
edit drain_host(const placement& now, const std::string& host, const std::map<std::string, std::string>& owners,
                int64_t next, const presence_of& see);

} // namespace actors::keeper
