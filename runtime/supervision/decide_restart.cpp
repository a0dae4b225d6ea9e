#include "runtime/supervision/decide_restart.hpp"

#include <algorithm>

namespace runtime::supervision {

std::string_view to_string(strategy how) {
  switch (how) {
    case strategy::one_for_one:
      return "one_for_one";
    case strategy::one_for_all:
      return "one_for_all";
    case strategy::rest_for_one:
      return "rest_for_one";
  }
  return "unknown";
}

bool restart_history::add(time_point now, const restart_intensity& limit) {
  moments_.push_back(now);
  while (!moments_.empty() && now - moments_.front() > limit.period)
    moments_.pop_front();
  if (moments_.size() <= limit.restarts_max)
    return false;
  moments_.pop_front();
  return true;
}

bool wants_restart(restart_policy policy, bool orderly) {
  return policy == restart_policy::permanent || (policy == restart_policy::transient && !orderly);
}

std::vector<size_t> affected_children(strategy how, size_t index, size_t children) {
  auto first = how == strategy::one_for_all ? 0 : index;
  auto last = how == strategy::one_for_one ? index + 1 : children;
  std::vector<size_t> result;
  for (auto i = first; i < last; ++i)
    result.push_back(i);
  return result;
}

std::chrono::milliseconds decide_backoff(const backoff_policy& policy, size_t streak, double chance) {
  if (streak == 0)
    return std::chrono::milliseconds{0};
  auto delay = policy.first;
  for (size_t i = 1; i < streak && delay < policy.cap; ++i)
    delay *= 2;
  delay = std::min(delay, policy.cap);
  auto moved = static_cast<double>(delay.count()) * (1 + policy.jitter * (2 * chance - 1));
  return std::min(std::chrono::milliseconds{static_cast<int64_t>(moved)}, policy.cap);
}

restart_decision decide_restart(const ended_child& child, const child_spec& spec, strategy how, double chance) {
  if (!wants_restart(spec.restart, child.orderly))
    return {};
  if (child.too_many)
    return {.what = verdict::escalate};
  return {.what = verdict::restart,
          .delay = decide_backoff(spec.backoff, child.streak, chance),
          .affected = affected_children(how, child.index, child.children)};
}

} // namespace runtime::supervision
