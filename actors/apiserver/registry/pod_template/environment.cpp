// Environment variables and downward references.
#include "actors/apiserver/registry/pod_template/environment.hpp"

#include <algorithm>

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/names.hpp"
#include "actors/apiserver/registry/pod_template/volumes.hpp"
#include "actors/apiserver/registry/scalars.hpp"

namespace actors::apiserver::registry::pod_template {

namespace {

using names = std::vector<std::string_view>;

const names env_fields = {
  "metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName",
  "status.hostIP", "status.hostIPs",     "status.podIP", "status.podIPs"};
const names volume_fields = {"metadata.annotations", "metadata.labels", "metadata.name", "metadata.namespace",
                             "metadata.uid"};
// What the API can convert at all; a path outside of this list is unknown, not merely unsupported here.
const names known_fields = {
  "metadata.annotations", "metadata.labels", "metadata.name",      "metadata.namespace",
  "metadata.uid",         "spec.nodeName",   "spec.restartPolicy", "spec.serviceAccountName",
  "spec.schedulerName",   "status.phase",    "status.hostIP",      "status.hostIPs",
  "status.podIP",         "status.podIPs",   "spec.host"};
const names resource_fields = {"limits.cpu",   "limits.ephemeral-storage",   "limits.memory",
                               "requests.cpu", "requests.ephemeral-storage", "requests.memory"};

bool among(const names& list, std::string_view name) {
  return std::find(list.begin(), list.end(), name) != list.end();
}

// "metadata.labels['app']" -> "metadata.labels" and "app".
bool split_subscript(std::string_view text, std::string_view& base, std::string_view& key) {
  auto open = text.find("['");
  if (!text.ends_with("']") || open == text.npos || open == 0)
    return false;
  base = text.substr(0, open);
  key = text.substr(open + 2, text.size() - open - 4);
  return true;
}

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return out;
}

void validate_field_ref(const draft& reference, const names& allowed, const path& field, field_errors& out) {
  auto version = reference.get("apiVersion").str();
  auto text = reference.get("fieldPath").str();
  if (version.empty())
    return out.push_back(required(field.child("apiVersion")));
  if (text.empty())
    return out.push_back(required(field.child("fieldPath")));
  std::string_view base = text, key;
  bool subscript = split_subscript(text, base, key);
  auto cannot_convert = [&](std::string words) {
    out.push_back(invalid(field.child("fieldPath"), text, "error converting fieldPath: " + words));
  };
  if (version != "v1")
    return cannot_convert("unsupported pod version: " + std::string(version));
  if (subscript && base != "metadata.annotations" && base != "metadata.labels")
    return cannot_convert("field label does not support subscript: " + std::string(text));
  if (!subscript && !among(known_fields, text))
    return cannot_convert("field label not supported: " + std::string(text));
  if (subscript)
    meta::add(out, field, key,
              meta::check_label_key(base == "metadata.annotations" ? lower(key) : std::string(key)));
  else if (!among(allowed, text))
    out.push_back(not_supported(field.child("fieldPath"), text, allowed));
}

void validate_divisor(std::string_view resource, const draft& divisor, const path& field, field_errors& out) {
  static const names byte_divisors = {"1",   "1k",  "1M",  "1G",  "1T",  "1P", "1E",
                                      "1Ki", "1Mi", "1Gi", "1Ti", "1Pi", "1Ei"};
  if (divisor.is_null() || compare_quantities(divisor, 0) == 0)
    return;
  auto text = quantity_text(divisor);
  auto what = resource.substr(resource.find('.') == resource.npos ? 0 : resource.find('.') + 1);
  if (what == "cpu") {
    if (text != "1m" && text != "1")
      out.push_back(invalid(field.child("divisor"), resource,
                            "only divisor's values 1m and 1 are supported with the cpu resource"));
    return;
  }
  std::string shown = what == "memory"              ? "memory"
                      : what == "ephemeral-storage" ? "local ephemeral storage"
                                                    : "hugepages";
  bool counted = what == "memory" || what == "ephemeral-storage" || what.starts_with("hugepages-");
  if (counted && !among(byte_divisors, text))
    out.push_back(invalid(field.child("divisor"), resource,
                          "only divisor's values 1, 1k, 1M, 1G, 1T, 1P, 1E, 1Ki, 1Mi, 1Gi, 1Ti, 1Pi, 1Ei are "
                          "supported with the " +
                            shown + " resource"));
}

void validate_key_ref(const draft& reference, const path& field, field_errors& out) {
  auto name = reference.get("name").str();
  auto key = reference.get("key").str();
  meta::add(out, field.child("name"), name, meta::check_dns1123_subdomain(name));
  if (key.empty())
    out.push_back(required(field.child("key")));
  else
    meta::add(out, field.child("key"), key, meta::check_config_key(key));
}

void validate_file_ref(const draft& reference, const path& field, field_errors& out) {
  for (std::string_view key : {"key", "volumeName", "path"})
    if (!has_text(reference, key))
      out.push_back(required(field.child(key)));
  validate_unreserved_path(reference.get("path").str(), field.child("path"), out);
}

void validate_value_from(const draft& variable, const path& field, field_errors& out) {
  if (!has(variable, "valueFrom"))
    return;
  auto& from = variable.get("valueFrom");
  int count = 0;
  auto with = [&](std::string_view key, auto check) {
    if (!has(from, key))
      return;
    ++count;
    check(from.get(key), field.child(key));
  };
  with("fieldRef", [&](auto& r, const path& at) { validate_field_ref(r, env_fields, at, out); });
  with("resourceFieldRef", [&](auto& r, const path& at) { validate_resource_field_ref(r, false, at, out); });
  with("configMapKeyRef", [&](auto& r, const path& at) { validate_key_ref(r, at, out); });
  with("secretKeyRef", [&](auto& r, const path& at) { validate_key_ref(r, at, out); });
  with("fileKeyRef", [&](auto& r, const path& at) { validate_file_ref(r, at, out); });
  if (count == 0)
    out.push_back(
      invalid(field, "",
              "must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or "
              "`fileKeyRef`"));
  else if (has_text(variable, "value"))
    out.push_back(invalid(field, "", "may not be specified when `value` is not empty"));
  else if (count > 1)
    out.push_back(invalid(field, "", "may not have more than one field specified at a time"));
}

} // namespace

void validate_volume_field_ref(const draft& reference, const path& field, field_errors& out) {
  validate_field_ref(reference, volume_fields, field, out);
}

void validate_resource_field_ref(const draft& reference, bool in_volume, const path& field,
                                 field_errors& out) {
  auto resource = reference.get("resource").str();
  bool huge = resource.starts_with("requests.hugepages-") || resource.starts_with("limits.hugepages-");
  if (in_volume && !has_text(reference, "containerName"))
    out.push_back(required(field.child("containerName")));
  else if (resource.empty())
    out.push_back(required(field.child("resource")));
  else if (!huge && !among(resource_fields, resource))
    out.push_back(not_supported(field.child("resource"), resource, resource_fields));
  validate_divisor(resource, reference.get("divisor"), field, out);
}

void validate_environment(const draft& variables, const path& field, field_errors& out) {
  for (size_t i = 0; i < variables.size(); ++i) {
    auto& variable = variables.items()[i];
    auto at = field.index(i);
    auto name = variable.get("name").str();
    if (name.empty())
      out.push_back(required(at.child("name")));
    else
      meta::add(out, at.child("name"), name, meta::check_env_name(name));
    validate_value_from(variable, at.child("valueFrom"), out);
  }
}

void validate_environment_sources(const draft& sources, const path& field, field_errors& out) {
  for (size_t i = 0; i < sources.size(); ++i) {
    auto& source = sources.items()[i];
    auto at = field.index(i);
    auto prefix = source.get("prefix").str();
    if (!prefix.empty())
      meta::add(out, at.child("prefix"), prefix, meta::check_env_name(prefix));
    int count = 0;
    for (std::string_view key : {"configMapRef", "secretRef"}) {
      if (!has(source, key))
        continue;
      ++count;
      auto name = source.get(key).get("name").str();
      if (name.empty())
        out.push_back(required(at.child(key, "name")));
      else
        meta::add(out, at.child(key, "name"), name, meta::name_is_dns_subdomain(name, true));
    }
    if (count == 0)
      out.push_back(invalid(field, "", "must specify one of: `configMapRef` or `secretRef`"));
    else if (count > 1)
      out.push_back(invalid(field, "", "may not have more than one field specified at a time"));
  }
}

} // namespace actors::apiserver::registry::pod_template
