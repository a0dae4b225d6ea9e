#include "actors/host/commands/links.hpp"

#include "actors/host/commands.hpp"
#include "runtime/seams/clock.hpp"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <iostream>
#include <stdexcept>

namespace actors::host {

namespace {

constexpr size_t columns = 9;
constexpr size_t gap = 2;
using cells = std::array<std::string, columns>;

std::string size_text(uint64_t bytes) {
  constexpr std::array units{"B", "KB", "MB", "GB", "TB"};
  auto size = static_cast<double>(bytes);
  size_t unit = 0;
  for (; size >= 1000 && unit + 1 < units.size(); ++unit)
    size /= 1000;
  return unit == 0 ? fmt::format("{} B", bytes) : fmt::format("{:.1f} {}", size, units[unit]);
}

std::string duration_text(int64_t us) {
  auto seconds = std::max<int64_t>(0, us / 1'000'000);
  if (seconds < 120)
    return fmt::format("{}s", seconds);
  if (seconds < 2 * 3600)
    return fmt::format("{}m", seconds / 60);
  return seconds < 2 * 86'400 ? fmt::format("{}h", seconds / 3600) : fmt::format("{}d", seconds / 86'400);
}

cells cells_of(const std::string& host, const runtime::mesh::link_row& row, int64_t now_us) {
  auto trip = row.round_trip_us > 0 ? fmt::format("{:.1f} ms", static_cast<double>(row.round_trip_us) / 1000) : "-";
  return {host,
          row.host,
          std::string{to_string(row.state)},
          trip,
          duration_text(now_us - row.since_us),
          size_text(row.bytes_in),
          size_text(row.bytes_out),
          std::to_string(row.connects),
          row.reason.empty() ? "-" : row.reason};
}

int run(const client_arguments& given) {
  auto hosts = runtime::mesh::split_hosts(given.ask({"all", "links"}));
  if (!hosts)
    throw std::runtime_error("the host is of another version of troupe: its answer is not understood");
  std::cout << render_links(*hosts, runtime::seams::system_clock{}.wall_us());
  return exit_done;
}

} // namespace

std::string render_links(std::span<const runtime::mesh::host_reply> hosts, int64_t now_us) {
  std::vector<cells> lines{{"HOST", "PEER", "STATE", "ROUND TRIP", "SINCE", "IN", "OUT", "CONNECTS", "LAST REASON"}};
  std::string below;
  for (auto& host : hosts) {
    if (!host.error.empty())
      below += fmt::format("host {} does not answer: {}\n", host.host, host.error);
    for (auto& line : host.lines) {
      if (auto row = runtime::mesh::decode_link(line))
        lines.push_back(cells_of(host.host, *row, now_us));
      else if (line.size() == 3 && line[0] == "refused")
        below += fmt::format("host {} refused {} connections: {}\n", host.host, line[2], line[1]);
    }
  }
  std::array<size_t, columns> widths{};
  for (auto& line : lines)
    for (size_t i = 0; i < columns; ++i)
      widths[i] = std::max(widths[i], line[i].size());
  std::string result;
  for (auto& line : lines) {
    for (size_t i = 0; i + 1 < columns; ++i)
      result += fmt::format("{:<{}}", line[i], widths[i] + gap);
    result += line[columns - 1] + "\n";
  }
  return result + below;
}

client_command links_command() {
  return {.name = "links",
          .summary = "list the links between hosts: state, round trip, traffic, refused connections",
          .usage = "troupe links",
          .help = "Lists every link as each of its two hosts sees it, and below how many connections each host refused, by reason.\n"
                  "A link is down, up or slow; its round trip is that of its last ping.",
          .run = run};
}

} // namespace actors::host
