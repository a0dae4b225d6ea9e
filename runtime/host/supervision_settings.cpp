#include "runtime/host/supervision_settings.hpp"

#include <algorithm>

namespace runtime::host {

namespace {

using namespace supervision;

restart_policy policy_of(placement::restart_rule rule) {
  switch (rule) {
    case placement::restart_rule::permanent:
      return restart_policy::permanent;
    case placement::restart_rule::transient:
      return restart_policy::transient;
    case placement::restart_rule::temporary:
      return restart_policy::temporary;
  }
  return restart_policy::permanent;
}

strategy strategy_of(placement::group_strategy how) {
  switch (how) {
    case placement::group_strategy::one_for_one:
      return strategy::one_for_one;
    case placement::group_strategy::one_for_all:
      return strategy::one_for_all;
    case placement::group_strategy::rest_for_one:
      return strategy::rest_for_one;
  }
  return strategy::one_for_one;
}

void apply_limit(const placement::restart_limit& given, restart_intensity& intensity) {
  if (given.restarts)
    intensity.restarts_max = static_cast<size_t>(*given.restarts);
  if (given.period)
    intensity.period = *given.period;
}

void apply_backoff(const placement::backoff_limits& given, backoff_policy& backoff) {
  if (given.cap)
    backoff.cap = *given.cap;
  if (given.first)
    backoff.first = *given.first;
  // One of both may be a default.
  if (given.cap && !given.first)
    backoff.first = std::min(backoff.first, backoff.cap);
  else
    backoff.cap = std::max(backoff.first, backoff.cap);
  if (given.jitter)
    backoff.jitter = *given.jitter;
}

} // namespace

void apply(const placement::role_supervision& given, child_spec& child) {
  if (given.restart)
    child.restart = policy_of(*given.restart);
  if (given.shutdown)
    child.shutdown = *given.shutdown;
  apply_backoff(given.backoff, child.backoff);
  if (given.limit.restarts) {
    child.intensity.emplace();
    apply_limit(given.limit, *child.intensity);
  }
}

void apply(const placement::group_supervisions& given, std::string_view group, supervisor_spec& supervisor) {
  auto found = given.find(group);
  if (found == given.end())
    return;
  apply_limit(found->second.limit, supervisor.intensity);
  if (found->second.limit.restarts)
    supervisor.restarts_per_child = 0; // the file gives the whole limit
  if (!found->second.strategy)
    return;
  supervisor.how = strategy_of(*found->second.strategy);
  // Any other strategy says that the roles need each other, for the stop as well.
  if (supervisor.how != strategy::one_for_one)
    supervisor.stop_together = false;
}

} // namespace runtime::host
