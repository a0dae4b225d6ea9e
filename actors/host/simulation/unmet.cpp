// What is not as desired yet in a simulated cluster, as its admin sees it.
#include "actors/host/simulation/world.hpp"

#include "actors/keeper/keeper_actor.hpp"

#include <fmt/format.h>

#include "messages/codec/json.hpp"

namespace actors::host::simulation {

namespace {

bool condition_true(const draft& object, std::string_view type) {
  for (const auto& item : object.at({"status", "conditions"}).items())
    if (item.get("type").str() == type)
      return item.get("status").str() == "True";
  return false;
}

/// Pods of one app, by "namespace/app".
struct app_pods {
  int ready = 0, others = 0;
  std::set<std::string> images, ready_ips;
};

std::map<std::string, app_pods> group_pods(const client::object_cache& pods) {
  std::map<std::string, app_pods> result;
  for (const auto& [key, item] : pods.entries()) {
    const auto pod = shown(client::pods, item);
    const auto app = pod.at({"metadata", "labels", "app"}).str();
    auto& group = result[client::split_key(key.text()).first + "/" + std::string{app}];
    const bool ending = pod.get("metadata").contains("deletionTimestamp");
    if (ending || !condition_true(pod, "Ready")) {
      ++group.others;
      continue;
    }
    ++group.ready;
    for (const auto& container : pod.at({"spec", "containers"}).items())
      group.images.emplace(container.get("image").str());
    group.ready_ips.emplace(pod.at({"status", "podIP"}).str());
  }
  return result;
}

void check_deployments(world& of, const std::map<std::string, app_pods>& pods, std::vector<std::string>& missing) {
  const auto& cache = of.admin().cache(client::deployments);
  for (const auto& [key, wanted] : of.deployments) {
    const auto* item = cache.find(key);
    if (item == nullptr) {
      missing.push_back(fmt::format("deployment {} is not there", key));
      continue;
    }
    const auto status = shown(client::deployments, *item).get("status");
    const auto found = pods.find(key);
    const app_pods none;
    const auto& group = found == pods.end() ? none : found->second;
    const bool right_image = group.images.empty() || (group.images.size() == 1 && *group.images.begin() == wanted.image);
    if (group.ready != wanted.replicas || group.others != 0 || !right_image)
      missing.push_back(fmt::format("deployment {} wants {} pods of {}: {} ready, {} others, images {}", key, wanted.replicas,
                                    wanted.image, group.ready, group.others, fmt::join(group.images, " ")));
    else if (status.get("availableReplicas").integer() != wanted.replicas || status.get("replicas").integer() != wanted.replicas)
      missing.push_back(fmt::format("the status of deployment {} says {} of {} available", key,
                                    status.get("availableReplicas").integer(), wanted.replicas));
  }
  for (const auto& [key, item] : cache.entries())
    if (of.deployments.count(key) == 0)
      missing.push_back(fmt::format("deployment {} should be gone", key.text()));
  for (const auto& [key, group] : pods)
    if (of.deployments.count(key) == 0 && group.ready + group.others > 0)
      missing.push_back(fmt::format("{} pods of {} should be gone", group.ready + group.others, key));
}

void check_services(world& of, const std::map<std::string, app_pods>& pods, std::vector<std::string>& missing) {
  std::map<std::string, std::set<std::string>> slices, endpoints;
  for (const auto& [key, item] : of.admin().cache(client::endpointslices).entries()) {
    const auto slice = shown(client::endpointslices, item);
    auto& into = slices[client::split_key(key.text()).first + "/" +
                        std::string{slice.at({"metadata", "labels", "kubernetes.io/service-name"}).str()}];
    for (const auto& endpoint : slice.get("endpoints").items())
      if (endpoint.at({"conditions", "ready"}).boolean(true))
        for (const auto& address : endpoint.get("addresses").items())
          into.emplace(address.str());
  }
  for (const auto& [key, item] : of.admin().cache(client::endpoints).entries()) {
    const auto object = shown(client::endpoints, item);
    for (const auto& subset : object.get("subsets").items())
      for (const auto& address : subset.get("addresses").items())
        endpoints[key].emplace(address.get("ip").str());
  }
  for (const auto& key : of.services) {
    if (of.admin().cache(client::services).find(key) == nullptr) {
      missing.push_back(fmt::format("service {} is not there", key));
      continue;
    }
    const auto group = pods.find(key);
    const auto wanted = group == pods.end() ? std::set<std::string>{} : group->second.ready_ips;
    if (slices[key] != wanted)
      missing.push_back(fmt::format("the slices of service {} have {}, its pods {}", key, fmt::join(slices[key], " "), fmt::join(wanted, " ")));
    if (endpoints[key] != wanted)
      missing.push_back(fmt::format("the endpoints of service {} have {}, its pods {}", key, fmt::join(endpoints[key], " "), fmt::join(wanted, " ")));
  }
}

void check_nodes(world& of, std::vector<std::string>& missing) {
  const auto& nodes = of.admin().cache(client::nodes);
  if (nodes.size() != static_cast<size_t>(of.plan.shape.nodes))
    missing.push_back(fmt::format("{} of {} nodes are registered", nodes.size(), of.plan.shape.nodes));
  for (const auto& [key, item] : nodes.entries()) {
    const auto node = shown(client::nodes, item);
    if (!condition_true(node, "Ready"))
      missing.push_back(fmt::format("node {} is not ready", key.text()));
    if (!node.at({"spec", "taints"}).empty())
      missing.push_back(fmt::format("node {} is tainted", key.text()));
    if (node.at({"spec", "podCIDR"}).str().empty())
      missing.push_back(fmt::format("node {} has no range of addresses", key.text()));
  }
}

void check_namespaces(world& of, std::vector<std::string>& missing) {
  const auto& cache = of.admin().cache(client::namespaces);
  for (const auto& name : of.namespaces) {
    if (cache.find(name) == nullptr)
      missing.push_back(fmt::format("namespace {} is not there", name));
    if (of.admin().cache(client::serviceaccounts).find(name + "/default") == nullptr)
      missing.push_back(fmt::format("namespace {} has no service account", name));
  }
  for (const auto& name : of.gone_namespaces)
    if (cache.find(name) != nullptr)
      missing.push_back(fmt::format("namespace {} should be gone", name));
}

/// Each singleton has one owner, on a host where it may be.
void check_roles(world& of, std::vector<std::string>& missing) {
  for (const auto& [key, item] : of.admin().cache(client::roles).entries()) {
    const auto role = shown(client::roles, item);
    const auto owner = role.at({"status", "host"}).str();
    const auto& hosts = role.at({"spec", "hosts"}).items();
    if (std::none_of(hosts.begin(), hosts.end(), [&](const auto& host) { return host.str() == owner; })) {
      std::string allowed;
      messages::codec::encode_json(role.at({"spec", "hosts"}), allowed);
      missing.push_back(fmt::format("role {} belongs to `{}`, where it may not be: it may be on {}", role.at({"spec", "role"}).str(),
                                    owner, allowed));
    }
  }
}

/// Each shard is where the placement in force has it, and nowhere else is anything of it.
void check_shards(world& of, std::vector<std::string>& missing) {
  const auto* item = of.admin().cache(client::placements).find(keeper::keeper_actor::placement_name);
  if (item == nullptr)
    return missing.push_back("no placement is stored");
  const auto text = std::string{shown(client::placements, *item).at({"spec", "text"}).str()};
  if (text != of.placed.text) {
    of.placed = {text, {}};
    for (const auto& role : runtime::placement::parse(text, of.sim.specs()).value.roles)
      if (role.id.starts_with("store/"))
        of.placed.shards.insert(role.id.substr(6) + " on " + role.host);
  }
  const auto& wanted = of.placed.shards;
  std::set<std::string> found;
  for (const auto& each : of.sim.folders().all()) {
    const auto serving = each.disk->owner().state == storage::owner_state::serving;
    found.insert(each.shard + " on " + each.host + (serving ? "" : " (not serving)"));
  }
  if (found != wanted)
    missing.push_back(fmt::format("shards are: {}; they should be: {}", fmt::join(found, ", "), fmt::join(wanted, ", ")));
}

/// The kubernetes Service leads to the apiservers that are there, and to no other.
void check_apiservers(world& of, std::vector<std::string>& missing) {
  std::set<std::string> wanted, found;
  int number = 0;
  for (const auto& host : of.sim.host_names())
    if (++number; of.sim.handle_of(host, "apiserver/" + host))
      wanted.insert(fmt::format("10.1.0.{}", number)); // placement_of()
  if (const auto* item = of.admin().cache(client::endpoints).find("default/kubernetes")) {
    const auto object = shown(client::endpoints, *item);
    for (const auto& subset : object.get("subsets").items())
      for (const auto& address : subset.get("addresses").items())
        found.emplace(address.get("ip").str());
  }
  if (found != wanted)
    missing.push_back(fmt::format("apiservers are at {}, the endpoints of service kubernetes say {}", fmt::join(wanted, " "), fmt::join(found, " ")));
}

} // namespace

std::vector<std::string> world::unmet() {
  std::vector<std::string> missing;
  size_t open = open_operations;
  for (const auto* user : users_)
    open += user->open();
  if (open > 0)
    missing.push_back(fmt::format("{} requests of users are not done", open));
  if (!admin_->api.synced()) {
    missing.push_back("the admin has no complete view");
    return missing;
  }
  const auto pods = group_pods(admin_->cache(client::pods));
  check_deployments(*this, pods, missing);
  check_services(*this, pods, missing);
  check_nodes(*this, missing);
  check_namespaces(*this, missing);
  check_roles(*this, missing);
  check_shards(*this, missing);
  check_apiservers(*this, missing);
  return missing;
}

} // namespace actors::host::simulation
