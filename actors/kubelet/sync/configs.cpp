// What the runtime is asked for: sandbox and container configurations of a pod. Pure but for the files it
// names.
#include <sys/stat.h>
#include <fstream>
#include "actors/kubelet/resources/cgroups.hpp"
#include "actors/kubelet/sync/pass.hpp"

namespace actors::kubelet::sync {
namespace {

namespace fs = std::filesystem;

cri::seccomp_profile seccomp_of(const std::optional<pods::seccomp>& own,
                                const std::optional<pods::seccomp>& pod) {
  const auto& chosen = own ? own : pod;
  if (!chosen || chosen->type == "Unconfined")
    return {};
  if (chosen->type == "RuntimeDefault")
    return {cri::seccomp_kind::runtime_default, {}};
  return {cri::seccomp_kind::localhost, "/var/lib/kubelet/seccomp/" + chosen->profile};
}

bool any_privileged(const pods::pod_spec& pod) {
  for (const auto* list : {&pod.init_containers, &pod.containers})
    for (const auto& c : *list)
      if (c.security.privileged.value_or(false))
        return true;
  return false;
}

cri::string_map pod_labels(const node_environment& env, const pods::pod_spec& pod) {
  return {{pods::label::node, env.node},
          {pods::label::pod_name, pod.name},
          {pods::label::pod_namespace, pod.ns},
          {pods::label::pod_uid, pod.uid}};
}

void write_text(const fs::path& file, const std::string& text, int mode) {
  fs::create_directories(file.parent_path());
  std::ofstream out(file, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out || ::chmod(file.c_str(), static_cast<mode_t>(mode)) != 0)
    throw resources::config_error("cannot write " + file.string());
}

cri::mount_propagation propagation_of(const std::string& name) {
  return name == "Bidirectional"     ? cri::mount_propagation::bidirectional
         : name == "HostToContainer" ? cri::mount_propagation::host_to_container
                                     : cri::mount_propagation::none;
}

/// What upstream hides of /proc and /sys unless the container is privileged.
const std::vector<std::string> masked_paths{
  "/proc/asound",     "/proc/acpi",        "/proc/kcore",       "/proc/keys", "/proc/latency_stats",
  "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"};
const std::vector<std::string> readonly_paths{"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
                                              "/proc/sysrq-trigger"};

} // namespace

std::string hosts_file(const pods::pod_spec& pod, const std::vector<std::string>& ips) {
  std::string text =
    "# Kubernetes-managed hosts file.\n127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n"
    "fe00::0\tip6-localnet\nfe00::0\tip6-mcastprefix\nfe00::1\tip6-allnodes\nfe00::2\tip6-allrouters\n";
  for (const auto& ip : ips)
    text += ip + "\t" + (pod.hostname.empty() ? pod.name : pod.hostname) + "\n";
  if (!pod.host_aliases.empty())
    text += "\n# Entries added by HostAliases.\n";
  for (const auto& alias : pod.host_aliases) {
    text += alias.ip;
    for (const auto& name : alias.names)
      text += "\t" + name;
    text += "\n";
  }
  return text;
}

cri::sandbox_config make_sandbox_config(const node_environment& env, const pods::pod_spec& pod,
                                        uint32_t attempt) {
  cri::sandbox_config s;
  s.name = pod.name;
  s.ns = pod.ns;
  s.uid = pod.uid;
  s.attempt = attempt;
  // In the node's network the runtime refuses a name of its own. Names of machines end at 63 characters.
  if (!pod.host_network)
    s.hostname = (pod.hostname.empty() ? pod.name : pod.hostname).substr(0, 63);
  while (!s.hostname.empty() && (s.hostname.back() == '-' || s.hostname.back() == '.'))
    s.hostname.pop_back();
  s.log_directory = (env.pod_folder(pod.uid) / "logs").string();
  s.cgroup_parent = resources::cgroup_parent(env.node, pod);
  s.runtime_handler = pod.runtime_class;
  // Without a cluster DNS the resolver of the node serves, as upstream falls back to; None and dnsConfig are
  // explicit.
  if (pod.dns.policy == "None" || !pod.dns.servers.empty())
    s.dns = cri::dns_config{pod.dns.servers, pod.dns.searches, pod.dns.options};
  for (const auto& c : pod.containers)
    for (const auto& p : c.ports)
      if (p.host_port && !pod.host_network)
        s.ports.push_back({p.protocol, p.port, p.host_port, p.host_ip});
  s.labels = pod_labels(env, pod);
  for (const auto& [key, value] : pod.labels)
    s.labels.emplace(key, value);
  s.annotations = pod.annotations;
  s.sysctls = pod.sysctls;
  s.host_network = pod.host_network;
  s.host_pid = pod.host_pid;
  s.host_ipc = pod.host_ipc;
  s.share_pid = pod.share_pid;
  s.privileged = any_privileged(pod);
  s.run_as_user = pod.run_as_user;
  s.run_as_group = pod.run_as_group;
  s.supplemental_groups = pod.supplemental_groups;
  if (pod.fs_group)
    s.supplemental_groups.push_back(*pod.fs_group);
  s.seccomp = seccomp_of(std::nullopt, pod.seccomp_profile);
  return s;
}

cri::container_config pass::make_config(const pods::container_spec& spec, const volumes::volume_paths& paths,
                                        const std::string& image_ref, int restart_count) {
  cri::container_config c;
  c.name = spec.name;
  c.attempt = static_cast<uint32_t>(restart_count);
  c.image = image_ref.empty() ? spec.image : image_ref;
  c.working_dir = spec.working_dir;
  static const std::vector<resources::service_link> none;
  c.env = resources::make_environment(pod(), spec, in_.objects, in_.services ? *in_.services : none, facts());
  std::map<std::string, std::string> values(c.env.begin(), c.env.end());
  for (const auto& word : spec.command)
    c.command.push_back(resources::expand(word, values));
  for (const auto& word : spec.args)
    c.args.push_back(resources::expand(word, values));
  c.labels = pod_labels(env_, pod());
  c.labels[pods::label::container_name] = spec.name;
  c.annotations = {{pods::annotation::hash, pods::container_hash(spec)},
                   {pods::annotation::restart_count, std::to_string(restart_count)},
                   {pods::annotation::pod_grace, std::to_string(pod().grace_s)},
                   {pods::annotation::termination_path, spec.termination_path},
                   {pods::annotation::termination_policy, spec.termination_policy}};
  c.log_path = spec.name + "/" + std::to_string(restart_count) + ".log";
  c.stdin_open = spec.stdin_open;
  c.stdin_once = spec.stdin_once;
  c.tty = spec.tty;
  c.resources = resources::container_values(pod(), spec, env_.machine_memory_bytes);
  const auto& security = spec.security;
  c.privileged = security.privileged.value_or(false);
  c.read_only_root = security.read_only_root.value_or(false);
  c.no_new_privileges = security.allow_escalation && !*security.allow_escalation;
  c.run_as_user = security.run_as_user ? security.run_as_user : pod().run_as_user;
  c.run_as_group = security.run_as_group ? security.run_as_group : pod().run_as_group;
  c.supplemental_groups = sandbox_config_.supplemental_groups;
  c.add_capabilities = security.add_capabilities;
  c.drop_capabilities = security.drop_capabilities;
  c.seccomp = seccomp_of(security.seccomp_profile, pod().seccomp_profile);
  if (!c.privileged)
    c.masked_paths = masked_paths, c.readonly_paths = readonly_paths;
  if (env_.hollow)
    return c;

  bool hosts_mounted = false;
  for (const auto& m : spec.mounts) {
    auto source =
      volumes::mount_source(m, paths, [&](std::string_view t) { return resources::expand(t, values); });
    auto target = m.mount_path[0] == '/' ? m.mount_path : "/" + m.mount_path;
    c.mounts.push_back({target, source.string(), m.read_only, propagation_of(m.propagation)});
    hosts_mounted = hosts_mounted || target == "/etc/hosts";
  }
  if (!pod().host_network && !hosts_mounted) {
    auto hosts = folder() / "etc-hosts";
    write_text(hosts, hosts_file(pod(), pod_ips_), 0644);
    c.mounts.push_back({"/etc/hosts", hosts.string()});
  }
  auto termination = folder() / "containers" / spec.name / std::to_string(restart_count);
  write_text(termination, "", 0666); // whoever the container runs as may write it
  c.mounts.push_back({spec.termination_path, termination.string()});
  fs::create_directories(fs::path(sandbox_config_.log_directory) / spec.name);
  return c;
}

} // namespace actors::kubelet::sync
