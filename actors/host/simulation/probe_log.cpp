#include "actors/host/simulation/probe_log.hpp"

namespace actors::host::simulation {

namespace {

/// The value of `key=` in a log line, without quotes.
std::string_view value_of(std::string_view line, std::string_view key) {
  const auto at = line.find(key);
  if (at == line.npos)
    return {};
  auto rest = line.substr(at + key.size());
  if (rest.starts_with('"')) {
    rest.remove_prefix(1);
    return rest.substr(0, rest.find('"'));
  }
  return rest.substr(0, rest.find_first_of(" \n"));
}

} // namespace

void probe_log::write(runtime::telemetry::log_level, std::string_view line) {
  const auto id = value_of(line, "role=");
  auto role = id.substr(0, id.find('/'));
  if (role == "controllers" || role == "supervisor")
    role = id;
  ++counts_[std::string{role} + ": " + std::string{value_of(line, "msg=")}];
  if (!keep_.empty() && (keep_ == "*" || id.starts_with(keep_)) && lines_.size() < lines_max)
    lines_.emplace_back(line);
}

} // namespace actors::host::simulation
