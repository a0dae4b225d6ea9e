#include "runtime/placement/reader.hpp"

#include "runtime/placement/nearest.hpp"
#include "runtime/placement/network.hpp"

#include <algorithm>
#include <charconv>

namespace runtime::placement {

namespace {

const std::vector<std::string> log_levels{"debug", "info", "warning", "error", "off"};
const setting_spec log_level_setting{.name = "logLevel", .type = setting_type::choice, .choices = log_levels};
constexpr const char* api_version = "troupe.dev/v1";
constexpr const char* kind = "Placement";

} // namespace

raw_value raw_of(const YAML::Node& node) {
  using form = raw_value::form;
  raw_value raw;
  if (node.IsScalar()) {
    raw.is = form::scalar;
    raw.text = node.Scalar();
    raw.quoted = node.Tag() == "!";
  } else if (node.IsSequence()) {
    raw.is = form::list;
    for (auto& item : node)
      raw.list.push_back(item.IsScalar() ? item.Scalar() : "(not a text)");
  } else if (node.IsMap()) {
    raw.is = form::map;
  }
  return raw;
}

read_result parse(std::string_view text, std::span<const role_spec> known) {
  return reader{known}.read(text);
}

read_result reader::read(std::string_view text) {
  if (text.size() > file_bytes_max) {
    result_.problems.push_back({.message = "is larger than " + std::to_string(file_bytes_max) + " bytes"});
    return std::move(result_);
  }
  try {
    auto documents = YAML::LoadAll(std::string{text});
    if (documents.size() > 1)
      add(documents[1], "a placement file holds one document");
    read_document(documents.empty() ? YAML::Node{} : documents.front());
  } catch (const YAML::Exception& e) {
    result_.problems.push_back({e.mark.line + 1, e.mark.column + 1, e.msg});
  }
  auto& problems = result_.problems;
  std::stable_sort(problems.begin(), problems.end(),
                   [](auto& a, auto& b) { return std::pair{a.line, a.column} < std::pair{b.line, b.column}; });
  if (problems.size() > problems_max)
    problems.resize(problems_max);
  return std::move(result_);
}

void reader::read_document(const YAML::Node& root) {
  if (!root.IsMap())
    return add(root, "must be a map with apiVersion, kind, hosts and roles");
  auto given = open_map(root, "a placement file", {"apiVersion", "kind", "cluster", "hosts", "roles", "overrides", "logLevel",
                                                   "supervision"});
  for (auto& [name, value] : {std::pair{"apiVersion", api_version}, std::pair{"kind", kind}}) {
    auto i = given.find(name);
    if (i == given.end())
      add(root, "field `" + std::string{name} + "` is missing: it must be " + value);
    else if (raw_of(i->second).text != value)
      add(i->second, "field `" + std::string{name} + "` must be " + value);
  }
  if (auto level = text_field(given, log_level_setting))
    log_level_ = *level;
  if (given.count("supervision"))
    read_group_supervision(given["supervision"]);
  if (given.count("cluster"))
    read_cluster(given["cluster"]);
  for (auto name : {"hosts", "roles"})
    if (!given.count(name))
      add(root, "field `" + std::string{name} + "` is missing");
  if (given.count("hosts"))
    read_hosts(given["hosts"]);
  if (given.count("overrides"))
    read_overrides(given["overrides"]);
  if (given.count("roles"))
    read_roles(given["roles"]);
}

void reader::read_cluster(const YAML::Node& node) {
  auto& cluster = result_.value.cluster;
  auto given = open_map(node, "the cluster", {"name", "podCIDR", "serviceCIDR", "nodePortRange"});
  if (auto text = text_field(given, {.name = "name", .type = setting_type::node}))
    cluster.name = *text;
  if (auto text = text_field(given, {.name = "podCIDR", .type = setting_type::cidr}))
    cluster.pod_cidr = *text;
  if (auto text = text_field(given, {.name = "serviceCIDR", .type = setting_type::cidr}))
    cluster.service_cidr = *text;
  if (auto text = text_field(given, {.name = "nodePortRange", .type = setting_type::text}))
    read_node_ports(given["nodePortRange"], *text);
  network pods, services;
  if (!parse_network(cluster.pod_cidr, pods) && !parse_network(cluster.service_cidr, services)
      && pods.overlaps(services))
    add(node, "podCIDR " + cluster.pod_cidr + " and serviceCIDR " + cluster.service_cidr + " overlap");
}

void reader::read_node_ports(const YAML::Node& node, const std::string& text) {
  uint16_t first = 0, last = 0;
  auto end = text.data() + text.size();
  auto [dash, failure] = std::from_chars(text.data(), end, first);
  if (failure == std::errc{} && dash != end && *dash == '-') {
    auto [rest, second_failure] = std::from_chars(dash + 1, end, last);
    if (second_failure == std::errc{} && rest == end && first >= 1 && first <= last) {
      result_.value.cluster.node_port_first = first;
      result_.value.cluster.node_port_last = last;
      return;
    }
  }
  add(node, "field `nodePortRange` must be FIRST-LAST with ports from 1 to 65535, not `" + text + "`");
}

void reader::read_hosts(const YAML::Node& node) {
  if (!node.IsSequence() || node.size() == 0)
    return add(node, "field `hosts` must be a list of at least one host");
  std::set<std::string> names, addresses;
  for (auto& item : node) {
    auto given = open_map(item, "a host", {"name", "address"});
    auto name = text_field(given, {.name = "name", .type = setting_type::node, .required = true});
    auto address = text_field(given, {.name = "address", .type = setting_type::address, .required = true});
    if (item.IsMap() && !given.count("name"))
      add(item, "the host's `name` is missing");
    if (item.IsMap() && !given.count("address"))
      add(item, "the host's `address` is missing");
    if (name && !names.insert(*name).second)
      add(given["name"], "host `" + *name + "` is named twice");
    if (address && !addresses.insert(*address).second)
      add(given["address"], "address " + *address + " is used by two hosts");
    // Kept even with a bad address, so that roles on it are not reported as well.
    if (name)
      result_.value.hosts.push_back({*name, address.value_or("")});
  }
}

void reader::read_roles(const YAML::Node& node) {
  if (!node.IsSequence() || node.size() == 0)
    return add(node, "field `roles` must be a list of at least one role");
  for (auto& item : node)
    read_role(item);
  auto mark = node.Mark();
  // While an entry is broken, what is missing or doubled cannot be known.
  if (!result_.problems.empty())
    return;
  for (auto& problem : check_together(entries_, result_.value.cluster, known_, {mark.line + 1, mark.column + 1, ""}))
    result_.problems.push_back(problem);
  if (!result_.problems.empty())
    return;
  for (auto& entry : entries_)
    for (auto& one : expand(entry))
      result_.value.roles.push_back(std::move(one));
  for (auto& problem : apply_overrides(overrides_, result_.value.hosts, known_, result_.value.roles))
    result_.problems.push_back(problem);
}

void reader::read_overrides(const YAML::Node& node) {
  if (!node.IsSequence())
    return add(node, "field `overrides` must be a list such as [{role: scheduler, hosts: [host-b]}]");
  for (auto& item : node) {
    auto given = open_map(item, "an override", {"role", "host", "hosts", "since"});
    int64_t since = 0;
    if (given.count("since")) {
      auto checked = check_setting({.name = "since", .type = setting_type::integer}, raw_of(given["since"]));
      if (checked.error.empty())
        since = std::get<int64_t>(checked.value);
      else
        add(given["since"], "field `since` " + checked.error);
    }
    auto role = text_field(given, {.name = "role", .type = setting_type::text});
    if (item.IsMap() && !given.count("role"))
      add(item, "the override's `role` is missing");
    auto hosts = read_hosts_of(item, given, true, "override");
    if (!role || hosts.empty())
      continue;
    result_.value.overrides.push_back({*role, hosts, since});
    overrides_.push_back({*role, std::move(hosts), since, item.Mark().line + 1, item.Mark().column + 1});
  }
}

void reader::read_role(const YAML::Node& node) {
  if (!node.IsMap())
    return add(node, "a role must be a map such as {role: scheduler, host: host-a}");
  if (!node["role"] || !node["role"].IsScalar())
    return add(node, "the entry's `role` is missing");
  auto name = node["role"].Scalar();
  std::vector<std::string> names;
  role_entry entry;
  for (auto& spec : known_) {
    names.push_back(spec.name);
    if (spec.name == name)
      entry.spec = &spec;
  }
  if (!entry.spec)
    return add(node["role"], "unknown role `" + name + "`", nearest(name, names));
  entry.line = node.Mark().line + 1;
  entry.column = node.Mark().column + 1;
  entry.log_level = log_level_;
  std::vector<std::string> allowed{"role", "host", "hosts", "logLevel", "supervision"};
  for (auto& setting : entry.spec->settings)
    allowed.push_back(setting.name);
  auto given = open_map(node, "role `" + name + "`", allowed);
  if (auto level = text_field(given, log_level_setting))
    entry.log_level = *level;
  if (given.count("supervision"))
    entry.supervision = read_role_supervision(given["supervision"]);
  entry.hosts = read_hosts_of(node, given, entry.spec->naming == instance_naming::single, "role");
  entry.host = entry.hosts.empty() ? std::string{} : entry.hosts.front();
  read_settings(node, given, entry);
  entries_.push_back(std::move(entry));
}

std::vector<std::string> reader::read_hosts_of(const YAML::Node& node, const fields& given, bool several,
                                               const std::string& what) {
  auto one = given.find("host"), many = given.find("hosts");
  if (one == given.end() && many == given.end()) {
    add(node, "the " + what + "'s `host` is missing");
    return {};
  }
  if (one != given.end() && many != given.end()) {
    add(many->second, "`host` and `hosts` exclude each other");
    return {};
  }
  if (many != given.end() && !several) {
    add(many->second, "only a role of which one instance works can have several `hosts`; write one entry per host");
    return {};
  }
  std::vector<std::string> known;
  for (auto& host : result_.value.hosts)
    known.push_back(host.name);
  std::vector<std::string> result;
  auto take = [&](const YAML::Node& item) {
    auto name = raw_of(item).text;
    if (std::find(known.begin(), known.end(), name) == known.end())
      add(item, "unknown host `" + name + "`", nearest(name, known));
    else if (std::find(result.begin(), result.end(), name) != result.end())
      add(item, "host `" + name + "` is named twice");
    else
      result.push_back(name);
  };
  if (one != given.end())
    take(one->second);
  else if (!many->second.IsSequence() || many->second.size() == 0)
    add(many->second, "field `hosts` must be a list of at least one host");
  else
    for (auto& item : many->second)
      take(item);
  return result;
}

void reader::read_settings(const YAML::Node& node, const fields& given, role_entry& entry) {
  for (auto& setting : entry.spec->settings) {
    auto i = given.find(setting.name);
    if (i == given.end()) {
      if (setting.otherwise)
        entry.settings.set(setting.name, *setting.otherwise);
      continue;
    }
    auto checked = check_setting(setting, raw_of(i->second));
    if (checked.error.empty())
      entry.settings.set(setting.name, checked.value);
    else
      add(i->second, "field `" + setting.name + "` " + checked.error, checked.hint);
  }
  // Hollow nodes have no containers, hence none of what containers need.
  auto hollow = given.count("hollow") > 0;
  for (auto& setting : entry.spec->settings) {
    auto needed = setting.required || (setting.name == "node" && entry.spec->naming == instance_naming::per_node);
    if (needed && !hollow && !given.count(setting.name))
      add(node, "field `" + setting.name + "` of role `" + entry.spec->name + "` is missing: " + describe_type(setting));
  }
}

reader::fields reader::open_map(const YAML::Node& node, const std::string& what,
                                const std::vector<std::string>& allowed) {
  fields result;
  if (!node.IsMap()) {
    add(node, what + " must be a map");
    return result;
  }
  for (auto& pair : node) {
    auto key = pair.first.IsScalar() ? pair.first.Scalar() : std::string{};
    if (std::find(allowed.begin(), allowed.end(), key) == allowed.end())
      add(pair.first, "unknown field `" + key + "` of " + what, nearest(key, allowed));
    else if (!result.emplace(key, pair.second).second)
      add(pair.first, "field `" + key + "` is given twice");
  }
  return result;
}

std::optional<std::string> reader::text_field(const fields& given, const setting_spec& spec) {
  auto i = given.find(spec.name);
  if (i == given.end())
    return std::nullopt;
  auto checked = check_setting(spec, raw_of(i->second));
  if (!checked.error.empty()) {
    add(i->second, "field `" + spec.name + "` " + checked.error, checked.hint);
    return std::nullopt;
  }
  return std::get<std::string>(checked.value);
}

void reader::add(const YAML::Node& at, std::string message, std::string hint) {
  auto mark = at.Mark();
  result_.problems.push_back({std::max(mark.line, 0) + 1, std::max(mark.column, 0) + 1, std::move(message), std::move(hint)});
}

} // namespace runtime::placement
