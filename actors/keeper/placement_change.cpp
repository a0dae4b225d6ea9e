#include "actors/keeper/placement_change.hpp"

#include "runtime/placement/nearest.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace actors::keeper {

namespace {

constexpr std::string_view section = "overrides:";
constexpr std::string_view section_comment = "# Written by `troupe move` and `troupe drain`; `troupe apply` of a file without it ends it.";

const role_instance* find_role(const placement& in, const std::string& id) {
  auto found = std::find_if(in.roles.begin(), in.roles.end(), [&](auto& role) { return role.id == id; });
  return found == in.roles.end() ? nullptr : &*found;
}

bool has_host(const placement& in, const std::string& name) {
  return std::any_of(in.hosts.begin(), in.hosts.end(), [&](auto& host) { return host.name == name; });
}

std::string unknown(std::string_view what, const std::string& name, const std::vector<std::string>& known) {
  auto near = runtime::placement::nearest(name, known);
  return fmt::format("no {} is named `{}`{}", what, name, near.empty() ? "" : " (did you mean `" + near + "`?)");
}

std::vector<std::string> host_names(const placement& in) {
  std::vector<std::string> result;
  for (auto& host : in.hosts)
    result.push_back(host.name);
  return result;
}

void compare_cluster(const placement& now, const placement& next, change& result) {
  auto same = [&](auto& a, auto& b, std::string_view field) {
    if (a != b)
      result.refusals.push_back(fmt::format("cluster.{} cannot change from {} to {} while the cluster runs", field, a, b));
  };
  same(now.cluster.name, next.cluster.name, "name");
  same(now.cluster.pod_cidr, next.cluster.pod_cidr, "podCIDR");
  same(now.cluster.service_cidr, next.cluster.service_cidr, "serviceCIDR");
  for (auto& host : next.hosts)
    for (auto& before : now.hosts)
      if (before.name == host.name && before.address != host.address)
        result.refusals.push_back(fmt::format("host `{}` has the address {}: a host keeps its address; add another host",
                                              host.name, before.address));
}

/// Its data come from the host that serves it; back to that one it can always go.
void check_shard_move(const role_instance& before, const role_instance& after, const presence_of& see, const std::map<std::string, std::string>& served,
                      change& result) {
  const auto found = served.find(before.id);
  const auto from = found == served.end() ? std::string{} : found->second;
  if (from == after.host)
    return;
  if (from.empty())
    result.refusals.push_back(fmt::format("`{}` would move to {}, but no host serves it now, so its data cannot be copied", before.id, after.host));
  else if (from != before.host)
    result.refusals.push_back(fmt::format("`{}` is on its way from {} to {}: wait until it is there, or move it back to {}", before.id,
                                          from, before.host, from));
  else if (see(after.host) != presence::up)
    result.refusals.push_back(fmt::format("`{}` would move to {}, which is not up", after.id, after.host));
}

/// `from`: where it is now.
void compare_role(const role_instance& before, const role_instance& after, const std::string& from, const presence_of& see,
                  const std::map<std::string, std::string>& owners, change& result) {
  const auto bound = after.hosts.empty();
  // A role stays where a failover has brought it, until its hosts are wished anew.
  const bool wished_anew = before.hosts != after.hosts || before.since != after.since;
  if (bound ? before.host != after.host : wished_anew && from != after.host) {
    if (before.role == store_role && !owners.empty())
      check_shard_move(before, after, see, owners, result);
    else if (see(after.host) != presence::up)
      result.refusals.push_back(fmt::format("`{}` would move to {}, which is not up", after.id, after.host));
    result.steps.push_back({step::kind::move, after.id, from, after.host});
  } else if (!bound && before.hosts != after.hosts) {
    result.steps.push_back({step::kind::reorder, after.id, before.host, after.host});
  }
  if (needs_restart(before, after))
    result.steps.push_back({step::kind::restart, after.id, from, from});
}

} // namespace

std::string step::text() const {
  switch (what) {
    case kind::start:
      return fmt::format("start    {} on {}", role, to);
    case kind::stop:
      return fmt::format("stop     {} on {}", role, from);
    case kind::move:
      return fmt::format("move     {} from {} to {}{}", role, from, to, role.starts_with("store/") ? " with its data" : "");
    case kind::restart:
      return fmt::format("restart  {} on {}: its settings change", role, to);
    case kind::reorder:
      return fmt::format("keep     {} on {}: other hosts may take it over", role, to);
  }
  return {};
}

bool needs_restart(const role_instance& before, const role_instance& after) {
  return before.settings != after.settings || before.log_level != after.log_level || !(before.supervision == after.supervision);
}

change plan_change(const placement& now, const placement& next, const presence_of& see,
                   const std::map<std::string, std::string>& owners) {
  change result;
  compare_cluster(now, next, result);
  for (auto& after : next.roles) {
    if (auto before = find_role(now, after.id)) {
      const auto owner = owners.find(after.id);
      const auto known = (!after.hosts.empty() || after.role == store_role) && owner != owners.end() && !owner->second.empty();
      compare_role(*before, after, known ? owner->second : before->host, see, owners, result);
      continue;
    }
    result.steps.push_back({step::kind::start, after.id, {}, after.host});
    // A host that joins with this placement is started after it.
    if (has_host(now, after.host) && see(after.host) != presence::up)
      result.refusals.push_back(fmt::format("`{}` would start on {}, which is not up", after.id, after.host));
  }
  for (auto& before : now.roles) {
    if (find_role(next, before.id))
      continue;
    result.steps.push_back({step::kind::stop, before.id, before.host, {}});
    if (before.role == store_role)
      result.refusals.push_back(fmt::format("`{}` would be removed with the data that it holds", before.id));
  }
  return result;
}

std::string with_overrides(const std::string& text, const std::vector<role_override>& overrides) {
  std::string result;
  auto inside = false;
  for (size_t at = 0; at < text.size();) {
    auto end = std::min(text.find('\n', at), text.size());
    auto line = std::string_view{text}.substr(at, end - at);
    at = end + 1;
    if (line == section_comment)
      continue;
    if (line.starts_with(section)) {
      inside = true;
      continue;
    }
    if (inside && !line.empty() && line[0] != ' ' && line[0] != '-' && line[0] != '#')
      inside = false;
    if (!inside)
      result.append(line) += '\n';
  }
  if (overrides.empty())
    return result;
  result.append(section_comment) += '\n';
  result.append(section) += '\n';
  for (auto& one : overrides)
    result += fmt::format("  - {{ role: {}, hosts: [{}]{} }}\n", one.role, fmt::join(one.hosts, ", "),
                          one.since > 0 ? fmt::format(", since: {}", one.since) : "");
  return result;
}

namespace {

void set_override(std::vector<role_override>& overrides, const std::string& role, std::vector<std::string> hosts,
                  int64_t since) {
  for (auto& one : overrides)
    if (one.role == role) {
      one.hosts = std::move(hosts);
      one.since = since;
      return;
    }
  overrides.push_back({role, std::move(hosts), since});
}

std::string apiserver_id(const std::string& host) {
  return std::string{apiserver_role} + "/" + host;
}

/// An apiserver that was moved is called after its present host, and its override after the file's.
std::string name_in_file(const placement& now, const role_instance& role) {
  for (auto& one : now.overrides)
    if (one.role.starts_with(std::string{apiserver_role} + "/") && one.hosts.front() == role.host)
      return one.role;
  return role.id;
}

} // namespace

edit move_role(const placement& now, const std::string& role, const std::string& host, int64_t next, const presence_of& see) {
  edit result{.overrides = now.overrides};
  auto found = find_role(now, role);
  if (!found) {
    std::vector<std::string> ids;
    for (auto& one : now.roles)
      ids.push_back(one.id);
    result.refusal = unknown("role", role, ids);
  } else if (!has_host(now, host)) {
    result.refusal = unknown("host", host, host_names(now));
  } else if (found->role == apiserver_role && find_role(now, apiserver_id(host)) && found->host != host) {
    result.refusal = fmt::format("host `{}` has an apiserver already, and each host has one at most", host);
  } else if (found->role == store_role) {
    set_override(result.overrides, role, {host}, next);
    return result;
  } else if (found->hosts.empty() && found->role != apiserver_role) {
    result.refusal = fmt::format("`{}` is bound to {}: only apiservers, store shards and roles of which one instance works can move; change "
                                 "the placement file and `troupe apply` it",
                                 role, found->host);
  } else if (see(host) != presence::up) {
    result.refusal = fmt::format("host `{}` is not up", host);
  }
  if (!result.refusal.empty())
    return result;
  if (found->role == apiserver_role) {
    set_override(result.overrides, name_in_file(now, *found), {host}, 0);
    return result;
  }
  std::vector<std::string> hosts{host};
  for (auto& other : found->hosts)
    if (other != host)
      hosts.push_back(other);
  set_override(result.overrides, role, std::move(hosts), next);
  return result;
}

edit drain_host(const placement& now, const std::string& host, const std::map<std::string, std::string>& owners,
                int64_t next, const presence_of& see) {
  edit result{.overrides = now.overrides};
  if (!has_host(now, host)) {
    result.refusal = unknown("host", host, host_names(now));
    return result;
  }
  std::vector<std::string> others;
  for (auto& name : host_names(now))
    if (name != host && see(name) == presence::up)
      others.push_back(name);
  if (others.empty()) {
    result.refusal = "no other host is up";
    return result;
  }
  size_t turn = 0;
  for (auto& role : now.roles) {
    if (role.role == store_role) {
      if (role.host == host)
        set_override(result.overrides, role.id, {others[turn++ % others.size()]}, next);
      continue;
    }
    if (role.hosts.empty()) {
      if (role.host == host)
        result.notes.push_back(fmt::format("`{}` stays: it is bound to {}", role.id, host));
      continue;
    }
    auto owner = owners.find(role.id);
    auto here = owner != owners.end() ? owner->second == host : role.hosts.front() == host;
    if (!here && role.hosts.front() != host)
      continue;
    // Its own other hosts first; then any, in turn, so that they share the load.
    std::vector<std::string> hosts;
    for (auto& name : role.hosts)
      if (name != host && see(name) == presence::up)
        hosts.push_back(name);
    if (hosts.empty())
      hosts.push_back(others[turn++ % others.size()]);
    hosts.push_back(host);
    set_override(result.overrides, role.id, std::move(hosts), next);
  }
  return result;
}

} // namespace actors::keeper
