// What hosts answer for each other to an operator: `all` and `at` carry a request to other hosts' command tables, `links`
// tells of this host's links.
//
//   all WORD...        runs WORD... on every host of the cluster. Reply: a line {"host", NAME, ERROR} per host, followed by
//                      the lines of its own reply, each with "row" in front
//   at HOST WORD...    runs WORD... on one host; its reply
//   links              {"link", ...} per peer (decode_link), {"refused", REASON, COUNT} per reason
#pragma once

#include "runtime/control/command_table.hpp"
#include "runtime/mesh/link_table.hpp"
#include "runtime/mesh/mesh.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace runtime::mesh {

/// For one host's part of a request that goes to all.
constexpr std::chrono::milliseconds all_time_max{10'000};

/// `links` may be null: a cluster of one host. The commands hold it weakly. Makes `commands` what this host answers to
/// others.
void add_commands(const control::command_table_ptr& commands, const std::string& host, const std::shared_ptr<mesh>& links);

control::words encode_link(const link_row& row);
std::optional<link_row> decode_link(const control::words& line);

/// One host's part of the reply to `all`.
struct host_reply {
  std::string host;
  std::string error; ///< empty: `lines` is its answer
  std::vector<control::words> lines;
};
/// Nothing for a reply that is none of `all`.
std::optional<std::vector<host_reply>> split_hosts(const control::reply& reply);
/// The lines of those hosts that answered, one after the other. Nothing as split_hosts.
std::optional<std::vector<control::words>> answered_lines(const control::reply& reply);

} // namespace runtime::mesh
