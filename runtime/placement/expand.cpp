#include "runtime/placement/expand.hpp"

#include "runtime/placement/nearest.hpp"
#include "runtime/placement/network.hpp"

#include <algorithm>
#include <map>
#include <set>

namespace runtime::placement {

namespace {

const std::string hollow_prefix = "hollow";

role_instance instance(const role_entry& entry, std::string id) {
  return {.id = std::move(id),
          .role = entry.spec->name,
          .host = entry.host,
          .hosts = entry.spec->naming == instance_naming::single ? entry.hosts : std::vector<std::string>{},
          .log_level = entry.log_level,
          .settings = entry.settings,
          .supervision = entry.supervision};
}

std::vector<role_instance> expand_hollow(const role_entry& entry) {
  std::vector<role_instance> result;
  auto prefix = entry.settings.text("node", hollow_prefix);
  for (int64_t i = 0; i < entry.settings.integer("hollow"); ++i) {
    auto node = prefix + "-" + std::to_string(i);
    auto one = instance(entry, entry.spec->name + "/" + node);
    one.settings.set("node", node);
    one.settings.set("hollowIndex", i);
    result.push_back(std::move(one));
  }
  return result;
}

std::string place(const role_entry& entry) {
  return "line " + std::to_string(entry.line);
}

/// Ids and addresses that two entries claim.
void check_unique(const std::vector<role_entry>& entries, std::vector<problem>& problems) {
  std::map<std::string, const role_entry*> ids, addresses;
  for (auto& entry : entries) {
    for (auto& one : expand(entry)) {
      auto [i, fresh] = ids.emplace(one.id, &entry);
      if (!fresh) {
        problems.push_back({entry.line, entry.column,
                            "role `" + one.id + "` is placed twice: here and in " + place(*i->second)});
        break;
      }
    }
    for (auto& setting : entry.spec->settings) {
      if (setting.type != setting_type::address || !entry.settings.has(setting.name))
        continue;
      auto address = entry.settings.text(setting.name);
      auto [i, fresh] = addresses.emplace(address, &entry);
      if (!fresh)
        problems.push_back({entry.line, entry.column,
                            "address " + address + " is used twice: here and in " + place(*i->second)});
    }
  }
}

void check_required(const std::vector<role_entry>& entries, std::span<const role_spec> known, const problem& at_roles,
                    std::vector<problem>& problems) {
  std::set<std::string> placed;
  for (auto& entry : entries) {
    placed.insert(entry.spec->name);
    for (auto& one : expand(entry))
      placed.insert(one.id);
  }
  for (auto& spec : known) {
    if (!spec.required)
      continue;
    if (!placed.count(spec.name)) {
      problems.push_back({at_roles.line, at_roles.column, "no host runs role `" + spec.name + "`, and a cluster needs it"});
      continue;
    }
    if (spec.naming != instance_naming::per_shard)
      continue;
    for (auto& setting : spec.settings)
      if (setting.name == "shards")
        for (auto& shard : setting.choices)
          if (!placed.count(spec.name + "/" + shard))
            problems.push_back({at_roles.line, at_roles.column,
                                "shard `" + shard + "` of role `" + spec.name + "` is placed nowhere"});
  }
}

/// Networks of nodes: inside the cluster's pod network, apart from each other.
void check_node_networks(const std::vector<role_entry>& entries, const cluster_settings& cluster,
                         std::vector<problem>& problems) {
  network all;
  if (parse_network(cluster.pod_cidr, all))
    return; // reported where it was read
  std::vector<std::pair<network, const role_entry*>> seen;
  for (auto& entry : entries) {
    network mine;
    if (entry.spec->naming != instance_naming::per_node || !entry.settings.has("podCIDR")
        || parse_network(entry.settings.text("podCIDR"), mine))
      continue;
    if (!all.contains(mine))
      problems.push_back({entry.line, entry.column, "podCIDR " + entry.settings.text("podCIDR")
                                                        + " lies outside of the cluster's podCIDR " + cluster.pod_cidr});
    constexpr int hollow_prefix_length = 24; // of each hollow node's range
    auto nodes = entry.settings.integer("hollow");
    if (nodes > 0 && mine.bytes == 4 && (mine.prefix > hollow_prefix_length || nodes > int64_t{1} << (hollow_prefix_length - mine.prefix)))
      problems.push_back({entry.line, entry.column,
                          "podCIDR " + entry.settings.text("podCIDR") + " has no room for " + std::to_string(nodes)
                            + " hollow nodes, which take a /24 each"});
    for (auto& [other, from] : seen)
      if (other.overlaps(mine))
        problems.push_back({entry.line, entry.column,
                            "podCIDR " + entry.settings.text("podCIDR") + " overlaps the one in " + place(*from)});
    seen.emplace_back(mine, &entry);
  }
}

} // namespace

std::vector<role_instance> expand(const role_entry& entry) {
  auto& name = entry.spec->name;
  std::vector<role_instance> result;
  switch (entry.spec->naming) {
    case instance_naming::single:
      result.push_back(instance(entry, name));
      break;
    case instance_naming::per_host:
      result.push_back(instance(entry, name + "/" + entry.host));
      break;
    case instance_naming::per_node:
      if (entry.settings.integer("hollow") > 0)
        return expand_hollow(entry);
      result.push_back(instance(entry, name + "/" + entry.settings.text("node")));
      break;
    case instance_naming::per_shard:
      for (auto& shard : entry.settings.list("shards")) {
        result.push_back(instance(entry, name + "/" + shard));
        result.back().settings.set("shard", shard);
      }
      break;
  }
  return result;
}

std::vector<problem> check_together(const std::vector<role_entry>& entries, const cluster_settings& cluster,
                                    std::span<const role_spec> known, const problem& at_roles) {
  std::vector<problem> problems;
  check_unique(entries, problems);
  check_node_networks(entries, cluster, problems);
  check_required(entries, known, at_roles, problems);
  return problems;
}

namespace {

std::string_view ip_of(std::string_view address) {
  return address.substr(0, address.rfind(':'));
}

std::string_view mesh_ip(const std::vector<host_entry>& hosts, std::string_view name) {
  for (auto& host : hosts)
    if (host.name == name)
      return ip_of(host.address);
  return {};
}

/// What is wrong; "": done.
std::string move_per_host(role_instance& role, const role_spec& spec, const override_entry& to, const std::vector<host_entry>& hosts) {
  if (to.hosts.size() != 1)
    return "`" + to.role + "` runs on one host: its override names one";
  const auto& next = to.hosts.front();
  const auto from = mesh_ip(hosts, role.host);
  for (auto& setting : spec.settings) {
    const auto address = role.settings.text(setting.name);
    if (setting.type == setting_type::address && !from.empty() && ip_of(address) == from)
      role.settings.set(setting.name, std::string{mesh_ip(hosts, next)} + address.substr(from.size()));
  }
  role.id = spec.name + "/" + next;
  role.host = next;
  return {};
}

} // namespace

std::vector<problem> apply_overrides(const std::vector<override_entry>& overrides, const std::vector<host_entry>& hosts,
                                     std::span<const role_spec> known, std::vector<role_instance>& roles) {
  std::vector<problem> problems;
  const auto as_in_file = roles; // overrides name roles so, and all apply at once: two apiservers may change places
  for (auto& one : overrides) {
    const auto named = std::find_if(as_in_file.begin(), as_in_file.end(), [&](auto& role) { return role.id == one.role; });
    if (named == as_in_file.end()) {
      std::vector<std::string> ids;
      for (auto& role : as_in_file)
        ids.push_back(role.id);
      problems.push_back({one.line, one.column, "no role is named `" + one.role + "`", nearest(one.role, ids)});
      continue;
    }
    auto found = roles.begin() + (named - as_in_file.begin());
    const auto spec = std::find_if(known.begin(), known.end(), [&](auto& one_spec) { return one_spec.name == found->role; });
    if (found->hosts.empty() && spec != known.end() && spec->naming == instance_naming::per_host) {
      if (auto wrong = move_per_host(*found, *spec, one, hosts); !wrong.empty())
        problems.push_back({one.line, one.column, std::move(wrong)});
      continue;
    }
    if (found->hosts.empty() && spec != known.end() && spec->naming == instance_naming::per_shard) {
      if (one.hosts.size() > 1)
        problems.push_back({one.line, one.column, "`" + one.role + "` is a store shard: it is on one host"});
      found->host = one.hosts.front();
      found->since = one.since;
      continue;
    }
    if (found->hosts.empty()) {
      problems.push_back({one.line, one.column, "`" + one.role + "` is bound to its host: only singletons, apiservers and store shards move"});
      continue;
    }
    found->hosts = one.hosts;
    found->host = one.hosts.front();
    found->since = one.since;
  }
  for (auto& one : overrides)
    for (size_t i = 0; i < roles.size(); ++i)
      if (as_in_file[i].id == one.role)
        for (size_t other = 0; other < roles.size(); ++other)
          if (other != i && roles[other].id == roles[i].id)
            problems.push_back({one.line, one.column, "`" + one.role + "` cannot be on " + roles[i].host + ", which has `" +
                                                        roles[i].id + "` already"});
  return problems;
}

} // namespace runtime::placement
