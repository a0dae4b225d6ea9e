// Validation of a pod spec and of a pod template.
#include "actors/apiserver/registry/pod_template/pod_spec.hpp"

#include <charconv>
#include <set>

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/labels.hpp"
#include "actors/apiserver/registry/meta/names.hpp"
#include "actors/apiserver/registry/meta/network.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/pod_template/containers.hpp"
#include "actors/apiserver/registry/pod_template/resources.hpp"
#include "actors/apiserver/registry/pod_template/scheduling.hpp"
#include "actors/apiserver/registry/pod_template/security.hpp"
#include "actors/apiserver/registry/pod_template/volumes.hpp"

namespace actors::apiserver::registry::pod_template {

namespace {

constexpr size_t nameservers_max = 3;
constexpr size_t search_paths_max = 32;
constexpr size_t search_bytes_max = 2048;
constexpr int64_t deadline_seconds_max = 2147483647;

using choices = std::vector<std::string_view>;

void validate_choice(const draft& spec, std::string_view key, const choices& allowed, const path& field,
                     field_errors& out) {
  auto value = spec.get(key).str();
  if (value.empty())
    return out.push_back(required(field.child(key)));
  for (auto choice : allowed)
    if (value == choice)
      return;
  out.push_back(not_supported(field.child(key), value, allowed));
}

void validate_name(const draft& spec, std::string_view key, meta::complaints (*check)(std::string_view),
                   const path& field, field_errors& out) {
  auto name = spec.get(key).str();
  if (!name.empty())
    meta::add(out, field.child(key), name, check(name));
}

void validate_search_paths(const draft& searches, const path& field, field_errors& out) {
  if (searches.size() > search_paths_max)
    out.push_back(invalid(field, searches,
                          "must not have more than " + std::to_string(search_paths_max) + " search paths"));
  size_t bytes = searches.size() ? searches.size() - 1 : 0;
  for (auto& search : searches.items())
    bytes += search.str().size();
  if (bytes > search_bytes_max)
    out.push_back(invalid(field, searches,
                          "must not have more than " + std::to_string(search_bytes_max) +
                            " characters (including spaces) in the search list"));
  for (size_t i = 0; i < searches.size(); ++i) {
    auto search = searches.items()[i].str();
    if (search == ".")
      continue;
    if (search.ends_with('.'))
      search.remove_suffix(1);
    meta::add(out, field.index(i), search, meta::check_dns1123_subdomain_with_underscore(search));
  }
}

void validate_dns(const draft& spec, const path& spec_field, field_errors& out) {
  validate_choice(spec, "dnsPolicy", {"ClusterFirst", "ClusterFirstWithHostNet", "Default", "None"},
                  spec_field, out);
  auto& config = spec.get("dnsConfig");
  auto field = spec_field.child("dnsConfig");
  auto& nameservers = config.get("nameservers");
  if (spec.get("dnsPolicy").str() == "None") {
    if (config.is_null())
      return out.push_back(required(field, "must provide `dnsConfig` when `dnsPolicy` is None"));
    if (nameservers.empty())
      return out.push_back(required(field.child("nameservers"),
                                    "must provide at least one DNS nameserver when `dnsPolicy` is None"));
  }
  if (nameservers.size() > nameservers_max)
    out.push_back(invalid(field.child("nameservers"), nameservers,
                          "must not have more than " + std::to_string(nameservers_max) + " nameservers"));
  for (size_t i = 0; i < nameservers.size(); ++i)
    meta::validate_ip(nameservers.items()[i].str(), field.child("nameservers").index(i), out);
  validate_search_paths(config.get("searches"), field.child("searches"), out);
  auto& options = config.get("options").items();
  for (size_t i = 0; i < options.size(); ++i)
    if (!has_text(options[i], "name"))
      out.push_back(required(field.child("options").index(i), "must not be empty"));
}

// With the host's network a container's port is the host's port.
void validate_host_network(const draft& spec, bool is_pod, const path& field, field_errors& out) {
  if (!spec.get("hostNetwork").boolean())
    return;
  auto& containers = spec.get("containers").items();
  for (size_t c = 0; c < containers.size(); ++c) {
    auto& ports = containers[c].get("ports").items();
    for (size_t p = 0; p < ports.size(); ++p) {
      auto host = ports[p].get("hostPort").integer();
      if ((is_pod || host != 0) && host != ports[p].get("containerPort").integer())
        out.push_back(invalid(field.child("containers").index(c).child("ports").index(p).child("hostPort"),
                              host, "must match `containerPort` when `hostNetwork` is true"));
    }
  }
}

void validate_host_aliases(const draft& aliases, const path& field, field_errors& out) {
  for (size_t i = 0; i < aliases.size(); ++i) {
    meta::validate_ip(aliases.items()[i].get("ip").str(), field.index(i).child("ip"), out);
    auto& names = aliases.items()[i].get("hostnames").items();
    for (size_t j = 0; j < names.size(); ++j)
      meta::add(out, field.index(i).child("hostnames").index(j), names[j],
                meta::check_dns1123_subdomain(names[j].str()));
  }
}

std::set<std::string> validate_claims(const draft& claims, const path& field, field_errors& out) {
  std::set<std::string> names;
  for (size_t i = 0; i < claims.size(); ++i) {
    auto& claim = claims.items()[i];
    auto at = field.index(i);
    std::string name(claim.get("name").str());
    if (name.empty())
      out.push_back(required(at.child("name")));
    else if (!names.insert(name).second)
      out.push_back(duplicate(at.child("name"), name));
    else
      meta::add(out, at.child("name"), name, meta::check_dns1123_label(name));
    bool direct = has(claim, "resourceClaimName"), by_template = has(claim, "resourceClaimTemplateName");
    if (direct && by_template)
      out.push_back(invalid(
        at, claim, "at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified"));
    if (!direct && !by_template)
      out.push_back(
        invalid(at, claim, "must specify one of: `resourceClaimName`, `resourceClaimTemplateName`"));
    for (std::string_view key : {"resourceClaimName", "resourceClaimTemplateName"})
      if (has(claim, key))
        meta::add(out, at.child(key), claim.get(key), meta::check_dns1123_subdomain(claim.get(key).str()));
  }
  return names;
}

void validate_names(const draft& spec, const path& field, field_errors& out) {
  validate_name(spec, "serviceAccountName", meta::check_dns1123_subdomain, field, out);
  validate_name(spec, "nodeName", meta::check_dns1123_subdomain, field, out);
  validate_name(spec, "hostname", meta::check_dns1123_label, field, out);
  validate_name(spec, "subdomain", meta::check_dns1123_label, field, out);
  validate_name(spec, "hostnameOverride", meta::check_dns1123_subdomain, field, out);
  validate_name(spec, "priorityClassName", meta::check_dns1123_subdomain, field, out);
  if (has(spec, "runtimeClassName"))
    meta::add(out, field.child("runtimeClassName"), spec.get("runtimeClassName"),
              meta::check_dns1123_subdomain(spec.get("runtimeClassName").str()));
}

// Rules of pods alone; templates were never held to them.
void validate_pod_only(const draft& spec, const path& field, field_errors& out) {
  auto is_space = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  for (std::string_view list : {"containers", "initContainers", "ephemeralContainers"}) {
    auto& containers = spec.get(list).items();
    for (size_t i = 0; i < containers.size(); ++i) {
      auto image = containers[i].get("image").str();
      if (!image.empty() && (is_space(image.front()) || is_space(image.back())))
        out.push_back(invalid(field.child(list).index(i).child("image"), image,
                              "must not have leading or trailing whitespace"));
    }
  }
  if (has_text(spec, "serviceAccountName"))
    return;
  auto& volumes = spec.get("volumes").items();
  for (size_t v = 0; v < volumes.size(); ++v) {
    auto& sources = volumes[v].get("projected").get("sources").items();
    for (size_t s = 0; s < sources.size(); ++s)
      if (has(sources[s], "serviceAccountToken"))
        out.push_back(forbidden(
          field.child("volumes").index(v).child("projected", "sources").index(s).child("serviceAccountToken"),
          "must not be specified when serviceAccountName is not set"));
  }
}

} // namespace

void validate_pod_spec(const draft& spec, const draft* pod_metadata, const path& field, field_errors& out) {
  if (!has(spec, "terminationGracePeriodSeconds"))
    out.push_back(required(field.child("terminationGracePeriodSeconds")));
  auto pod_name = pod_metadata ? pod_metadata->get("name").str() : std::string_view();
  auto volumes = validate_volumes(spec.get("volumes"), pod_name, field.child("volumes"), out);
  auto claims = validate_claims(spec.get("resourceClaims"), field.child("resourceClaims"), out);
  bool host_users = spec.get("hostUsers").boolean(true);
  validate_containers({spec, volumes, claims, host_users}, field, out);
  validate_pod_resources(spec.get("resources"), field.child("resources"), out);
  validate_pod_covers_containers(spec, field.child("resources"), out);
  validate_host_network(spec, pod_metadata != nullptr, field, out);
  validate_choice(spec, "restartPolicy", {"Always", "Never", "OnFailure"}, field, out);
  meta::validate_labels(spec.get("nodeSelector"), field.child("nodeSelector"), out);
  validate_pod_security(spec, field, out);
  validate_affinity(spec.get("affinity"), field.child("affinity"), out);
  validate_dns(spec, field, out);
  validate_gates(spec, field, out);
  validate_topology_spread(spec.get("topologySpreadConstraints"), field.child("topologySpreadConstraints"),
                           out);
  validate_host_users(spec, field, out);
  validate_names(spec, field, out);
  auto& deadline = spec.get("activeDeadlineSeconds");
  if (deadline.is_integer() && (deadline.integer() < 1 || deadline.integer() > deadline_seconds_max))
    out.push_back(invalid(field.child("activeDeadlineSeconds"), deadline,
                          meta::inclusive_range(1, deadline_seconds_max)));
  validate_tolerations(spec.get("tolerations"), field.child("tolerations"), out);
  validate_host_aliases(spec.get("hostAliases"), field.child("hostAliases"), out);
  if (has(spec, "preemptionPolicy"))
    validate_choice(spec, "preemptionPolicy", {"Never", "PreemptLowerPriority"}, field, out);
  if (has(spec, "overhead"))
    validate_resources(draft::make_object({{"limits", draft(spec.get("overhead"))}}), {},
                       field.child("overhead"), out);
  validate_os(spec, field, out);
  if (pod_metadata)
    validate_pod_only(spec, field, out);
}

void validate_pod_annotations(const draft& annotations, const draft& spec, const path& field,
                              field_errors& out) {
  constexpr std::string_view mirror = "kubernetes.io/config.mirror";
  constexpr std::string_view cost = "controller.kubernetes.io/pod-deletion-cost";
  if (annotations.contains(mirror) && !has_text(spec, "nodeName"))
    out.push_back(invalid(field.key(mirror), annotations.get(mirror),
                          "must set spec.nodeName if mirror pod annotation is set"));
  if (!annotations.contains(cost))
    return;
  auto text = annotations.get(cost).str();
  int32_t value = 0;
  auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  bool canonical = text == "0" || (!text.empty() && text.front() != '0' && !text.starts_with("-0"));
  if (error != std::errc{} || end != text.data() + text.size() || !canonical)
    out.push_back(invalid(field.key(cost), text, "must be a 32bit integer"));
}

void validate_template(const draft& pod_template, const path& field, field_errors& out) {
  auto& metadata = pod_template.get("metadata");
  auto& spec = pod_template.get("spec");
  meta::validate_labels(metadata.get("labels"), field.child("labels"), out);
  meta::validate_annotations(metadata.get("annotations"), field.child("annotations"), out);
  validate_pod_annotations(metadata.get("annotations"), spec, field.child("annotations"), out);
  validate_pod_spec(spec, nullptr, field.child("spec"), out);
  if (!spec.get("ephemeralContainers").empty())
    out.push_back(forbidden(field.child("spec", "ephemeralContainers"),
                            "ephemeral containers not allowed in pod template"));
}

void validate_running_template(const draft& pod_template, const draft& selector, const path& field,
                               field_errors& out) {
  auto& labels = pod_template.get("metadata").get("labels");
  if (!meta::is_empty_selector(selector) && !meta::selector_matches(selector, labels))
    out.push_back(
      invalid(field.child("metadata", "labels"), labels, "`selector` does not match template `labels`"));
  validate_template(pod_template, field, out);
  auto& spec = pod_template.get("spec");
  if (spec.get("restartPolicy").str() != "Always")
    out.push_back(
      not_supported(field.child("spec", "restartPolicy"), spec.get("restartPolicy").str(), {"Always"}));
  if (has(spec, "activeDeadlineSeconds"))
    out.push_back(forbidden(field.child("spec", "activeDeadlineSeconds"),
                            "activeDeadlineSeconds in ReplicaSet is not Supported"));
}

} // namespace actors::apiserver::registry::pod_template
