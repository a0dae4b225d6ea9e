#include "actors/kubelet/logs/log_rotation.hpp"
#include <algorithm>
#include <cstdio>

namespace actors::kubelet::logs {

namespace fs = std::filesystem;

bool rotate_if_large(cri::container_runtime& runtime, const std::string& container_id, const fs::path& log,
                     int64_t now_us, const rotation_policy& policy) {
  std::error_code ec;
  auto size = fs::file_size(log, ec);
  if (ec || size < policy.bytes_max)
    return false;
  char suffix[32];
  std::snprintf(suffix, sizeof suffix, ".%017lld", static_cast<long long>(now_us));
  fs::path rotated = log.string() + suffix;
  fs::rename(log, rotated, ec);
  if (ec)
    return false;
  try {
    runtime.reopen_log(container_id);
  } catch (const cri::error&) {
    fs::rename(rotated, log, ec); // the runtime still writes to it: take the name back
    throw;
  }
  std::vector<fs::path> old;
  auto prefix = log.filename().string() + ".";
  for (const auto& entry : fs::directory_iterator(log.parent_path(), ec))
    if (entry.path().filename().string().rfind(prefix, 0) == 0)
      old.push_back(entry.path());
  std::sort(old.begin(), old.end());
  for (size_t i = 0; i + policy.files_max - 1 < old.size(); ++i)
    fs::remove(old[i], ec);
  return true;
}

} // namespace actors::kubelet::logs
