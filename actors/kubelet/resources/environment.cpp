#include "actors/kubelet/resources/environment.hpp"
#include <algorithm>
#include <set>

namespace actors::kubelet::resources {
namespace {

using pods::env_source;

std::string upper(std::string text) {
  for (auto& ch : text)
    ch = ch == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(ch)));
  return text;
}

void add_service(const service_link& s, pods::string_map& out) {
  if (s.cluster_ip.empty() || s.cluster_ip == "None" || s.ports.empty())
    return;
  auto prefix = upper(s.name);
  out[prefix + "_SERVICE_HOST"] = s.cluster_ip;
  out[prefix + "_SERVICE_PORT"] = std::to_string(s.ports.front().port);
  bool first = true;
  for (const auto& p : s.ports) {
    auto number = std::to_string(p.port);
    auto protocol = p.protocol.empty() ? std::string("TCP") : p.protocol;
    std::string lower = protocol;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    auto url = lower + "://" + s.cluster_ip + ":" + number;
    if (!p.name.empty())
      out[prefix + "_SERVICE_PORT_" + upper(p.name)] = number;
    if (first)
      out[prefix + "_PORT"] = url;
    first = false;
    auto base = prefix + "_PORT_" + number + "_" + upper(protocol);
    out[base] = url;
    out[base + "_PROTO"] = lower;
    out[base + "_PORT"] = number;
    out[base + "_ADDR"] = s.cluster_ip;
  }
}

const object_data* find_object(const object_table& objects, object_kind kind, const std::string& name) {
  auto it = objects.find({kind, name});
  return it == objects.end() ? nullptr : it->second.get();
}

const char* kind_name(object_kind kind) { return kind == object_kind::config_map ? "configmap" : "secret"; }

bool is_env_name(const std::string& name) {
  // C_IDENTIFIER plus '-' and '.', as env validation accepts since 1.30: printable ASCII without '='.
  return !name.empty() &&
         std::all_of(name.begin(), name.end(), [](char c) { return c > ' ' && c < 127 && c != '='; });
}

void add_from(const pods::pod_spec&, const pods::env_from& source, const object_table& objects,
              pods::string_map& values, std::vector<std::string>& order) {
  auto kind = source.config_map.empty() ? object_kind::secret : object_kind::config_map;
  const auto& name = source.config_map.empty() ? source.secret : source.config_map;
  const auto* data = find_object(objects, kind, name);
  if (!data) {
    if (source.optional)
      return;
    throw config_error(std::string(kind_name(kind)) + " \"" + name + "\" not found");
  }
  for (const auto& [key, value] : *data) {
    auto variable = source.prefix + key;
    if (!is_env_name(variable))
      continue;
    if (!values.count(variable))
      order.push_back(variable);
    values[variable] = value;
  }
}

std::optional<std::string> object_value(const pods::pod_spec& pod, const pods::env_var& e,
                                        const object_table& objects) {
  auto kind = e.source == env_source::config_map_key ? object_kind::config_map : object_kind::secret;
  const auto* data = find_object(objects, kind, e.object);
  if (!data) {
    if (e.optional)
      return std::nullopt;
    throw config_error(std::string(kind_name(kind)) + " \"" + e.object + "\" not found");
  }
  auto it = data->find(e.key);
  if (it != data->end())
    return it->second;
  if (e.optional)
    return std::nullopt;
  throw config_error("couldn't find key " + e.key + " in " +
                     (kind == object_kind::config_map ? "ConfigMap " : "Secret ") + pod.ns + "/" + e.object);
}

std::string join(const std::vector<std::string>& parts) {
  std::string text;
  for (const auto& p : parts)
    text += (text.empty() ? "" : ",") + p;
  return text;
}

/// Upstream's form of labels and annotations in a file: key="value" with Go's quoting.
std::string format_map(const pods::string_map& values) {
  std::string text;
  for (const auto& [key, value] : values) {
    if (!text.empty())
      text += '\n';
    text += key + "=\"";
    for (char c : value) {
      if (c == '"' || c == '\\')
        text += '\\';
      if (c == '\n')
        text += "\\n";
      else if (c == '\t')
        text += "\\t";
      else
        text += c;
    }
    text += '"';
  }
  return text;
}

} // namespace

std::vector<object_key> referenced_objects(const pods::pod_spec& pod) {
  std::set<object_key> keys;
  for (const auto* list : {&pod.init_containers, &pod.containers})
    for (const auto& c : *list) {
      for (const auto& f : c.env_from_sources)
        keys.insert(f.config_map.empty() ? object_key{object_kind::secret, f.secret}
                                         : object_key{object_kind::config_map, f.config_map});
      for (const auto& e : c.env) {
        if (e.source == env_source::config_map_key)
          keys.insert({object_kind::config_map, e.object});
        if (e.source == env_source::secret_key)
          keys.insert({object_kind::secret, e.object});
      }
    }
  auto add_volume = [&](const pods::volume_source& s) {
    if (s.kind == pods::volume_kind::config_map)
      keys.insert({object_kind::config_map, s.object});
    if (s.kind == pods::volume_kind::secret)
      keys.insert({object_kind::secret, s.object});
  };
  for (const auto& v : pod.volumes) {
    add_volume(v.source);
    for (const auto& s : v.projected)
      add_volume(s);
  }
  return {keys.begin(), keys.end()};
}

pods::string_map service_variables(const pods::pod_spec& pod, const std::vector<service_link>& services) {
  pods::string_map result;
  for (const auto& s : services) {
    bool master = s.ns == "default" && s.name == "kubernetes";
    if (master || (pod.service_links && s.ns == pod.ns))
      add_service(s, result);
  }
  return result;
}

std::string expand(std::string_view text, const std::map<std::string, std::string>& values) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 >= text.size()) {
      out += text[i];
    } else if (text[i + 1] == '$') {
      out += '$';
      ++i;
    } else if (text[i + 1] == '(') {
      auto close = text.find(')', i + 2);
      if (close == std::string_view::npos) {
        out += "$(";
        ++i;
        continue;
      }
      auto it = values.find(std::string(text.substr(i + 2, close - i - 2)));
      out += it != values.end() ? it->second : std::string(text.substr(i, close - i + 1));
      i = close;
    } else {
      out += text[i];
      out += text[++i];
    }
  }
  return out;
}

std::optional<std::string> field_value(const pods::pod_spec& pod, const pod_facts& facts,
                                       std::string_view path) {
  if (path == "metadata.name")
    return pod.name;
  if (path == "metadata.namespace")
    return pod.ns;
  if (path == "metadata.uid")
    return pod.uid;
  if (path == "metadata.labels")
    return format_map(pod.labels);
  if (path == "metadata.annotations")
    return format_map(pod.annotations);
  if (path == "spec.nodeName")
    return pod.node_name;
  if (path == "spec.serviceAccountName")
    return pod.service_account;
  if (path == "status.hostIP" || path == "status.hostIPs")
    return facts.host_ip;
  if (path == "status.podIP")
    return facts.pod_ips.empty() ? std::string() : facts.pod_ips.front();
  if (path == "status.podIPs")
    return join(facts.pod_ips);
  for (auto [prefix, map] :
       {std::pair<std::string_view, const pods::string_map*>{"metadata.labels['", &pod.labels},
        {"metadata.annotations['", &pod.annotations}})
    if (path.size() > prefix.size() + 2 && path.substr(0, prefix.size()) == prefix &&
        path.substr(path.size() - 2) == "']") {
      auto it = map->find(std::string(path.substr(prefix.size(), path.size() - prefix.size() - 2)));
      return it == map->end() ? std::string() : it->second;
    }
  return std::nullopt;
}

std::optional<std::string> resource_value(const pods::container_spec& c, const pod_facts& facts,
                                          std::string_view resource, int64_t divisor_milli) {
  const auto& r = c.resources;
  const auto& node = facts.node_allocatable;
  std::optional<__int128> milli;
  // A limit that is absent means: what the node has. A request that is absent means: none.
  if (resource == "limits.cpu")
    milli = r.limits.cpu_milli.value_or(node.cpu_milli.value_or(0));
  if (resource == "limits.memory")
    milli = static_cast<__int128>(r.limits.memory_bytes.value_or(node.memory_bytes.value_or(0))) * 1000;
  if (resource == "limits.ephemeral-storage")
    milli = static_cast<__int128>(r.limits.storage_bytes.value_or(node.storage_bytes.value_or(0))) * 1000;
  if (resource == "requests.cpu")
    milli = r.requests.cpu_milli.value_or(0);
  if (resource == "requests.memory")
    milli = static_cast<__int128>(r.requests.memory_bytes.value_or(0)) * 1000;
  if (resource == "requests.ephemeral-storage")
    milli = static_cast<__int128>(r.requests.storage_bytes.value_or(0)) * 1000;
  if (!milli)
    return std::nullopt;
  __int128 divisor = divisor_milli > 0 ? divisor_milli : 1000;
  return std::to_string(static_cast<int64_t>((*milli + divisor - 1) / divisor));
}

env_list make_environment(const pods::pod_spec& pod, const pods::container_spec& c,
                          const object_table& objects, const std::vector<service_link>& services,
                          const pod_facts& facts) {
  const auto service_values = service_variables(pod, services);
  pods::string_map values;
  std::vector<std::string> order;
  for (const auto& source : c.env_from_sources)
    add_from(pod, source, objects, values, order);
  pods::string_map known = service_values; // what $(VAR) may refer to: services, envFrom, earlier variables
  for (const auto& [key, value] : values)
    known[key] = value;
  for (const auto& e : c.env) {
    std::optional<std::string> value;
    switch (e.source) {
      case env_source::value:
        value = expand(e.value, known);
        break;
      case env_source::config_map_key:
      case env_source::secret_key:
        value = object_value(pod, e, objects);
        break;
      case env_source::field:
        value = field_value(pod, facts, e.field_path);
        if (!value)
          throw config_error("unsupported fieldPath: " + e.field_path);
        break;
      case env_source::resource: {
        const auto* other = e.container.empty() ? &c : pods::find_container(pod, e.container);
        if (!other)
          throw config_error("container " + e.container + " not found");
        value = resource_value(*other, facts, e.resource, e.divisor_milli);
        if (!value)
          throw config_error("unsupported container resource : " + e.resource);
        break;
      }
    }
    if (!value)
      continue;
    if (!values.count(e.name))
      order.push_back(e.name);
    values[e.name] = *value;
    known[e.name] = *value;
  }
  env_list result;
  for (const auto& name : order)
    result.emplace_back(name, values[name]);
  for (const auto& [name, value] : service_values)
    if (!values.count(name))
      result.emplace_back(name, value);
  return result;
}

} // namespace actors::kubelet::resources
