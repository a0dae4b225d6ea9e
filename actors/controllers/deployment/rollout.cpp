// The arithmetic of rollouts.
#include "actors/controllers/deployment/rollout.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>

namespace actors::controllers::deployment {

namespace {

int32_t total(const std::vector<set_state>& sets) {
  return std::accumulate(sets.begin(), sets.end(), 0, [](int32_t sum, const auto& set) { return sum + set.replicas; });
}

void oldest_first(std::vector<set_state>& sets) {
  std::sort(sets.begin(), sets.end(), [](const auto& left, const auto& right) {
    return left.created != right.created ? left.created < right.created : left.name < right.name;
  });
}

int32_t resolve(amount value, int32_t replicas, bool round_up) {
  if (!value.is_percent)
    return value.value;
  const int64_t product = static_cast<int64_t>(value.value) * replicas;
  return static_cast<int32_t>(round_up ? (product + 99) / 100 : product / 100);
}

} // namespace

amount parse_percent(std::string_view text) {
  amount result;
  std::from_chars(text.data(), text.data() + text.size(), result.value);
  result.is_percent = text.ends_with('%');
  return result;
}

limits resolve_limits(amount surge, amount unavailable, int32_t replicas) {
  limits result{resolve(surge, replicas, true), resolve(unavailable, replicas, false)};
  if (result.surge == 0 && result.unavailable == 0)
    result.unavailable = 1; // otherwise nothing could ever move
  result.unavailable = std::min(result.unavailable, replicas);
  return result;
}

int32_t next_size_of_new(const set_state& new_set, const std::vector<set_state>& all, int32_t wanted, const limits& bounds) {
  if (new_set.replicas >= wanted)
    return wanted;
  const int32_t room = wanted + bounds.surge - total(all);
  if (room <= 0)
    return new_set.replicas;
  return new_set.replicas + std::min(room, wanted - new_set.replicas);
}

std::vector<resize> shrink_old(const set_state& new_set, std::vector<set_state> old, int32_t wanted, const limits& bounds) {
  oldest_first(old);
  std::vector<resize> result;
  const int32_t pods = total(old) + new_set.replicas;
  const int32_t available_min = wanted - bounds.unavailable;
  const int32_t new_unavailable = new_set.replicas - new_set.available;
  int32_t removable = pods - available_min - new_unavailable;
  if (removable <= 0)
    return result;
  std::vector<int32_t> size;
  for (const auto& set : old)
    size.push_back(set.replicas);
  // What is not available is of no use: it goes first.
  for (size_t i = 0; i < old.size() && removable > 0; ++i) {
    const int32_t broken = std::max(0, old[i].replicas - old[i].available);
    const int32_t taken = std::min(removable, broken);
    size[i] -= taken;
    removable -= taken;
  }
  // Then what is available, down to the minimum.
  int32_t available = new_set.available;
  for (const auto& set : old)
    available += set.available;
  int32_t spare = available - available_min;
  for (size_t i = 0; i < old.size() && spare > 0; ++i) {
    const int32_t taken = std::min(spare, size[i]);
    size[i] -= taken;
    spare -= taken;
  }
  for (size_t i = 0; i < old.size(); ++i)
    if (size[i] != old[i].replicas)
      result.push_back({old[i].name, old[i].replicas, size[i]});
  return result;
}

std::vector<resize> scale_proportionally(std::vector<set_state> active, int32_t wanted, const limits& bounds, bool rolling) {
  std::vector<resize> result;
  const int32_t present = total(active);
  const int32_t allowed = wanted > 0 ? wanted + (rolling ? bounds.surge : 0) : 0;
  int32_t to_add = allowed - present;
  if (to_add == 0)
    return result;
  // The largest first; among equals the newest when growing, the oldest when shrinking.
  std::sort(active.begin(), active.end(), [&](const auto& left, const auto& right) {
    if (left.replicas != right.replicas)
      return left.replicas > right.replicas;
    if (left.created != right.created)
      return to_add > 0 ? left.created > right.created : left.created < right.created;
    return left.name < right.name;
  });
  std::vector<int32_t> size;
  int32_t added = 0;
  for (const auto& set : active) {
    int32_t change = 0;
    if (set.replicas > 0) {
      const double before = set.max_replicas > 0 ? set.max_replicas : present;
      const double fair = static_cast<double>(set.replicas) * allowed / before;
      change = static_cast<int32_t>(std::lround(fair)) - set.replicas;
      const int32_t left = to_add - added;
      change = to_add > 0 ? std::clamp(change, 0, std::max(left, 0)) : std::clamp(change, std::min(left, 0), 0);
    }
    size.push_back(set.replicas + change);
    added += change;
  }
  if (!active.empty()) { // rounding leaves a rest, which the largest takes
    size.front() = std::max(0, size.front() + to_add - added);
  }
  for (size_t i = 0; i < active.size(); ++i)
    if (size[i] != active[i].replicas)
      result.push_back({active[i].name, active[i].replicas, size[i]});
  return result;
}

} // namespace actors::controllers::deployment
