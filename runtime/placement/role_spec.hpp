// What a placement file may say about a role: data that the role's author declares and the reader checks.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace runtime::placement {

enum class setting_type : uint8_t {
  text,       ///< any text that is not empty
  boolean,    ///< true or false
  integer,    ///< between `min` and `max`
  choice,     ///< one of `choices`
  choices,    ///< a list out of `choices`, none twice
  node,       ///< a node's name: a DNS-1123 subdomain
  ip,         ///< an IPv4 or IPv6 address
  address,    ///< IP:PORT, [IPv6]:PORT
  cidr,       ///< a network, host bits zero: 10.244.0.0/24
  interface,  ///< a network interface's name: up to 15 characters
  endpoint,   ///< HOST:PORT, the host a DNS name or an IP address
  names,      ///< a list of DNS names and IP addresses, none twice
  uri,        ///< unix:///absolute/path ("<data>" stands for the data folder)
};

using setting_value = std::variant<std::string, int64_t, bool, std::vector<std::string>>;

/// One setting of a role. `otherwise` is the value when the file says nothing.
struct setting_spec {
  std::string name;
  setting_type type = setting_type::text;
  std::string help;
  bool required = false;
  std::optional<setting_value> otherwise = {};
  std::vector<std::string> choices = {};
  int64_t min = 0;
  int64_t max = INT64_MAX;
};

/// Which ids the entries of a role get.
enum class instance_naming : uint8_t {
  single,    ///< the role's own name: "scheduler", "controllers/deployment"
  per_host,  ///< "apiserver/<host>"
  per_node,  ///< "kubelet/<node>" (setting `node`); with `hollow: N`: "kubelet/hollow-0" ...
  per_shard, ///< "store/<shard>" for each of the setting `shards`
};

struct role_spec {
  std::string name;
  std::string summary; ///< one line for --help
  instance_naming naming = instance_naming::single;
  std::vector<setting_spec> settings = {};
  bool required = false; ///< a cluster without it is an error (per_shard: without any of its shards)
};

/// The settings of one role instance, defaults filled in and checked.
class role_settings {
public:
  role_settings() = default;
  using map = std::map<std::string, setting_value, std::less<>>;

  explicit role_settings(map values) : values_(std::make_shared<const map>(std::move(values))) {
  }

  bool has(std::string_view name) const {
    return values().contains(name);
  }
  std::string text(std::string_view name, std::string otherwise = {}) const {
    return get<std::string>(name, std::move(otherwise));
  }
  int64_t integer(std::string_view name, int64_t otherwise = 0) const {
    return get<int64_t>(name, otherwise);
  }
  bool boolean(std::string_view name, bool otherwise = false) const {
    return get<bool>(name, otherwise);
  }
  std::vector<std::string> list(std::string_view name) const {
    return get<std::vector<std::string>>(name, {});
  }
  void set(std::string name, setting_value value) {
    auto changed = values();
    changed.insert_or_assign(std::move(name), std::move(value));
    values_ = std::make_shared<const map>(std::move(changed));
  }
  const map& values() const {
    static const map none;
    return values_ ? *values_ : none;
  }
  bool operator==(const role_settings& other) const {
    return values_ == other.values_ || values() == other.values();
  }

private:
  template <class T>
  T get(std::string_view name, T otherwise) const {
    auto i = values().find(name);
    if (i == values().end())
      return otherwise;
    auto value = std::get_if<T>(&i->second);
    return value ? *value : otherwise;
  }

  std::shared_ptr<const map> values_; // copies share it: a host with thousands of hollow nodes has several of each
};

/// What holds for the whole cluster.
struct cluster_settings {
  std::string name = "troupe";
  std::string pod_cidr = "10.244.0.0/16";
  std::string service_cidr = "10.96.0.0/16";
  uint16_t node_port_first = 30000;
  uint16_t node_port_last = 32767;
};

} // namespace runtime::placement
