// The state of every link of this host, and what has been refused: for `troupe ps`, metrics, and whoever decides where
// roles run. Written by the link thread, read by anyone; thread-safe.
#pragma once

#include "runtime/mesh/refusal.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runtime::mesh {

enum class link_state : uint8_t {
  down, ///< no link; `reason` says why
  up,
  slow, ///< up, with round trips above slow_above_us
};

std::string_view to_string(link_state state);
std::optional<link_state> parse_link_state(std::string_view text);

struct link_row {
  std::string host; ///< the peer
  link_state state = link_state::down;
  int64_t round_trip_us = 0; ///< 0: not known
  int64_t since_us = 0;      ///< wall time of the last change of state
  uint64_t bytes_in = 0;     ///< since this host started, over all links to this peer
  uint64_t bytes_out = 0;
  uint64_t connects = 0;     ///< how often a link was made
  std::string reason;        ///< why it is down, or was the last time
  uint64_t incarnation = 0;  ///< of the peer's process; 0: never seen
  std::vector<std::string> sees; ///< the hosts that the peer sees up
};

class link_table {
public:
  std::vector<link_row> rows() const;
  std::optional<link_row> find(std::string_view host) const;
  /// Up here, or up as seen by a host that is up here.
  bool reachable(std::string_view host) const;
  std::vector<std::string> up() const;
  /// Counts by reason, without the zeroes.
  std::map<std::string, uint64_t> refusals() const;

  // -- for the link thread -------------------------------------------------------------------------------
  void set_hosts(const std::vector<std::string>& hosts, int64_t wall_us);
  void set_state(const std::string& host, link_state state, const std::string& reason, int64_t wall_us);
  void set_connected(const std::string& host, uint64_t incarnation);
  void set_reason(const std::string& host, const std::string& reason);
  void add_traffic(const std::string& host, uint64_t bytes_in, uint64_t bytes_out, int64_t round_trip_us);
  void set_sees(const std::string& host, std::vector<std::string> sees);
  void count(refusal_reason reason);

private:
  mutable std::mutex mutex_;
  std::map<std::string, link_row, std::less<>> rows_;
  std::array<uint64_t, std::size(refusal_reasons)> refused_{};
};

} // namespace runtime::mesh
