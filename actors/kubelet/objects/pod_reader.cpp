#include "actors/kubelet/objects/pod_reader.hpp"
#include "actors/kubelet/objects/volume_reader.hpp"
#include "messages/api/core/v1/pod_generated.h"
#include "messages/codec/quantity.hpp"

namespace actors::kubelet::objects {
namespace {

namespace meta = messages::api::meta::v1;
using namespace pods;

resource_amounts read_amounts(const flatbuffers::Vector<flatbuffers::Offset<meta::QuantityEntry>>* entries) {
  resource_amounts result;
  each(entries, [&](const meta::QuantityEntry& e) {
    if (!e.value())
      return;
    messages::codec::quantity q(*e.value());
    auto name = text(e.key());
    if (name == "cpu")
      result.cpu_milli = milli_value_of(q);
    if (name == "memory")
      result.memory_bytes = value_of(q);
    if (name == "ephemeral-storage")
      result.storage_bytes = value_of(q);
  });
  return result;
}

void read_port(const meta::IntOrString* port, handler& to) {
  if (!port)
    return;
  if (port->num())
    to.port = *port->num();
  else
    to.port_name = text(port->str());
}

template <class Handler>
handler read_handler(const Handler* from) {
  handler h;
  if (!from)
    return h;
  if (from->exec()) {
    h.kind = handler_kind::exec;
    h.command = texts(from->exec()->command());
  } else if (const auto* http = from->httpGet()) {
    h.kind = handler_kind::http;
    h.host = text(http->host());
    h.path = text(http->path());
    if (http->scheme())
      h.scheme = text(http->scheme());
    read_port(http->port(), h);
    each(http->httpHeaders(), [&](const core::HTTPHeader& x) {
      h.headers.push_back({text(x.name()), text(x.value())});
    });
  } else if (const auto* tcp = from->tcpSocket()) {
    h.kind = handler_kind::tcp;
    h.host = text(tcp->host());
    read_port(tcp->port(), h);
  }
  return h;
}

handler read_hook(const core::LifecycleHandler* from) {
  auto h = read_handler(from);
  if (from && from->sleep()) {
    h.kind = handler_kind::sleep;
    h.sleep_s = from->sleep()->seconds();
  }
  return h;
}

int or_default(int value, int otherwise) { return value > 0 ? value : otherwise; }

std::optional<probe_spec> read_probe(const core::Probe* from) {
  if (!from)
    return std::nullopt;
  probe_spec p;
  p.action = read_handler(from);
  if (from->grpc()) {
    p.action.kind = handler_kind::grpc;
    p.action.port = from->grpc()->port();
    p.action.grpc_service = text(from->grpc()->service());
  }
  p.initial_delay_s = from->initialDelaySeconds();
  p.timeout_s = or_default(from->timeoutSeconds(), 1);
  p.period_s = or_default(from->periodSeconds(), 10);
  p.success_threshold = or_default(from->successThreshold(), 1);
  p.failure_threshold = or_default(from->failureThreshold(), 3);
  p.grace_s = optional(from->terminationGracePeriodSeconds());
  return p;
}

env_var read_env(const core::EnvVar& from) {
  env_var e;
  e.name = text(from.name());
  e.value = text(from.value());
  const auto* source = from.valueFrom();
  if (!source)
    return e;
  if (const auto* key = source->configMapKeyRef()) {
    e.source = env_source::config_map_key;
    e.object = text(key->name()), e.key = text(key->key()), e.optional = key->optional().value_or(false);
  } else if (const auto* secret = source->secretKeyRef()) {
    e.source = env_source::secret_key;
    e.object = text(secret->name()), e.key = text(secret->key()),
    e.optional = secret->optional().value_or(false);
  } else if (const auto* field = source->fieldRef()) {
    e.source = env_source::field;
    e.field_path = text(field->fieldPath());
  } else if (const auto* resource = source->resourceFieldRef()) {
    e.source = env_source::resource;
    e.container = text(resource->containerName()), e.resource = text(resource->resource());
    e.divisor_milli = divisor_of(resource->divisor());
  }
  return e;
}

std::optional<seccomp> read_seccomp(const core::SeccompProfile* from) {
  if (!from)
    return std::nullopt;
  return seccomp{text(from->type()), text(from->localhostProfile())};
}

security_context read_security(const core::SecurityContext* from) {
  security_context s;
  if (!from)
    return s;
  s.privileged = optional(from->privileged());
  s.run_as_non_root = optional(from->runAsNonRoot());
  s.read_only_root = optional(from->readOnlyRootFilesystem());
  s.allow_escalation = optional(from->allowPrivilegeEscalation());
  s.run_as_user = optional(from->runAsUser());
  s.run_as_group = optional(from->runAsGroup());
  s.seccomp_profile = read_seccomp(from->seccompProfile());
  if (from->capabilities()) {
    s.add_capabilities = texts(from->capabilities()->add());
    s.drop_capabilities = texts(from->capabilities()->drop());
  }
  return s;
}

pull_policy read_pull(const flatbuffers::String* from) {
  auto value = text(from);
  return value == "Always"  ? pull_policy::always
         : value == "Never" ? pull_policy::never
                            : pull_policy::if_not_present;
}

container_spec read_container(const core::Container& from) {
  container_spec c;
  c.name = text(from.name());
  c.image = text(from.image());
  c.working_dir = text(from.workingDir());
  c.command = texts(from.command());
  c.args = texts(from.args());
  c.pull = read_pull(from.imagePullPolicy());
  each(from.ports(), [&](const core::ContainerPort& p) {
    c.ports.push_back({text(p.name()), p.protocol() ? text(p.protocol()) : "TCP", text(p.hostIP()),
                       p.containerPort(), p.hostPort()});
  });
  each(from.envFrom(), [&](const core::EnvFromSource& f) {
    env_from e{text(f.prefix()), {}, {}, false};
    if (f.configMapRef())
      e.config_map = text(f.configMapRef()->name()),
      e.optional = f.configMapRef()->optional().value_or(false);
    else if (f.secretRef())
      e.secret = text(f.secretRef()->name()), e.optional = f.secretRef()->optional().value_or(false);
    c.env_from_sources.push_back(e);
  });
  each(from.env(), [&](const core::EnvVar& e) { c.env.push_back(read_env(e)); });
  if (from.resources()) {
    c.resources.requests = read_amounts(from.resources()->requests());
    c.resources.limits = read_amounts(from.resources()->limits());
  }
  each(from.volumeMounts(), [&](const core::VolumeMount& m) {
    c.mounts.push_back({text(m.name()), text(m.mountPath()), text(m.subPath()), text(m.subPathExpr()),
                        text(m.mountPropagation()), m.readOnly()});
  });
  c.liveness = read_probe(from.livenessProbe());
  c.readiness = read_probe(from.readinessProbe());
  c.startup = read_probe(from.startupProbe());
  if (from.lifecycle()) {
    c.post_start = read_hook(from.lifecycle()->postStart());
    c.pre_stop = read_hook(from.lifecycle()->preStop());
  }
  c.security = read_security(from.securityContext());
  c.stdin_open = from.stdin();
  c.stdin_once = from.stdinOnce();
  c.tty = from.tty();
  c.sidecar = text(from.restartPolicy()) == "Always";
  if (from.terminationMessagePath())
    c.termination_path = text(from.terminationMessagePath());
  if (from.terminationMessagePolicy())
    c.termination_policy = text(from.terminationMessagePolicy());
  return c;
}

void read_metadata(const meta::ObjectMeta& from, pod_spec& pod) {
  pod.ns = text(from.namespace_());
  pod.name = text(from.name());
  pod.uid = text(from.uid());
  each(from.labels(), [&](const meta::StringEntry& e) { pod.labels[text(e.key())] = text(e.value()); });
  each(from.annotations(),
       [&](const meta::StringEntry& e) { pod.annotations[text(e.key())] = text(e.value()); });
  pod.created_s = from.creationTimestamp().value_or(0);
  pod.generation = from.generation();
  pod.deleted_s = optional(from.deletionTimestamp());
  pod.deletion_grace_s = optional(from.deletionGracePeriodSeconds());
}

void read_dns(const core::PodSpec& from, pod_spec& pod) {
  if (from.dnsPolicy())
    pod.dns.policy = text(from.dnsPolicy());
  const auto* config = from.dnsConfig();
  if (!config)
    return;
  pod.dns.servers = texts(config->nameservers());
  pod.dns.searches = texts(config->searches());
  each(config->options(), [&](const core::PodDNSConfigOption& o) {
    pod.dns.options.push_back(text(o.name()) + (o.value() ? ":" + text(o.value()) : ""));
  });
}

void read_pod_security(const core::PodSecurityContext* from, pod_spec& pod) {
  if (!from)
    return;
  pod.run_as_user = optional(from->runAsUser());
  pod.run_as_group = optional(from->runAsGroup());
  pod.run_as_non_root = optional(from->runAsNonRoot());
  pod.fs_group = optional(from->fsGroup());
  pod.seccomp_profile = read_seccomp(from->seccompProfile());
  if (from->supplementalGroups())
    pod.supplemental_groups.assign(from->supplementalGroups()->begin(), from->supplementalGroups()->end());
  each(from->sysctls(), [&](const core::Sysctl& s) { pod.sysctls[text(s.name())] = text(s.value()); });
}

void read_spec(const core::PodSpec& from, pod_spec& pod) {
  pod.node_name = text(from.nodeName());
  pod.service_account = text(from.serviceAccountName());
  pod.runtime_class = text(from.runtimeClassName());
  each(from.initContainers(),
       [&](const core::Container& c) { pod.init_containers.push_back(read_container(c)); });
  each(from.containers(), [&](const core::Container& c) {
    pod.containers.push_back(read_container(c));
    pod.containers.back().sidecar = false;
  });
  each(from.volumes(), [&](const core::Volume& v) { pod.volumes.push_back(read_volume(v)); });
  auto policy = text(from.restartPolicy());
  pod.restart = policy == "Never"       ? restart_policy::never
                : policy == "OnFailure" ? restart_policy::on_failure
                                        : restart_policy::always;
  pod.grace_s = from.terminationGracePeriodSeconds().value_or(30);
  pod.active_deadline_s = optional(from.activeDeadlineSeconds());
  pod.host_network = from.hostNetwork();
  pod.host_pid = from.hostPID();
  pod.host_ipc = from.hostIPC();
  pod.share_pid = from.shareProcessNamespace().value_or(false);
  pod.service_links = from.enableServiceLinks().value_or(true);
  pod.hostname = text(from.hostname());
  pod.subdomain = text(from.subdomain());
  read_dns(from, pod);
  each(from.hostAliases(), [&](const core::HostAlias& a) {
    pod.host_aliases.push_back({text(a.ip()), texts(a.hostnames())});
  });
  read_pod_security(from.securityContext(), pod);
  each(from.readinessGates(),
       [&](const core::PodReadinessGate& g) { pod.readiness_gates.push_back(text(g.conditionType())); });
}

} // namespace

pod_spec read_pod(const core::Pod& from) {
  pod_spec pod;
  if (from.metadata())
    read_metadata(*from.metadata(), pod);
  if (from.spec())
    read_spec(*from.spec(), pod);
  if (from.status())
    each(from.status()->conditions(),
         [&](const core::PodCondition& c) { pod.gate_status[text(c.type())] = text(c.status()); });
  std::erase_if(pod.gate_status, [&](const auto& entry) {
    return std::find(pod.readiness_gates.begin(), pod.readiness_gates.end(), entry.first) ==
           pod.readiness_gates.end();
  });
  return pod;
}

} // namespace actors::kubelet::objects
