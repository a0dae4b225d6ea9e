// Keeps container logs bounded: a log over its size is renamed and the runtime asked to reopen it; old ones
// go.
#pragma once
#include <filesystem>
#include "actors/kubelet/cri/container_runtime.hpp"

namespace actors::kubelet::logs {

struct rotation_policy {
  uintmax_t bytes_max = 10 << 20;
  size_t files_max = 5; ///< with the current one
};

/// Returns whether the log was rotated. `now_us` names the rotated file. Throws cri::error; the log keeps its
/// name then.
bool rotate_if_large(cri::container_runtime&, const std::string& container_id,
                     const std::filesystem::path& log, int64_t now_us, const rotation_policy& = {});

} // namespace actors::kubelet::logs
