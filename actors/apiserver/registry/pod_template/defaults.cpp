// Defaults of a pod spec.
#include "actors/apiserver/registry/pod_template/defaults.hpp"

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/pod_template/resources.hpp"
#include "actors/apiserver/registry/pod_template/volumes.hpp"

namespace actors::apiserver::registry::pod_template {

namespace {

void default_http_get(draft& handler) {
  if (auto* get = object_at(handler, "httpGet")) {
    default_text(*get, "path", "/");
    default_text(*get, "scheme", "HTTP");
  }
}

void default_probe(draft& container, std::string_view name) {
  auto* probe = object_at(container, name);
  if (!probe)
    return;
  default_number(*probe, "timeoutSeconds", 1);
  default_number(*probe, "periodSeconds", 10);
  default_number(*probe, "successThreshold", 1);
  default_number(*probe, "failureThreshold", 3);
  default_http_get(*probe);
  if (auto* grpc = object_at(*probe, "grpc"))
    default_to(*grpc, "service", "");
}

void default_environment(draft& container) {
  for_each_item(container, "env", [](draft& variable) {
    auto* source = object_at(variable, "valueFrom");
    if (!source)
      return;
    if (auto* field = object_at(*source, "fieldRef"))
      default_text(*field, "apiVersion", "v1");
    if (auto* file = object_at(*source, "fileKeyRef"))
      default_to(*file, "optional", false);
  });
}

void default_container(draft& container) {
  default_text(container, "imagePullPolicy", default_pull_policy(container.get("image").str()));
  default_text(container, "terminationMessagePath", "/dev/termination-log");
  default_text(container, "terminationMessagePolicy", "File");
  for_each_item(container, "ports", [](draft& port) { default_text(port, "protocol", "TCP"); });
  default_environment(container);
  if (auto* resources = object_at(container, "resources"))
    for (std::string_view list : {"limits", "requests"})
      if (auto* quantities = object_at(*resources, list))
        round_up(*quantities);
  for (std::string_view probe : {"livenessProbe", "readinessProbe", "startupProbe"})
    default_probe(container, probe);
  if (auto* lifecycle = object_at(container, "lifecycle"))
    for (std::string_view hook : {"postStart", "preStop"})
      if (auto* handler = object_at(*lifecycle, hook))
        default_http_get(*handler);
}

// `serviceAccount` is the older name of `serviceAccountName`; both are always shown.
void match_service_account(draft& spec) {
  auto name = std::string(spec.get("serviceAccountName").str());
  if (name.empty())
    name = spec.get("serviceAccount").str();
  if (name.empty())
    return;
  spec.set("serviceAccountName", name);
  spec.set("serviceAccount", name);
}

} // namespace

std::string_view default_pull_policy(std::string_view image) {
  auto digest = image.find('@');
  auto name = image.substr(0, digest);
  auto slash = name.rfind('/');
  auto colon = name.find(':', slash == name.npos ? 0 : slash);
  if (colon != name.npos)
    return name.substr(colon + 1) == "latest" ? "Always" : "IfNotPresent";
  return digest == image.npos && !image.empty() ? "Always" : "IfNotPresent";
}

void default_pod_spec(draft& spec) {
  default_text(spec, "restartPolicy", "Always");
  default_to(spec, "terminationGracePeriodSeconds", 30);
  default_text(spec, "dnsPolicy", "ClusterFirst");
  default_to(spec, "securityContext", draft::make_object());
  default_text(spec, "schedulerName", "default-scheduler");
  match_service_account(spec);
  for_each_item(spec, "volumes", default_volume);
  for_each_container(spec, default_container);
  if (auto* overhead = object_at(spec, "overhead"))
    round_up(*overhead);
  if (auto* resources = object_at(spec, "resources"))
    for (std::string_view list : {"limits", "requests"})
      if (auto* quantities = object_at(*resources, list))
        round_up(*quantities);
}

void default_template(draft& workload) {
  auto& pod_template = object_made(object_made(workload, "spec"), "template");
  default_pod_spec(object_made(pod_template, "spec"));
}

} // namespace actors::apiserver::registry::pod_template
