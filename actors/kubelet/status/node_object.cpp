#include "actors/kubelet/status/node_object.hpp"
#include <sys/statvfs.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <algorithm>
#include <fstream>
#include <sstream>
#include "messages/codec/time.hpp"

namespace actors::kubelet::status {
namespace {

constexpr const char* kubelet_version = "v1.36.0";
constexpr int64_t memory_reserve_bytes = int64_t(100) << 20; ///< upstream's default eviction threshold
/// Upstream's threshold is 10 %; on large disks that is plenty, so pressure also takes less than this.
constexpr int64_t disk_pressure_bytes = int64_t(5) << 30;

std::string first_line(const char* path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  while (!line.empty() && std::isspace(static_cast<unsigned char>(line.back())))
    line.pop_back();
  return line;
}

int64_t meminfo(const char* key) {
  std::ifstream in("/proc/meminfo");
  std::string name;
  int64_t kib = 0;
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    if (words >> name >> kib && name == std::string(key) + ":")
      return kib * 1024;
  }
  return 0;
}

std::string os_release_name() {
  std::ifstream in("/etc/os-release");
  for (std::string line; std::getline(in, line);)
    if (line.rfind("PRETTY_NAME=", 0) == 0) {
      auto value = line.substr(12);
      if (value.size() >= 2 && value.front() == '"')
        value = value.substr(1, value.size() - 2);
      return value;
    }
  return "Linux";
}

std::string kib(int64_t bytes) { return std::to_string(bytes / 1024) + "Ki"; }

draft condition(const char* type, bool is_true, const char* reason, const std::string& message) {
  return draft::make_object(
    {{"type", type}, {"status", is_true ? "True" : "False"}, {"reason", reason}, {"message", message}});
}

draft conditions_of(const node_facts& f) {
  const auto& m = f.host;
  bool memory = m.memory_available_bytes < memory_reserve_bytes;
  bool disk = m.disk_available_bytes < m.disk_bytes / 10 && m.disk_available_bytes < disk_pressure_bytes;
  bool pids = m.pids_max > 0 && m.pids_used >= m.pids_max;
  auto list = draft::make_array();
  list.push_back(condition(
    "MemoryPressure", memory, memory ? "KubeletHasInsufficientMemory" : "KubeletHasSufficientMemory",
    memory ? "kubelet has insufficient memory available" : "kubelet has sufficient memory available"));
  list.push_back(condition("DiskPressure", disk, disk ? "KubeletHasDiskPressure" : "KubeletHasNoDiskPressure",
                           disk ? "kubelet has disk pressure" : "kubelet has no disk pressure"));
  list.push_back(
    condition("PIDPressure", pids, pids ? "KubeletHasInsufficientPID" : "KubeletHasSufficientPID",
              pids ? "kubelet has insufficient PID available" : "kubelet has sufficient PID available"));
  if (f.runtime_problem.empty())
    list.push_back(condition("Ready", true, "KubeletReady", "kubelet is posting ready status"));
  else
    list.push_back(condition("Ready", false, "KubeletNotReady", f.runtime_problem));
  return list;
}

draft images_of(std::vector<cri::image> images) {
  std::sort(images.begin(), images.end(),
            [](const auto& a, const auto& b) { return a.size != b.size ? a.size > b.size : a.id < b.id; });
  if (images.size() > images_max)
    images.resize(images_max);
  auto list = draft::make_array();
  for (const auto& image : images) {
    auto names = draft::make_array();
    for (const auto* source : {&image.digests, &image.tags})
      for (const auto& name : *source)
        if (names.size() < image_names_max)
          names.push_back(name);
    list.push_back(
      draft::make_object({{"names", std::move(names)}, {"sizeBytes", static_cast<int64_t>(image.size)}}));
  }
  return list;
}

draft resources_of(int64_t cpus, int64_t memory, int64_t disk) {
  return draft::make_object({{"cpu", std::to_string(cpus)},
                             {"ephemeral-storage", kib(disk)},
                             {"memory", kib(memory)},
                             {"pods", std::to_string(pods_max)}});
}

} // namespace

machine read_machine(const std::filesystem::path& data) {
  machine m;
  m.cpus = std::max<long>(1, ::sysconf(_SC_NPROCESSORS_ONLN));
  m.memory_bytes = meminfo("MemTotal");
  m.memory_available_bytes = meminfo("MemAvailable");
  struct statvfs fs {};
  if (::statvfs(data.c_str(), &fs) == 0) {
    m.disk_bytes = static_cast<int64_t>(fs.f_blocks) * static_cast<int64_t>(fs.f_frsize);
    m.disk_available_bytes = static_cast<int64_t>(fs.f_bavail) * static_cast<int64_t>(fs.f_frsize);
  }
  struct sysinfo info {};
  if (::sysinfo(&info) == 0)
    m.pids_used = info.procs;
  m.pids_max = std::atoll(first_line("/proc/sys/kernel/pid_max").c_str());
  struct utsname name {};
  ::uname(&name);
  m.kernel = name.release;
  m.arch = std::string(name.machine) == "x86_64"    ? "amd64"
           : std::string(name.machine) == "aarch64" ? "arm64"
                                                    : name.machine;
  m.os_image = os_release_name();
  m.machine_id = first_line("/etc/machine-id");
  m.boot_id = first_line("/proc/sys/kernel/random/boot_id");
  m.system_uuid = first_line("/sys/class/dmi/id/product_uuid");
  if (m.system_uuid.empty())
    m.system_uuid = m.machine_id;
  return m;
}

machine hollow_machine(const std::string& node) {
  machine m;
  m.cpus = 8;
  m.memory_bytes = m.memory_available_bytes = int64_t(32) << 30;
  m.disk_bytes = m.disk_available_bytes = int64_t(100) << 30;
  m.kernel = "hollow";
  m.os_image = "hollow";
  m.arch = "amd64";
  m.machine_id = m.boot_id = m.system_uuid = node;
  return m;
}

int64_t allocatable_memory(const machine& m) {
  return std::max<int64_t>(0, m.memory_bytes - memory_reserve_bytes);
}

draft node_labels(const node_facts& f) {
  auto labels = draft::make_object({{"beta.kubernetes.io/arch", f.host.arch},
                                    {"beta.kubernetes.io/os", "linux"},
                                    {"kubernetes.io/arch", f.host.arch},
                                    {"kubernetes.io/hostname", f.name},
                                    {"kubernetes.io/os", "linux"}});
  for (const auto& [key, value] : f.labels)
    labels.set(key, value);
  return labels;
}

draft node_status(const node_facts& f) {
  const auto& m = f.host;
  auto addresses = draft::make_array();
  addresses.push_back(draft::make_object({{"type", "InternalIP"}, {"address", f.address}}));
  addresses.push_back(draft::make_object({{"type", "Hostname"}, {"address", f.name}}));
  return draft::make_object(
    {{"addresses", std::move(addresses)},
     {"capacity", resources_of(m.cpus, m.memory_bytes, m.disk_bytes)},
     {"allocatable", resources_of(m.cpus, allocatable_memory(m), m.disk_bytes / 10 * 9)},
     {"conditions", conditions_of(f)},
     {"daemonEndpoints", draft::make_object({{"kubeletEndpoint", draft::make_object({{"Port", 0}})}})},
     {"images", images_of(f.images)},
     {"nodeInfo", draft::make_object({{"machineID", m.machine_id},
                                      {"systemUUID", m.system_uuid},
                                      {"bootID", m.boot_id},
                                      {"kernelVersion", m.kernel},
                                      {"osImage", m.os_image},
                                      {"containerRuntimeVersion", f.runtime_version},
                                      {"kubeletVersion", kubelet_version},
                                      {"kubeProxyVersion", ""},
                                      {"operatingSystem", "linux"},
                                      {"architecture", m.arch}})}});
}

void stamp_conditions(draft& status, const draft& previous, int64_t now_s) {
  auto now = messages::codec::format_time(now_s);
  auto stamped = draft::make_array();
  for (auto c : status.get("conditions").items()) {
    std::string transition = now;
    for (const auto& old : previous.get("conditions").items())
      if (old.get("type").str() == c.get("type").str() && old.get("status").str() == c.get("status").str() &&
          !old.get("lastTransitionTime").str().empty())
        transition = std::string(old.get("lastTransitionTime").str());
    c.set("lastHeartbeatTime", now);
    c.set("lastTransitionTime", transition);
    stamped.push_back(std::move(c));
  }
  status.set("conditions", std::move(stamped));
}

draft node_object(const node_facts& f) {
  auto spec = draft::make_object();
  if (!f.pod_cidr.empty()) {
    spec.set("podCIDR", f.pod_cidr);
    auto list = draft::make_array();
    list.push_back(f.pod_cidr);
    spec.set("podCIDRs", std::move(list));
  }
  return draft::make_object({{"apiVersion", "v1"},
                             {"kind", "Node"},
                             {"metadata", draft::make_object({{"name", f.name}, {"labels", node_labels(f)}})},
                             {"spec", std::move(spec)},
                             {"status", node_status(f)}});
}

draft lease_object(const std::string& node, const std::string& node_uid, int64_t now_us) {
  auto metadata = draft::make_object({{"name", node}, {"namespace", "kube-node-lease"}});
  if (!node_uid.empty()) {
    auto owners = draft::make_array();
    owners.push_back(
      draft::make_object({{"apiVersion", "v1"}, {"kind", "Node"}, {"name", node}, {"uid", node_uid}}));
    metadata.set("ownerReferences", std::move(owners));
  }
  return draft::make_object(
    {{"apiVersion", "coordination.k8s.io/v1"},
     {"kind", "Lease"},
     {"metadata", std::move(metadata)},
     {"spec", draft::make_object({{"holderIdentity", node},
                                  {"leaseDurationSeconds", 40},
                                  {"renewTime", messages::codec::format_micro_time(now_us)}})}});
}

} // namespace actors::kubelet::status
