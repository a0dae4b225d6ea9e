// Where a host keeps its store shards: the store role opens them, and the keeper looks whether one is there.
#pragma once

#include <filesystem>
#include <string>

namespace runtime::host {

inline std::filesystem::path shard_folder(const std::filesystem::path& data, const std::string& shard) {
  return data / "store" / shard;
}

/// A former shard, kept once more after its data has moved to another host.
inline std::filesystem::path former_shard_folder(const std::filesystem::path& data, const std::string& shard) {
  return data / "store" / (shard + ".moved-away");
}

/// Whether this host has a shard, a copy of one, or a former one that was not set aside yet.
inline bool has_shard_folder(const std::filesystem::path& data, const std::string& shard) {
  std::error_code none;
  return std::filesystem::exists(shard_folder(data, shard) / "data.mdb", none);
}

} // namespace runtime::host
