// The target of a request: path segments and query parameters, decoded. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace actors::apiserver::http {

struct url {
  std::string path;                  // decoded, as it appears in messages
  std::vector<std::string> segments; // decoded one by one; empty ones are left out
  std::vector<std::pair<std::string, std::string>> query;

  /// The first value, "" if absent.
  std::string_view get(std::string_view name) const;
  bool has(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
};

/// nullopt: no valid target ("%zz", not starting with "/"). Absolute forms (http://host/path) lose their
/// host.
std::optional<url> parse_url(std::string_view target);

} // namespace actors::apiserver::http
