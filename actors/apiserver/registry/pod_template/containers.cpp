// The containers of a pod spec.
#include "actors/apiserver/registry/pod_template/containers.hpp"

#include <algorithm>

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/names.hpp"
#include "actors/apiserver/registry/pod_template/environment.hpp"
#include "actors/apiserver/registry/pod_template/probes.hpp"
#include "actors/apiserver/registry/pod_template/resources.hpp"
#include "actors/apiserver/registry/pod_template/security.hpp"

namespace actors::apiserver::registry::pod_template {

namespace {

using name_set = std::set<std::string_view>;

void validate_ports(const draft& ports, const path& field, field_errors& out) {
  name_set names;
  for (size_t i = 0; i < ports.size(); ++i) {
    auto& port = ports.items()[i];
    auto at = field.index(i);
    auto name = port.get("name").str();
    if (!name.empty()) {
      auto complaints = meta::check_port_name(name);
      meta::add(out, at.child("name"), name, complaints);
      if (complaints.empty() && !names.insert(name).second)
        out.push_back(duplicate(at.child("name"), name));
    }
    auto number = port.get("containerPort").integer();
    if (number == 0)
      out.push_back(required(at.child("containerPort")));
    else
      meta::add(out, at.child("containerPort"), number, meta::check_port_number(number));
    if (auto host_port = port.get("hostPort").integer())
      meta::add(out, at.child("hostPort"), host_port, meta::check_port_number(host_port));
    auto protocol = port.get("protocol").str();
    if (protocol.empty())
      out.push_back(required(at.child("protocol")));
    else if (protocol != "TCP" && protocol != "UDP" && protocol != "SCTP")
      out.push_back(not_supported(at.child("protocol"), protocol, {"SCTP", "TCP", "UDP"}));
  }
}

// Two ports on one host address and protocol cannot both be had.
void validate_host_ports(const draft& ports, std::set<std::string>& taken, const path& field,
                         field_errors& out) {
  for (size_t i = 0; i < ports.size(); ++i) {
    auto& port = ports.items()[i];
    auto number = port.get("hostPort").integer();
    if (number == 0)
      continue;
    auto text = std::string(port.get("protocol").str()) + "/" + std::string(port.get("hostIP").str()) + "/" +
                std::to_string(number);
    if (!taken.insert(text).second)
      out.push_back(duplicate(field.index(i).child("hostPort"), text));
  }
}

void validate_propagation(const draft& mount, const draft& container, const path& field, field_errors& out) {
  if (!has(mount, "mountPropagation"))
    return;
  auto mode = mount.get("mountPropagation").str();
  if (mode != "None" && mode != "HostToContainer" && mode != "Bidirectional")
    out.push_back(not_supported(field, mode, {"Bidirectional", "HostToContainer", "None"}));
  if (mode == "Bidirectional" && !container.get("securityContext").get("privileged").boolean())
    out.push_back(
      forbidden(field, "Bidirectional mount propagation is available only to privileged containers"));
}

void validate_recursive_read_only(const draft& mount, const path& field, field_errors& out) {
  if (!has(mount, "recursiveReadOnly"))
    return;
  auto mode = mount.get("recursiveReadOnly").str();
  if (mode != "Disabled" && mode != "Enabled" && mode != "IfPossible")
    return out.push_back(not_supported(field, mode, {"Disabled", "Enabled", "IfPossible"}));
  if (mode == "Disabled")
    return;
  if (!mount.get("readOnly").boolean())
    out.push_back(forbidden(field, "may only be specified when readOnly is true"));
  auto propagation = mount.get("mountPropagation").str();
  if (!propagation.empty() && propagation != "None")
    out.push_back(forbidden(field, "may only be specified when mountPropagation is None or not specified"));
}

void validate_sub_paths(const draft& mount, const path& at, const path& field, field_errors& out) {
  auto sub = mount.get("subPath").str();
  auto expression = mount.get("subPathExpr").str();
  if (!sub.empty())
    validate_local_path(sub, field.child("subPath"), out);
  if (!expression.empty()) {
    if (!sub.empty())
      out.push_back(
        invalid(at.child("subPathExpr"), expression, "subPathExpr and subPath are mutually exclusive"));
    validate_local_path(expression, field.child("subPathExpr"), out);
  }
}

void validate_mounts(const draft& container, const volume_map& volumes, const path& field,
                     field_errors& out) {
  name_set mount_paths, device_names, device_paths;
  for (auto& device : container.get("volumeDevices").items()) {
    device_names.insert(device.get("name").str());
    device_paths.insert(device.get("devicePath").str());
  }
  auto& mounts = container.get("volumeMounts").items();
  for (size_t i = 0; i < mounts.size(); ++i) {
    auto& mount = mounts[i];
    auto at = field.index(i);
    auto name = mount.get("name").str();
    auto mount_path = mount.get("mountPath").str();
    auto found = volumes.find(name);
    if (name.empty())
      out.push_back(required(at.child("name")));
    if (found == volumes.end())
      out.push_back(not_found(at.child("name"), name));
    if (mount_path.empty())
      out.push_back(required(at.child("mountPath")));
    if (!mount_paths.insert(mount_path).second)
      out.push_back(invalid(at.child("mountPath"), mount_path, "must be unique"));
    if (device_names.contains(name))
      out.push_back(invalid(at.child("name"), name, "must not already exist in volumeDevices"));
    if (device_paths.contains(mount_path))
      out.push_back(
        invalid(at.child("mountPath"), mount_path, "must not already exist as a path in volumeDevices"));
    validate_sub_paths(mount, at, field, out);
    validate_propagation(mount, container, field.child("mountPropagation"), out);
    validate_recursive_read_only(mount, field.child("recursiveReadOnly"), out);
  }
}

void validate_devices(const draft& container, const volume_map& volumes, const path& field,
                      field_errors& out) {
  name_set names, paths;
  auto& devices = container.get("volumeDevices").items();
  for (size_t i = 0; i < devices.size(); ++i) {
    auto at = field.index(i);
    auto name = devices[i].get("name").str();
    auto device_path = devices[i].get("devicePath").str();
    auto found = volumes.find(name);
    if (name.empty())
      out.push_back(required(at.child("name")));
    if (!name.empty() && !names.insert(name).second)
      out.push_back(invalid(at.child("name"), name, "must be unique"));
    if (found == volumes.end())
      out.push_back(not_found(at.child("name"), name));
    else if (!has(*found->second, "persistentVolumeClaim") && !has(*found->second, "ephemeral"))
      out.push_back(
        invalid(at.child("name"), name,
                "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode"));
    if (device_path.empty())
      out.push_back(required(at.child("devicePath")));
    if (!paths.insert(device_path).second)
      out.push_back(invalid(at.child("devicePath"), device_path, "must be unique"));
  }
}

void validate_pull_policy(const draft& container, const path& field, field_errors& out) {
  auto policy = container.get("imagePullPolicy").str();
  if (policy.empty())
    out.push_back(required(field));
  else if (policy != "Always" && policy != "IfNotPresent" && policy != "Never")
    out.push_back(not_supported(field, policy, {"Always", "IfNotPresent", "Never"}));
}

void validate_resize_policy(const draft& container, std::string_view pod_restart, const path& field,
                            field_errors& out) {
  name_set seen;
  auto& policies = container.get("resizePolicy").items();
  for (size_t i = 0; i < policies.size(); ++i) {
    auto resource = policies[i].get("resourceName").str();
    auto restart = policies[i].get("restartPolicy").str();
    if (!seen.insert(resource).second)
      out.push_back(duplicate(field.index(i), resource));
    if (resource.empty())
      out.push_back(required(field));
    else if (resource != "cpu" && resource != "memory")
      out.push_back(not_supported(field, resource, {"cpu", "memory"}));
    if (restart.empty())
      out.push_back(required(field));
    else if (restart != "NotRequired" && restart != "RestartContainer")
      out.push_back(not_supported(field, restart, {"NotRequired", "RestartContainer"}));
    if (pod_restart == "Never" && restart != "NotRequired")
      out.push_back(invalid(field, restart, "must be 'NotRequired' when `restartPolicy` is 'Never'"));
  }
}

// What holds for every kind of container.
void validate_any(const draft& container, const container_context& context, const path& field,
                  field_errors& out) {
  auto name = container.get("name").str();
  if (name.empty())
    out.push_back(required(field.child("name")));
  else
    meta::add(out, field.child("name"), name, meta::check_dns1123_label(name));
  if (!has_text(container, "image"))
    out.push_back(required(field.child("image")));
  auto message = container.get("terminationMessagePolicy").str();
  if (message.empty())
    out.push_back(required(field.child("terminationMessagePolicy")));
  else if (message != "File" && message != "FallbackToLogsOnError")
    out.push_back(
      not_supported(field.child("terminationMessagePolicy"), message, {"FallbackToLogsOnError", "File"}));
  validate_ports(container.get("ports"), field.child("ports"), out);
  validate_environment(container.get("env"), field.child("env"), out);
  validate_environment_sources(container.get("envFrom"), field.child("envFrom"), out);
  validate_mounts(container, context.volumes, field.child("volumeMounts"), out);
  validate_devices(container, context.volumes, field.child("volumeDevices"), out);
  validate_pull_policy(container, field.child("imagePullPolicy"), out);
  validate_resources(container.get("resources"), context.claims, field.child("resources"), out);
  validate_resize_policy(container, context.spec.get("restartPolicy").str(), field.child("resizePolicy"),
                         out);
  validate_container_security(container.get("securityContext"), context.host_users,
                              field.child("securityContext"), out);
}

void validate_restart_policy(const draft& container, const path& field, field_errors& out) {
  if (!has(container, "restartPolicy")) {
    if (!container.get("restartPolicyRules").empty())
      out.push_back(
        required(field.child("restartPolicy"), "must specify restartPolicy when restart rules are used"));
    return;
  }
  auto policy = container.get("restartPolicy").str();
  if (policy != "Always" && policy != "Never" && policy != "OnFailure")
    out.push_back(not_supported(field.child("restartPolicy"), policy, {"Always", "Never", "OnFailure"}));
}

void validate_regular(const container_context& context, const path& field, field_errors& out) {
  auto& containers = context.spec.get("containers").items();
  if (containers.empty())
    return out.push_back(required(field));
  name_set names;
  std::set<std::string> host_ports;
  for (size_t i = 0; i < containers.size(); ++i) {
    auto at = field.index(i);
    validate_any(containers[i], context, at, out);
    auto name = containers[i].get("name").str();
    if (!names.insert(name).second)
      out.push_back(duplicate(at.child("name"), name));
    validate_probes(containers[i], context.spec.get("terminationGracePeriodSeconds"), at, out);
    validate_restart_policy(containers[i], at, out);
  }
  for (size_t i = 0; i < containers.size(); ++i)
    validate_host_ports(containers[i].get("ports"), host_ports, field.index(i).child("ports"), out);
}

name_set names_of(const draft& containers) {
  name_set names;
  for (auto& container : containers.items())
    names.insert(container.get("name").str());
  return names;
}

void validate_init(const container_context& context, const path& field, field_errors& out) {
  auto names = names_of(context.spec.get("containers"));
  auto& containers = context.spec.get("initContainers").items();
  for (size_t i = 0; i < containers.size(); ++i) {
    auto& container = containers[i];
    auto at = field.index(i);
    validate_any(container, context, at, out);
    validate_restart_policy(container, at, out);
    auto name = container.get("name").str();
    if (!name.empty() && !names.insert(name).second)
      out.push_back(duplicate(at.child("name"), name));
    // Init containers run one by one: each has the host's ports to itself.
    std::set<std::string> host_ports;
    validate_host_ports(container.get("ports"), host_ports, at.child("ports"), out);
    if (is_sidecar(container))
      validate_probes(container, context.spec.get("terminationGracePeriodSeconds"), at, out);
    else
      forbid_probes(container, "may not be set for init containers without restartPolicy=Always", at, out);
  }
}

void validate_ephemeral(const container_context& context, const path& field, field_errors& out) {
  auto targets = names_of(context.spec.get("containers"));
  targets.merge(names_of(context.spec.get("initContainers")));
  auto names = targets;
  auto& containers = context.spec.get("ephemeralContainers").items();
  constexpr std::string_view words = "cannot be set for an Ephemeral Container";
  for (size_t i = 0; i < containers.size(); ++i) {
    auto& container = containers[i];
    auto at = field.index(i);
    validate_any(container, context, at, out);
    auto name = container.get("name").str();
    if (!names.insert(name).second)
      out.push_back(duplicate(at.child("name"), name));
    auto target = container.get("targetContainerName").str();
    if (!target.empty() && !targets.contains(target))
      out.push_back(not_found(at.child("targetContainerName"), target));
    if (!container.get("ports").empty())
      out.push_back(forbidden(at.child("ports"), std::string(words)));
    if (!container.get("resources").empty())
      out.push_back(forbidden(at.child("resources"), std::string(words)));
    forbid_probes(container, words, at, out);
  }
}

} // namespace

bool is_sidecar(const draft& container) { return container.get("restartPolicy").str() == "Always"; }

void validate_containers(const container_context& context, const path& spec_field, field_errors& out) {
  validate_regular(context, spec_field.child("containers"), out);
  validate_init(context, spec_field.child("initContainers"), out);
  validate_ephemeral(context, spec_field.child("ephemeralContainers"), out);
}

} // namespace actors::apiserver::registry::pod_template
