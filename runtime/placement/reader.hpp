// Walks the YAML of a placement file and collects every problem with its place. The only header that knows
// yaml-cpp.
#pragma once

#include "runtime/placement/expand.hpp"
#include "runtime/placement/setting.hpp"

#include <yaml-cpp/yaml.h>

#include <set>

namespace runtime::placement {

/// What the file says at a place, without its type.
raw_value raw_of(const YAML::Node& node);

struct duration_range {
  std::chrono::milliseconds min, max;
};

class reader {
public:
  explicit reader(std::span<const role_spec> known) : known_(known) {
  }

  read_result read(std::string_view text);

private:
  using fields = std::map<std::string, YAML::Node>;

  void read_document(const YAML::Node& root);
  void read_cluster(const YAML::Node& node);
  // supervision_reader.cpp
  role_supervision read_role_supervision(const YAML::Node& node);
  void read_group_supervision(const YAML::Node& node);
  restart_limit read_limit(const fields& given);
  backoff_limits read_backoff(const YAML::Node& node);
  std::optional<std::chrono::milliseconds> duration_field(const fields& given, const char* name,
                                                          const duration_range& range);
  std::optional<int64_t> count_field(const fields& given, const char* name, int64_t max);

  void read_node_ports(const YAML::Node& node, const std::string& text);
  void read_hosts(const YAML::Node& node);
  void read_roles(const YAML::Node& node);
  void read_role(const YAML::Node& node);
  void read_settings(const YAML::Node& node, const fields& given, role_entry& entry);
  void read_overrides(const YAML::Node& node);
  /// The hosts of `host: a` or `hosts: [a, b]`, checked; empty with problems recorded.
  std::vector<std::string> read_hosts_of(const YAML::Node& node, const fields& given, bool several, const std::string& what);

  /// The fields of a map. Not a map, unknown fields and doubled ones are problems.
  fields open_map(const YAML::Node& node, const std::string& what, const std::vector<std::string>& allowed);
  /// A checked text value, or nothing with a problem recorded.
  std::optional<std::string> text_field(const fields& given, const setting_spec& spec);
  void add(const YAML::Node& at, std::string message, std::string hint = {});

  std::span<const role_spec> known_;
  read_result result_;
  std::vector<role_entry> entries_;
  std::vector<override_entry> overrides_;
  std::string log_level_ = "info";
};

} // namespace runtime::placement
