#include "actors/apiserver/fencing/fence_table.hpp"

#include <algorithm>

namespace actors::apiserver::fencing {

namespace {

constexpr std::string_view role_group = "troupe.dev";
constexpr std::string_view role_version = "v1";
constexpr std::string_view role_plural = "roles";

int64_t find_epoch(const std::map<std::string, int64_t, std::less<>>& epochs, std::string_view role) {
  const auto found = epochs.find(role);
  return found == epochs.end() ? 0 : found->second;
}

} // namespace

const registry::kind* claiming_kind() { return registry::find_kind(role_group, role_version, role_plural); }

std::optional<claim> claim_of(const registry::kind& kind, const messages::codec::draft& object) {
  if (kind.group != role_group || kind.plural != role_plural)
    return std::nullopt;
  claim result;
  result.role = object.get("spec").get("role").str();
  const auto& epoch = object.get("status").get("epoch");
  if (result.role.empty() || !epoch.is_integer() || epoch.integer() <= 0)
    return std::nullopt;
  result.epoch = epoch.integer();
  return result;
}

bool fence_table::note(const claim& known) {
  auto& epoch = known_[known.role];
  if (known.epoch <= epoch)
    return false;
  epoch = known.epoch;
  settled_.clear();
  return true;
}

int64_t fence_table::epoch_of(std::string_view role) const { return find_epoch(known_, role); }

void fence_table::confirm(std::string_view shard, const claim& raised) {
  auto& epoch = confirmed_[std::string{shard}][raised.role];
  epoch = std::max(epoch, raised.epoch);
}

void fence_table::forget(std::string_view shard) {
  if (const auto found = confirmed_.find(shard); found != confirmed_.end())
    confirmed_.erase(found);
  settled_.clear();
}

std::vector<claim> fence_table::due(std::string_view shard) const {
  std::vector<claim> result;
  if (settled_.contains(shard))
    return result;
  static const epochs none;
  const auto found = confirmed_.find(shard);
  const epochs& raised = found == confirmed_.end() ? none : found->second;
  // Both are in the order of the roles.
  auto at = raised.begin();
  for (const auto& [role, epoch] : known_) {
    while (at != raised.end() && at->first < role)
      ++at;
    if ((at == raised.end() || at->first != role ? 0 : at->second) < epoch)
      result.push_back({role, epoch});
  }
  if (result.empty())
    settled_.emplace(shard);
  return result;
}

bool fence_table::confirmed(std::string_view shard, const claim& asked) const {
  const auto found = confirmed_.find(shard);
  return found != confirmed_.end() && find_epoch(found->second, asked.role) >= asked.epoch;
}

} // namespace actors::apiserver::fencing
