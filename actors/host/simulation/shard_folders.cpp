#include "actors/host/simulation/shard_folders.hpp"

#include "actors/store/decide_leftover.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace actors::host::simulation {

using storage::owner_state;

shard_folders::folder shard_folders::make(const std::string& shard, const std::string& host, bool as_copy) {
  auto disk = std::make_shared<simulated_disk>(as_copy);
  disk->when_taken_over([this] { look(); });
  folders_[{shard, host}] = disk;
  return disk;
}

shard_folders::folder shard_folders::find(const std::string& shard, const std::string& host) const {
  const auto found = folders_.find({shard, host});
  return found == folders_.end() ? nullptr : found->second;
}

std::vector<shard_folders::entry> shard_folders::all() const {
  std::vector<entry> result;
  for (const auto& [key, disk] : folders_)
    result.push_back({key.first, key.second, disk});
  return result;
}

shard_folders::folder_map::const_iterator shard_folders::find_holder(const std::string& shard) const {
  const auto first = folders_.lower_bound({shard, ""});
  if (first == folders_.end() || first->first.first != shard)
    throw std::logic_error("no host has anything of shard " + shard);
  auto last = folders_.end();
  for (auto at = first; at != folders_.end() && at->first.first == shard; ++at) {
    const auto owner = at->second->owner();
    if (owner.state == owner_state::serving)
      return at;
    if (owner.state == owner_state::handed_over && (last == folders_.end() || owner.epoch > last->second->owner().epoch))
      last = at;
  }
  return last == folders_.end() ? first : last; // copies only: the checkers find what is missing
}

shard_folders::folder shard_folders::holder_of(const std::string& shard) const {
  return find_holder(shard)->second;
}

const std::string& shard_folders::host_of(const std::string& shard) const {
  return find_holder(shard)->first.second;
}

std::map<std::string, shard_folders::folder> shard_folders::holders() const {
  std::map<std::string, folder> result;
  for (const auto& [key, disk] : folders_)
    if (!result.contains(key.first))
      result[key.first] = holder_of(key.first);
  return result;
}

void shard_folders::lose_power(const std::string& host) {
  for (const auto& [key, disk] : folders_)
    if (key.second == host)
      disk->lose_power();
}

void shard_folders::take_back(const std::string& shard, const std::string& host) {
  const auto found = folders_.find({shard, host});
  if (found == folders_.end() || store::decide_leftover(found->second->owner().state) == store::leftover::stay)
    return;
  former_.push_back(found->second);
  folders_.erase(found);
}

void shard_folders::look() {
  std::map<std::string, std::string> serving;
  for (const auto& [key, disk] : folders_) {
    if (disk->owner().state != owner_state::serving)
      continue;
    const auto [other, first] = serving.emplace(key.first, key.second);
    if (!first)
      served_twice_.push_back(fmt::format("shard {} takes writes on {} and on {}", key.first, other->second, key.second));
  }
}

uint64_t shard_folders::commits() const {
  uint64_t result = 0;
  for (const auto& [key, disk] : folders_)
    result += disk->commits();
  for (const auto& disk : former_)
    result += disk->commits();
  return result;
}

} // namespace actors::host::simulation
