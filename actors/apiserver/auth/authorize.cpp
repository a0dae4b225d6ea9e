// The policy as data, after upstream's bootstrap policy (plugin/pkg/auth/authorizer/rbac/bootstrappolicy), reduced to
// the kinds that are served.
#include "actors/apiserver/auth/authorize.hpp"

#include <algorithm>

namespace actors::apiserver::auth {

namespace {

using names = std::vector<std::string_view>;

struct rule {
  names groups; // API groups
  names resources;
  names verbs;
};
struct grant {
  std::string_view who; // a user, or a group with the prefix "group:"
  std::vector<rule> rules;
};

const names read = {"get", "list", "watch"};
constexpr std::string_view own_group = "troupe.dev";
const names event_groups = {"", "events.k8s.io"};
const rule write_events = {event_groups, {"events"}, {"create", "patch", "update"}};

const std::vector<grant>& policy() {
  static const std::vector<grant> grants = {
    // Where the parts of the cluster run is no secret to those who may talk to it; hosts keep it.
    {"group:system:authenticated", {{{own_group}, {"*"}, read}}},
    {"group:system:troupe-hosts", {{{own_group}, {"*"}, {"*"}}, write_events}},
    {"group:system:nodes",
     {{{""}, {"services", "pods", "nodes", "configmaps", "secrets", "namespaces", "serviceaccounts"}, read},
      {{""}, {"nodes"}, {"create", "update", "patch"}},
      {{""}, {"nodes/status", "pods/status"}, {"update", "patch"}},
      {{""}, {"pods"}, {"delete"}},
      {{"coordination.k8s.io"}, {"leases"}, {"get", "create", "update", "patch", "delete"}},
      write_events}},
    {"system:kube-scheduler",
     {{{""}, {"nodes", "pods", "namespaces", "services"}, read},
      {{""}, {"pods/binding"}, {"create"}},
      {{""}, {"pods/status"}, {"patch", "update"}},
      {{"apps"}, {"replicasets"}, read},
      {{"coordination.k8s.io"}, {"leases"}, {"get", "create", "update", "list", "watch"}},
      write_events}},
    {"system:kube-proxy",
     {{{""}, {"services", "endpoints", "nodes"}, read}, {{"discovery.k8s.io"}, {"endpointslices"}, read}, write_events}},
    {"system:serviceaccount:kube-system:deployment-controller",
     {{{"apps"}, {"deployments"}, {"get", "list", "watch", "update", "patch"}},
      {{"apps"}, {"deployments/status"}, {"update", "patch"}},
      {{"apps"}, {"replicasets"}, {"get", "list", "watch", "create", "update", "patch", "delete"}},
      {{""}, {"pods"}, {"get", "list", "watch", "update"}},
      write_events}},
    {"system:serviceaccount:kube-system:replicaset-controller",
     {{{"apps"}, {"replicasets"}, {"get", "list", "watch", "update"}},
      {{"apps"}, {"replicasets/status"}, {"update", "patch"}},
      {{""}, {"pods"}, {"get", "list", "watch", "create", "patch", "update", "delete"}},
      write_events}},
    {"system:serviceaccount:kube-system:endpointslice-controller",
     {{{""}, {"services", "pods", "nodes"}, read},
      {{"discovery.k8s.io"}, {"endpointslices"}, {"get", "list", "watch", "create", "update", "patch", "delete"}},
      write_events}},
    {"system:serviceaccount:kube-system:endpoint-controller",
     {{{""}, {"services", "pods"}, read},
      {{""}, {"endpoints"}, {"get", "list", "watch", "create", "update", "patch", "delete"}},
      write_events}},
    {"system:serviceaccount:kube-system:node-controller",
     {{{""}, {"nodes"}, {"get", "list", "watch", "update", "patch", "delete"}},
      {{""}, {"nodes/status", "pods/status"}, {"update", "patch"}},
      {{""}, {"pods"}, {"get", "list", "watch", "delete"}},
      {{"coordination.k8s.io"}, {"leases"}, read},
      write_events}},
    {"system:serviceaccount:kube-system:generic-garbage-collector",
     {{{"*"}, {"*"}, {"get", "list", "watch", "patch", "update", "delete"}}, write_events}},
    {"system:serviceaccount:kube-system:namespace-controller",
     {{{""}, {"namespaces"}, {"get", "list", "watch", "delete"}},
      {{""}, {"namespaces/finalize", "namespaces/status"}, {"update", "patch"}},
      {{"*"}, {"*"}, {"get", "list", "watch", "delete", "deletecollection"}}}},
    {"system:serviceaccount:kube-system:pod-garbage-collector",
     {{{""}, {"pods"}, {"get", "list", "watch", "delete"}}, {{""}, {"nodes"}, read}, {{""}, {"pods/status"}, {"patch"}}}},
    {"system:serviceaccount:kube-system:service-account-controller",
     {{{""}, {"serviceaccounts"}, {"get", "list", "watch", "create"}}, {{""}, {"namespaces"}, read}, write_events}},
  };
  return grants;
}

bool has(const names& list, std::string_view wanted) {
  return std::any_of(list.begin(), list.end(), [&](auto item) { return item == wanted || item == "*"; });
}

bool applies(const grant& item, const subject& who) {
  constexpr std::string_view group_prefix = "group:";
  if (!item.who.starts_with(group_prefix))
    return item.who == who.user;
  return std::find(who.groups.begin(), who.groups.end(), item.who.substr(group_prefix.size())) != who.groups.end();
}

} // namespace

bool is_allowed(const subject& who, std::string_view verb, std::string_view group, std::string_view resource) {
  if (std::find(who.groups.begin(), who.groups.end(), "system:masters") != who.groups.end())
    return true;
  for (const auto& item : policy())
    if (applies(item, who))
      for (const auto& rule : item.rules)
        if (has(rule.groups, group) && has(rule.resources, resource) && has(rule.verbs, verb))
          return true;
  return false;
}

} // namespace actors::apiserver::auth
