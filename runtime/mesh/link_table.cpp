#include "runtime/mesh/link_table.hpp"

#include <algorithm>

namespace runtime::mesh {

std::string_view to_string(link_state state) {
  switch (state) {
    case link_state::down:
      return "down";
    case link_state::up:
      return "up";
    case link_state::slow:
      return "slow";
  }
  return "unknown";
}

std::optional<link_state> parse_link_state(std::string_view text) {
  for (auto state : {link_state::down, link_state::up, link_state::slow})
    if (to_string(state) == text)
      return state;
  return std::nullopt;
}

std::vector<link_row> link_table::rows() const {
  std::lock_guard guard{mutex_};
  std::vector<link_row> result;
  for (auto& [host, row] : rows_)
    result.push_back(row);
  return result;
}

std::optional<link_row> link_table::find(std::string_view host) const {
  std::lock_guard guard{mutex_};
  auto i = rows_.find(host);
  return i == rows_.end() ? std::nullopt : std::optional{i->second};
}

bool link_table::reachable(std::string_view host) const {
  std::lock_guard guard{mutex_};
  for (auto& [peer, row] : rows_) {
    if (row.state == link_state::down)
      continue;
    if (peer == host || std::find(row.sees.begin(), row.sees.end(), host) != row.sees.end())
      return true;
  }
  return false;
}

std::vector<std::string> link_table::up() const {
  std::lock_guard guard{mutex_};
  std::vector<std::string> result;
  for (auto& [host, row] : rows_)
    if (row.state != link_state::down)
      result.push_back(host);
  return result;
}

std::map<std::string, uint64_t> link_table::refusals() const {
  std::lock_guard guard{mutex_};
  std::map<std::string, uint64_t> result;
  for (auto reason : refusal_reasons)
    if (auto count = refused_[static_cast<size_t>(reason)]; count > 0)
      result.emplace(to_string(reason), count);
  return result;
}

void link_table::set_hosts(const std::vector<std::string>& hosts, int64_t wall_us) {
  std::lock_guard guard{mutex_};
  std::erase_if(rows_, [&](auto& entry) { return std::find(hosts.begin(), hosts.end(), entry.first) == hosts.end(); });
  for (auto& host : hosts)
    rows_.try_emplace(host, link_row{.host = host, .since_us = wall_us, .reason = "not connected yet"});
}

void link_table::set_state(const std::string& host, link_state state, const std::string& reason, int64_t wall_us) {
  std::lock_guard guard{mutex_};
  auto i = rows_.find(host);
  if (i == rows_.end())
    return;
  auto& row = i->second;
  if (row.state != state)
    row.since_us = wall_us;
  row.state = state;
  if (!reason.empty())
    row.reason = reason;
  if (state == link_state::down) {
    row.round_trip_us = 0;
    row.sees.clear();
  }
}

void link_table::set_connected(const std::string& host, uint64_t incarnation) {
  std::lock_guard guard{mutex_};
  auto i = rows_.find(host);
  if (i == rows_.end())
    return;
  i->second.incarnation = incarnation;
  ++i->second.connects;
}

void link_table::set_reason(const std::string& host, const std::string& reason) {
  std::lock_guard guard{mutex_};
  if (auto i = rows_.find(host); i != rows_.end())
    i->second.reason = reason;
}

void link_table::add_traffic(const std::string& host, uint64_t bytes_in, uint64_t bytes_out, int64_t round_trip_us) {
  std::lock_guard guard{mutex_};
  auto i = rows_.find(host);
  if (i == rows_.end())
    return;
  i->second.bytes_in += bytes_in;
  i->second.bytes_out += bytes_out;
  i->second.round_trip_us = round_trip_us;
}

void link_table::set_sees(const std::string& host, std::vector<std::string> sees) {
  std::lock_guard guard{mutex_};
  if (auto i = rows_.find(host); i != rows_.end())
    i->second.sees = std::move(sees);
}

void link_table::count(refusal_reason reason) {
  std::lock_guard guard{mutex_};
  ++refused_[static_cast<size_t>(reason)];
}

} // namespace runtime::mesh
