// Replaces the visible files of a volume in one step, as upstream's: files live in a folder "..<time>" that
// the link
// "..data" points to, and visible names are links through it, so that a reader sees the old set or the new
// one.
#pragma once
#include "actors/kubelet/volumes/volumes.hpp"

namespace actors::kubelet::volumes {

/// Returns whether anything was written. `gid`: group that owns the files (fsGroup).
bool write_atomically(const std::filesystem::path& folder, const file_set& files, std::optional<int64_t> gid);

} // namespace actors::kubelet::volumes
