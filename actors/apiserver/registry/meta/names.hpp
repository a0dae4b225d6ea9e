// The formats of names, keys and values in the API. Each check returns what is wrong, in the API's words; an
// empty list: nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::meta {

using complaints = std::vector<std::string>;

inline constexpr size_t label_length_max = 63;
inline constexpr size_t subdomain_length_max = 253;

complaints check_dns1123_label(std::string_view);
complaints check_dns1123_subdomain(std::string_view);
complaints check_dns1123_subdomain_with_underscore(std::string_view);
complaints check_dns1035_label(std::string_view);
complaints check_label_key(std::string_view); // also "qualified name"
complaints check_label_value(std::string_view);
complaints check_config_key(std::string_view);
complaints check_env_name(std::string_view);
complaints check_http_header_name(std::string_view);
complaints check_percent(std::string_view);
complaints check_port_name(std::string_view);
complaints check_port_number(int64_t);
complaints check_fully_qualified_domain(std::string_view);
std::string inclusive_range(int64_t low, int64_t high);

/// A rule for object names. `prefix`: the name is a generateName, which may end in a dash.
using name_rule = complaints (*)(std::string_view name, bool prefix);
complaints name_is_dns_subdomain(std::string_view name, bool prefix);
complaints name_is_dns_label(std::string_view name, bool prefix);
complaints name_is_dns1035_label(std::string_view name, bool prefix);

complaints name_is_path_segment(std::string_view name, bool prefix);

/// What a name in a URL's path must not be: ".", "..", or contain "/" or "%".
complaints check_path_segment(std::string_view);

/// Adds an `invalid` per complaint.
void add(field_errors&, const path& field, const draft& value, const complaints&);

} // namespace actors::apiserver::registry::meta
