#include "actors/kubelet/cri/convert.hpp"

namespace actors::kubelet::cri {
namespace {

namespace api = ::runtime::v1;

string_map read(const google::protobuf::Map<std::string, std::string>& from) {
  return {from.begin(), from.end()};
}

template <class Repeated>
std::vector<std::string> read_list(const Repeated& from) {
  return {from.begin(), from.end()};
}

void write(const seccomp_profile& from, api::SecurityProfile& to) {
  using type = api::SecurityProfile;
  switch (from.kind) {
    case seccomp_kind::unconfined:
      to.set_profile_type(type::Unconfined);
      break;
    case seccomp_kind::runtime_default:
      to.set_profile_type(type::RuntimeDefault);
      break;
    case seccomp_kind::localhost:
      to.set_profile_type(type::Localhost);
      to.set_localhost_ref(from.path);
      break;
  }
}

void write_namespaces(const sandbox_config& from, api::NamespaceOption& to) {
  to.set_network(from.host_network ? api::NODE : api::POD);
  to.set_pid(from.host_pid ? api::NODE : from.share_pid ? api::POD : api::CONTAINER);
  to.set_ipc(from.host_ipc ? api::NODE : api::POD);
}

api::Protocol protocol_of(const std::string& name) {
  return name == "UDP" ? api::UDP : name == "SCTP" ? api::SCTP : api::TCP;
}

container_state read(api::ContainerState state) {
  switch (state) {
    case api::CONTAINER_CREATED:
      return container_state::created;
    case api::CONTAINER_RUNNING:
      return container_state::running;
    case api::CONTAINER_EXITED:
      return container_state::exited;
    default:
      return container_state::unknown;
  }
}

constexpr int64_t ns_per_us = 1000;

} // namespace

void write(const string_map& from, google::protobuf::Map<std::string, std::string>& to) {
  for (const auto& [key, value] : from)
    to[key] = value;
}

void write(const sandbox_config& from, api::PodSandboxConfig& to) {
  auto* metadata = to.mutable_metadata();
  metadata->set_name(from.name);
  metadata->set_namespace_(from.ns);
  metadata->set_uid(from.uid);
  metadata->set_attempt(from.attempt);
  to.set_hostname(from.hostname);
  to.set_log_directory(from.log_directory);
  if (from.dns) {
    auto* dns = to.mutable_dns_config();
    for (const auto& s : from.dns->servers)
      dns->add_servers(s);
    for (const auto& s : from.dns->searches)
      dns->add_searches(s);
    for (const auto& s : from.dns->options)
      dns->add_options(s);
  }
  for (const auto& port : from.ports) {
    auto* p = to.add_port_mappings();
    p->set_protocol(protocol_of(port.protocol));
    p->set_container_port(port.container_port);
    p->set_host_port(port.host_port);
    p->set_host_ip(port.host_ip);
  }
  write(from.labels, *to.mutable_labels());
  write(from.annotations, *to.mutable_annotations());
  auto* os = to.mutable_linux();
  os->set_cgroup_parent(from.cgroup_parent);
  write(from.sysctls, *os->mutable_sysctls());
  auto* security = os->mutable_security_context();
  write_namespaces(from, *security->mutable_namespace_options());
  security->set_privileged(from.privileged);
  if (from.run_as_user)
    security->mutable_run_as_user()->set_value(*from.run_as_user);
  if (from.run_as_group && from.run_as_user)
    security->mutable_run_as_group()->set_value(*from.run_as_group);
  for (auto group : from.supplemental_groups)
    security->add_supplemental_groups(group);
  write(from.seccomp, *security->mutable_seccomp());
}

void write(const container_config& from, const sandbox_config& sandbox, api::ContainerConfig& to) {
  to.mutable_metadata()->set_name(from.name);
  to.mutable_metadata()->set_attempt(from.attempt);
  to.mutable_image()->set_image(from.image);
  for (const auto& word : from.command)
    to.add_command(word);
  for (const auto& word : from.args)
    to.add_args(word);
  to.set_working_dir(from.working_dir);
  for (const auto& [key, value] : from.env) {
    auto* e = to.add_envs();
    e->set_key(key);
    e->set_value(value);
  }
  for (const auto& m : from.mounts) {
    auto* out = to.add_mounts();
    out->set_container_path(m.container_path);
    out->set_host_path(m.host_path);
    out->set_readonly(m.read_only);
    out->set_propagation(static_cast<api::MountPropagation>(m.propagation));
  }
  write(from.labels, *to.mutable_labels());
  write(from.annotations, *to.mutable_annotations());
  to.set_log_path(from.log_path);
  to.set_stdin(from.stdin_open);
  to.set_stdin_once(from.stdin_once);
  to.set_tty(from.tty);
  auto* resources = to.mutable_linux()->mutable_resources();
  resources->set_cpu_period(from.resources.cpu_period);
  resources->set_cpu_quota(from.resources.cpu_quota);
  resources->set_cpu_shares(from.resources.cpu_shares);
  resources->set_memory_limit_in_bytes(from.resources.memory_limit);
  resources->set_oom_score_adj(from.resources.oom_score_adj);
  auto* security = to.mutable_linux()->mutable_security_context();
  write_namespaces(sandbox, *security->mutable_namespace_options());
  security->set_privileged(from.privileged);
  security->set_readonly_rootfs(from.read_only_root);
  security->set_no_new_privs(from.no_new_privileges);
  if (from.run_as_user)
    security->mutable_run_as_user()->set_value(*from.run_as_user);
  // CRI refuses a group without a user.
  if (from.run_as_group && (from.run_as_user || !from.run_as_username.empty()))
    security->mutable_run_as_group()->set_value(*from.run_as_group);
  security->set_run_as_username(from.run_as_username);
  for (auto group : from.supplemental_groups)
    security->add_supplemental_groups(group);
  for (const auto& c : from.add_capabilities)
    security->mutable_capabilities()->add_add_capabilities(c);
  for (const auto& c : from.drop_capabilities)
    security->mutable_capabilities()->add_drop_capabilities(c);
  for (const auto& p : from.masked_paths)
    security->add_masked_paths(p);
  for (const auto& p : from.readonly_paths)
    security->add_readonly_paths(p);
  write(from.seccomp, *security->mutable_seccomp());
}

sandbox read(const api::PodSandbox& from) {
  const auto& m = from.metadata();
  return {from.id(),
          m.name(),
          m.namespace_(),
          m.uid(),
          m.attempt(),
          from.state() == api::SANDBOX_READY,
          from.created_at() / ns_per_us,
          read(from.labels()),
          read(from.annotations()),
          {}};
}

sandbox read(const api::PodSandboxStatus& from) {
  const auto& m = from.metadata();
  sandbox result{from.id(),
                 m.name(),
                 m.namespace_(),
                 m.uid(),
                 m.attempt(),
                 from.state() == api::SANDBOX_READY,
                 from.created_at() / ns_per_us,
                 read(from.labels()),
                 read(from.annotations()),
                 {}};
  if (!from.network().ip().empty())
    result.ips.push_back(from.network().ip());
  for (const auto& ip : from.network().additional_ips())
    result.ips.push_back(ip.ip());
  return result;
}

container read(const api::Container& from) {
  container c;
  c.id = from.id();
  c.sandbox_id = from.pod_sandbox_id();
  c.name = from.metadata().name();
  c.attempt = from.metadata().attempt();
  c.image = from.image().image();
  c.image_ref = from.image_ref();
  c.state = read(from.state());
  c.created_us = from.created_at() / ns_per_us;
  c.labels = read(from.labels());
  c.annotations = read(from.annotations());
  return c;
}

container read(const api::ContainerStatus& from) {
  container c;
  c.id = from.id();
  c.name = from.metadata().name();
  c.attempt = from.metadata().attempt();
  c.image = from.image().image();
  c.image_ref = from.image_ref();
  c.state = read(from.state());
  c.created_us = from.created_at() / ns_per_us;
  c.started_us = from.started_at() / ns_per_us;
  c.finished_us = from.finished_at() / ns_per_us;
  c.exit_code = from.exit_code();
  c.reason = from.reason();
  c.message = from.message();
  c.labels = read(from.labels());
  c.annotations = read(from.annotations());
  c.log_path = from.log_path();
  return c;
}

image read(const api::Image& from) {
  image result{from.id(),      read_list(from.repo_tags()), read_list(from.repo_digests()), from.size(), {},
               from.username()};
  if (from.has_uid())
    result.uid = from.uid().value();
  return result;
}

} // namespace actors::kubelet::cri
