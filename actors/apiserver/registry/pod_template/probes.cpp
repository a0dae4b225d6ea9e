// Probes and lifecycle hooks of a container.
#include "actors/apiserver/registry/pod_template/probes.hpp"

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/names.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"

namespace actors::apiserver::registry::pod_template {

namespace {

void validate_exec(const draft& action, const draft&, const path& field, field_errors& out) {
  if (action.get("command").empty())
    out.push_back(required(field.child("command")));
}

void validate_http_get(const draft& action, const draft&, const path& field, field_errors& out) {
  if (!has_text(action, "path"))
    out.push_back(required(field.child("path")));
  validate_port_or_name(action.get("port"), field.child("port"), out);
  auto scheme = action.get("scheme").str();
  if (scheme != "HTTP" && scheme != "HTTPS")
    out.push_back(not_supported(field.child("scheme"), scheme, {"HTTP", "HTTPS"}));
  for (auto& header : action.get("httpHeaders").items()) {
    auto name = header.get("name").str();
    meta::add(out, field.child("httpHeaders"), name, meta::check_http_header_name(name));
  }
}

void validate_tcp(const draft& action, const draft&, const path& field, field_errors& out) {
  validate_port_or_name(action.get("port"), field.child("port"), out);
}

void validate_grpc(const draft& action, const draft&, const path& field, field_errors& out) {
  auto port = action.get("port").integer();
  meta::add(out, field.child("port"), port, meta::check_port_number(port));
}

void validate_sleep(const draft& action, const draft& grace_period, const path& field, field_errors& out) {
  auto seconds = action.get("seconds").integer();
  if (grace_period.is_integer() && (seconds < 0 || seconds > grace_period.integer()))
    out.push_back(invalid(field, seconds,
                          "must be non-negative and less than terminationGracePeriodSeconds (" +
                            std::to_string(grace_period.integer()) + ")"));
}

struct handler_check {
  std::string_view name;
  void (*check)(const draft& action, const draft& grace_period, const path&, field_errors&);
};

constexpr handler_check probe_handlers[] = {{"exec", validate_exec},
                                            {"httpGet", validate_http_get},
                                            {"tcpSocket", validate_tcp},
                                            {"grpc", validate_grpc}};
constexpr handler_check hook_handlers[] = {{"exec", validate_exec},
                                           {"httpGet", validate_http_get},
                                           {"tcpSocket", validate_tcp},
                                           {"sleep", validate_sleep}};

template <size_t N>
void validate_handler(const handler_check (&handlers)[N], const draft& owner, const draft& grace_period,
                      const path& field, field_errors& out) {
  int count = 0;
  for (auto& [name, check] : handlers) {
    if (!has(owner, name))
      continue;
    if (count++)
      out.push_back(forbidden(field.child(name), "may not specify more than 1 handler type"));
    else
      check(owner.get(name), grace_period, field.child(name), out);
  }
  if (count == 0)
    out.push_back(required(field, "must specify a handler type"));
}

void validate_probe(const draft& container, std::string_view name, const draft& grace_period,
                    const path& parent, field_errors& out) {
  if (!has(container, name))
    return;
  auto& probe = container.get(name);
  auto field = parent.child(name);
  validate_handler(probe_handlers, probe, grace_period, field, out);
  for (std::string_view key :
       {"initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"})
    meta::validate_nonnegative(probe, key, field, out);
  auto& own_grace = probe.get("terminationGracePeriodSeconds");
  auto grace_field = field.child("terminationGracePeriodSeconds");
  if (own_grace.is_integer() && own_grace.integer() <= 0)
    out.push_back(invalid(grace_field, own_grace, "must be greater than 0"));
  if (name == "readinessProbe") {
    if (own_grace.is_integer())
      out.push_back(invalid(grace_field, own_grace, "must not be set for readinessProbes"));
  } else if (probe.get("successThreshold").integer() != 1) {
    out.push_back(
      invalid(field.child("successThreshold"), probe.get("successThreshold").integer(), "must be 1"));
  }
}

} // namespace

void validate_port_or_name(const draft& port, const path& field, field_errors& out) {
  if (port.is_string())
    meta::add(out, field, port, meta::check_port_name(port.str()));
  else
    meta::add(out, field, port.integer(), meta::check_port_number(port.integer()));
}

void validate_probes(const draft& container, const draft& grace_period, const path& field,
                     field_errors& out) {
  for (std::string_view hook : {"postStart", "preStop"})
    if (has(container.get("lifecycle"), hook))
      validate_handler(hook_handlers, container.get("lifecycle").get(hook), grace_period,
                       field.child("lifecycle", hook), out);
  for (std::string_view probe : {"livenessProbe", "readinessProbe", "startupProbe"})
    validate_probe(container, probe, grace_period, field, out);
}

void forbid_probes(const draft& container, std::string_view words, const path& field, field_errors& out) {
  for (std::string_view key : {"lifecycle", "livenessProbe", "readinessProbe", "startupProbe"})
    if (has(container, key))
      out.push_back(forbidden(field.child(key), std::string(words)));
}

} // namespace actors::apiserver::registry::pod_template
