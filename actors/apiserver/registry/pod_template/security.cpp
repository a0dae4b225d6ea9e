// Security contexts of pods and containers.
#include "actors/apiserver/registry/pod_template/security.hpp"

#include <algorithm>
#include <set>

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/names.hpp"
#include "actors/apiserver/registry/pod_template/volumes.hpp"

namespace actors::apiserver::registry::pod_template {

namespace {

constexpr int64_t id_max = 0xffffffff;
constexpr size_t sysctl_length_max = 253;
constexpr size_t profile_path_length_max = 4095;

void validate_id(const draft& id, const path& field, field_errors& out) {
  if (id.is_integer() && (id.integer() < 0 || id.integer() > id_max))
    out.push_back(invalid(field, id, meta::inclusive_range(0, id_max)));
}

void validate_choice(const draft& owner, std::string_view key, const std::vector<std::string_view>& allowed,
                     const path& field, field_errors& out) {
  if (!has(owner, key))
    return;
  auto value = owner.get(key).str();
  if (std::find(allowed.begin(), allowed.end(), value) == allowed.end())
    out.push_back(not_supported(field.child(key), value, allowed));
}

void validate_profile_type(const draft& profile, std::string_view name, std::string_view kind,
                           const path& field, field_errors& out) {
  auto type = profile.get("type").str();
  if (type.empty())
    out.push_back(required(field.child("type"), "type is required when " + std::string(name) + " is set"));
  else if (type != "Localhost" && type != "RuntimeDefault" && type != "Unconfined")
    out.push_back(not_supported(field.child("type"), type, {"Localhost", "RuntimeDefault", "Unconfined"}));
  if (type != "Localhost" && has(profile, "localhostProfile"))
    out.push_back(invalid(field.child("localhostProfile"), profile.get("localhostProfile"),
                          "can only be set when " + std::string(kind) + " type is Localhost"));
  if (type == "Localhost" && !has(profile, "localhostProfile"))
    out.push_back(required(field.child("localhostProfile"),
                           "must be set when " + std::string(kind) + " type is Localhost"));
}

void validate_seccomp(const draft& owner, const path& parent, field_errors& out) {
  if (!has(owner, "seccompProfile"))
    return;
  auto& profile = owner.get("seccompProfile");
  auto field = parent.child("seccompProfile");
  validate_profile_type(profile, "seccompProfile", "seccomp", field, out);
  if (profile.get("type").str() == "Localhost" && has(profile, "localhostProfile"))
    validate_local_path(profile.get("localhostProfile").str(), field.child("localhostProfile"), out);
}

void validate_app_armor(const draft& owner, const path& parent, field_errors& out) {
  if (!has(owner, "appArmorProfile"))
    return;
  auto& profile = owner.get("appArmorProfile");
  auto field = parent.child("appArmorProfile");
  validate_profile_type(profile, "appArmorProfile", "AppArmor", field, out);
  if (profile.get("type").str() != "Localhost" || !has(profile, "localhostProfile"))
    return;
  auto name = profile.get("localhostProfile").str();
  auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  if (!name.empty() && (is_space(name.front()) || is_space(name.back())))
    out.push_back(invalid(field.child("localhostProfile"), name, "must not be padded with whitespace"));
  else if (name.empty())
    out.push_back(required(field.child("localhostProfile"), "must be set when AppArmor type is Localhost"));
  if (name.size() > profile_path_length_max)
    out.push_back(too_long(field.child("localhostProfile"), profile_path_length_max));
}

bool is_sysctl_name(std::string_view name) {
  if (name.empty() || name.size() > sysctl_length_max)
    return false;
  auto is_word = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  bool at_start = true;
  for (size_t i = 0; i < name.size(); ++i) {
    char c = name[i];
    bool separator = c == '.' || c == '/';
    bool at_end = i + 1 == name.size() || name[i + 1] == '.' || name[i + 1] == '/';
    if (separator ? at_start || i + 1 == name.size()
                  : !is_word(c) && ((c != '-' && c != '_') || at_start || at_end))
      return false;
    at_start = separator;
  }
  return true;
}

bool is_net_sysctl(std::string_view name) { return name.starts_with("net.") || name.starts_with("net/"); }

bool is_ipc_sysctl(std::string_view name) {
  std::string dotted(name);
  std::replace(dotted.begin(), dotted.end(), '/', '.');
  return dotted.starts_with("kernel.shm") || dotted.starts_with("kernel.msg") || dotted == "kernel.sem" ||
         dotted.starts_with("fs.mqueue.");
}

void validate_sysctls(const draft& spec, const draft& sysctls, const path& field, field_errors& out) {
  std::set<std::string_view> seen;
  for (size_t i = 0; i < sysctls.size(); ++i) {
    auto name = sysctls.items()[i].get("name").str();
    auto at = field.index(i).child("name");
    if (name.empty())
      out.push_back(required(at));
    else if (!is_sysctl_name(name))
      out.push_back(invalid(at, name,
                            "must have at most 253 characters and match regex "
                            "^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$"));
    else if (!seen.insert(name).second)
      out.push_back(duplicate(at, name));
    if (spec.get("hostNetwork").boolean() && is_net_sysctl(name))
      out.push_back(invalid(at, name, "may not be specified when 'hostNetwork' is true"));
    else if (spec.get("hostIPC").boolean() && is_ipc_sysctl(name))
      out.push_back(invalid(at, name, "may not be specified when 'hostIPC' is true"));
  }
}

template <class Visit>
void visit_containers(const draft& spec, const path& field, Visit visit) {
  for (std::string_view list : {"initContainers", "containers", "ephemeralContainers"}) {
    auto& containers = spec.get(list).items();
    for (size_t i = 0; i < containers.size(); ++i)
      visit(containers[i], field.child(list).index(i));
  }
}

} // namespace

void validate_pod_security(const draft& spec, const path& spec_field, field_errors& out) {
  auto& context = spec.get("securityContext");
  auto field = spec_field.child("securityContext");
  for (std::string_view id : {"fsGroup", "runAsUser", "runAsGroup"})
    validate_id(context.get(id), field.child(id), out);
  auto& groups = context.get("supplementalGroups").items();
  for (size_t i = 0; i < groups.size(); ++i)
    validate_id(groups[i], field.child("supplementalGroups").index(i), out);
  if (spec.get("shareProcessNamespace").boolean() && spec.get("hostPID").boolean())
    out.push_back(invalid(field.child("shareProcessNamespace"), true,
                          "ShareProcessNamespace and HostPID cannot both be enabled"));
  validate_sysctls(spec, context.get("sysctls"), field.child("sysctls"), out);
  validate_choice(context, "fsGroupChangePolicy", {"Always", "OnRootMismatch"}, field, out);
  validate_seccomp(context, field, out);
  validate_app_armor(context, field, out);
  validate_choice(context, "supplementalGroupsPolicy", {"Merge", "Strict"}, field, out);
  validate_choice(context, "seLinuxChangePolicy", {"MountOption", "Recursive"}, field, out);
}

void validate_container_security(const draft& context, bool host_users, const path& field,
                                 field_errors& out) {
  if (context.is_null())
    return;
  for (std::string_view id : {"runAsUser", "runAsGroup"})
    validate_id(context.get(id), field.child(id), out);
  validate_choice(context, "procMount", {"Default", "Unmasked"}, field, out);
  if (host_users && context.get("procMount").str() == "Unmasked")
    out.push_back(
      invalid(field.child("procMount"), "Unmasked", "`hostUsers` must be false to use `Unmasked`"));
  validate_seccomp(context, field, out);
  auto& escalation = context.get("allowPrivilegeEscalation");
  if (escalation.is_bool() && !escalation.boolean()) {
    if (context.get("privileged").boolean())
      out.push_back(
        invalid(field, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true"));
    for (auto& capability : context.get("capabilities").get("add").items())
      if (capability.str() == "CAP_SYS_ADMIN")
        out.push_back(
          invalid(field, context,
                  "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN"));
  }
  validate_app_armor(context, field, out);
}

void validate_host_users(const draft& spec, const path& field, field_errors& out) {
  if (!spec.get("hostUsers").is_bool() || spec.get("hostUsers").boolean())
    return;
  constexpr std::string_view words = "when `hostUsers` is false";
  for (std::string_view key : {"hostNetwork", "hostPID", "hostIPC"})
    if (spec.get(key).boolean())
      out.push_back(forbidden(field.child(key), std::string(words)));
}

void validate_os(const draft& spec, const path& field, field_errors& out) {
  if (!has(spec, "os"))
    return;
  auto name = spec.get("os").get("name").str();
  if (name.empty())
    return out.push_back(required(field.child("os", "name"), "cannot be empty"));
  if (name != "linux" && name != "windows")
    return out.push_back(not_supported(field.child("os"), name, {"linux", "windows"}));
  if (name == "linux") {
    constexpr std::string_view words = "windows options cannot be set for a linux pod";
    if (has(spec.get("securityContext"), "windowsOptions"))
      out.push_back(forbidden(field.child("securityContext", "windowsOptions"), std::string(words)));
    visit_containers(spec, field, [&](auto& container, const path& at) {
      if (has(container.get("securityContext"), "windowsOptions"))
        out.push_back(forbidden(at.child("securityContext", "windowsOptions"), std::string(words)));
    });
    return;
  }
  constexpr std::string_view words = "cannot be set for a windows pod";
  for (std::string_view key : {"hostUsers", "hostPID", "hostIPC", "shareProcessNamespace"})
    if (has(spec, key))
      out.push_back(forbidden(field.child(key), std::string(words)));
  for (auto& [key, value] : spec.get("securityContext").members())
    if (key != "windowsOptions" && key != "runAsNonRoot" && !value.is_null())
      out.push_back(forbidden(field.child("securityContext", key), std::string(words)));
  visit_containers(spec, field, [&](auto& container, const path& at) {
    for (auto& [key, value] : container.get("securityContext").members())
      if (key != "windowsOptions" && key != "runAsNonRoot" && !value.is_null())
        out.push_back(forbidden(at.child("securityContext", key), std::string(words)));
  });
}

} // namespace actors::apiserver::registry::pod_template
