#include "actors/kubelet/resources/cgroups.hpp"
#include <unistd.h>
#include <algorithm>
#include <fstream>
#include <sstream>

namespace actors::kubelet::resources {
namespace {

namespace fs = std::filesystem;

/// Guaranteed pods are directly below the node's folder.
constexpr const char* class_folders[] = {"", "/burstable", "/besteffort"};

/// Control groups are removed with rmdir, deepest first; their files go with them.
bool remove_tree(const fs::path& folder) {
  std::error_code ec;
  bool ok = true;
  for (const auto& entry : fs::directory_iterator(folder, ec))
    if (entry.is_directory(ec) && !entry.is_symlink(ec))
      ok = remove_tree(entry.path()) && ok;
  return ::rmdir(folder.c_str()) == 0 || errno == ENOENT ? ok : false;
}

} // namespace

int64_t cpu_shares(int64_t milli) { return std::max(cpu_shares_min, milli * 1024 / 1000); }

int64_t cpu_quota_us(int64_t milli) { return std::max(cpu_quota_min_us, milli * cpu_period_us / 1000); }

int64_t oom_score_adj(pods::qos_class qos, const pods::resource_spec& r, int64_t machine_memory_bytes) {
  if (qos == pods::qos_class::guaranteed)
    return -997;
  if (qos == pods::qos_class::best_effort)
    return 1000;
  int64_t request = r.requests.memory_bytes.value_or(r.limits.memory_bytes.value_or(0));
  // In doubles: 1000 x a request in bytes may not fit.
  double share =
    machine_memory_bytes > 0 ? static_cast<double>(request) / static_cast<double>(machine_memory_bytes) : 0;
  auto adjust = 1000 - static_cast<int64_t>(std::min(share, 1.0) * 1000);
  return std::clamp<int64_t>(adjust, 3, 999);
}

cri::container_resources container_values(const pods::pod_spec& pod, const pods::container_spec& c,
                                          int64_t machine_memory_bytes) {
  cri::container_resources values;
  const auto& r = c.resources;
  values.cpu_shares =
    cpu_shares(r.requests.cpu_milli ? *r.requests.cpu_milli : r.limits.cpu_milli.value_or(0));
  if (r.limits.cpu_milli.value_or(0) > 0) {
    values.cpu_period = cpu_period_us;
    values.cpu_quota = cpu_quota_us(*r.limits.cpu_milli);
  }
  values.memory_limit = r.limits.memory_bytes.value_or(0);
  values.oom_score_adj = oom_score_adj(pods::compute_qos(pod), r, machine_memory_bytes);
  return values;
}

std::string cgroup_root(const std::string& node) { return "/troupe-" + node; }

std::string cgroup_parent(const std::string& node, const pods::pod_spec& pod) {
  std::string middle;
  switch (pods::compute_qos(pod)) {
    case pods::qos_class::burstable:
      middle = "/burstable";
      break;
    case pods::qos_class::best_effort:
      middle = "/besteffort";
      break;
    default:
      break;
  }
  return cgroup_root(node) + middle + "/pod" + pod.uid;
}

std::vector<fs::path> cgroup_hierarchies() {
  std::vector<fs::path> result;
  std::ifstream in("/proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    auto dash = line.find(" - ");
    if (dash == std::string::npos || line.compare(dash + 3, 6, "cgroup") != 0)
      continue;
    std::istringstream words(line);
    std::string id, parent, device, root, mount_point;
    words >> id >> parent >> device >> root >> mount_point;
    result.emplace_back(mount_point);
  }
  return result;
}

std::vector<fs::path> remove_pod_cgroups(const std::string& node, const std::string& uid) {
  std::vector<fs::path> left;
  for (const auto& hierarchy : cgroup_hierarchies())
    for (const char* middle : class_folders) {
      fs::path folder = hierarchy.string() + cgroup_root(node) + middle + "/pod" + uid;
      std::error_code ec;
      if (fs::is_directory(folder, ec) && !remove_tree(folder))
        left.push_back(folder);
    }
  return left;
}

std::vector<fs::path> remove_cgroups_except(const std::string& node, const std::vector<std::string>& keep) {
  std::vector<fs::path> left;
  for (const auto& hierarchy : cgroup_hierarchies())
    for (const char* middle : class_folders) {
      std::error_code ec;
      fs::path parent = hierarchy.string() + cgroup_root(node) + middle;
      for (const auto& entry : fs::directory_iterator(parent, ec)) {
        auto name = entry.path().filename().string();
        if (name.rfind("pod", 0) != 0 || !entry.is_directory(ec))
          continue;
        if (std::find(keep.begin(), keep.end(), name.substr(3)) != keep.end())
          continue;
        if (!remove_tree(entry.path()))
          left.push_back(entry.path());
      }
    }
  return left;
}

} // namespace actors::kubelet::resources
