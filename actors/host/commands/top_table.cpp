#include "actors/host/commands/top_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

namespace actors::host::commands {

namespace {

using namespace runtime::telemetry;

constexpr size_t columns = 10;
constexpr size_t text_columns = 3; // the others are numbers, but for the last
constexpr size_t heading_lines = 3;
using cells = std::array<std::string, columns>;

struct line {
  const actor_sample* actor = nullptr;
  const std::string* host = nullptr;
  double rate = 0;
  double mean_us = 0;
  double busy = 0; ///< share of one core
  std::string slowest; ///< the message that took most of the time
};

const handler_times* find_times(const actor_sample* actor, const std::string& message) {
  if (actor)
    for (auto& times : actor->times)
      if (times.message == message)
        return &times;
  return nullptr;
}

line line_of(const host_sample& host, const actor_sample& actor, const actor_sample* before, double elapsed) {
  line result{.actor = &actor, .host = &host.host};
  // Counters fall when the host itself was started anew.
  if (before && before->handled > actor.handled)
    before = nullptr;
  double seconds = 0, most = 0;
  for (auto& times : actor.times) {
    auto old = find_times(before, times.message);
    auto spent = times.seconds - (old ? old->seconds : 0);
    seconds += spent;
    if (spent > most) {
      most = spent;
      result.slowest = times.message;
    }
  }
  auto handled = actor.handled - (before ? before->handled : 0);
  if (handled > 0)
    result.mean_us = seconds / static_cast<double>(handled) * 1e6;
  result.rate = before && elapsed > 0 ? static_cast<double>(handled) / elapsed : actor.row.messages_per_second;
  result.busy = before && elapsed > 0 ? seconds / elapsed : result.rate * result.mean_us * 1e-6;
  return result;
}

std::vector<line> lines_of(std::span<const host_sample> now, std::span<const host_sample> before) {
  std::vector<line> result;
  for (auto& host : now) {
    auto earlier = std::find_if(before.begin(), before.end(), [&](auto& item) { return item.host == host.host; });
    std::map<std::string_view, const actor_sample*> known;
    double elapsed = 0;
    if (earlier != before.end()) {
      elapsed = static_cast<double>(host.wall_us - earlier->wall_us) * 1e-6;
      for (auto& actor : earlier->actors)
        known[actor.row.id] = &actor;
    }
    for (auto& actor : host.actors) {
      auto old = known.find(actor.row.id);
      result.push_back(line_of(host, actor, old == known.end() ? nullptr : old->second, elapsed));
    }
  }
  return result;
}

double key_of(const line& item, top_order order) {
  switch (order) {
    case top_order::mailbox:
      return static_cast<double>(item.actor->row.mailbox_depth);
    case top_order::latency:
      return item.mean_us;
    case top_order::busy:
      return item.busy;
    case top_order::rate:
      break;
  }
  return item.rate;
}

std::string time_text(double micros) {
  if (micros >= 1e6)
    return fmt::format("{:.1f}s", micros * 1e-6);
  if (micros >= 1e3)
    return fmt::format("{:.1f}ms", micros * 1e-3);
  return micros > 0 ? fmt::format("{:.1f}us", micros) : "-";
}

cells cells_of(const line& item) {
  auto& row = item.actor->row;
  return {row.id,
          *item.host,
          std::string{to_string(row.state)},
          fmt::format("{:.1f}", item.rate),
          std::to_string(row.mailbox_depth),
          time_text(item.mean_us),
          fmt::format("{:.1f}%", item.busy * 100),
          std::to_string(item.actor->handled),
          std::to_string(row.restarts()),
          item.slowest.empty() ? "-" : item.slowest};
}

std::string heading(std::span<const host_sample> hosts, const std::vector<line>& lines) {
  double rate = 0;
  uint64_t waiting = 0, memory = 0;
  for (auto& item : lines) {
    rate += item.rate;
    waiting += item.actor->row.mailbox_depth;
  }
  for (auto& host : hosts)
    memory += host.process.resident_bytes;
  return fmt::format("{} host{}, {} actors, {:.0f} messages/s, {} waiting, {} MiB", hosts.size(),
                     hosts.size() == 1 ? "" : "s", lines.size(), rate, waiting, memory >> 20);
}

} // namespace

std::optional<top_order> parse_top_order(std::string_view text) {
  if (text == "rate")
    return top_order::rate;
  if (text == "mailbox")
    return top_order::mailbox;
  if (text == "latency")
    return top_order::latency;
  if (text == "busy")
    return top_order::busy;
  return std::nullopt;
}

std::string render_top(std::span<const host_sample> now, std::span<const host_sample> before, const top_view& view) {
  auto lines = lines_of(now, before);
  std::stable_sort(lines.begin(), lines.end(),
                   [&](auto& a, auto& b) { return key_of(a, view.order) > key_of(b, view.order); });
  std::vector<std::string> result{heading(now, lines), ""};
  std::vector<cells> table{
    {"ACTOR", "HOST", "STATE", "MSG/S", "MAILBOX", "HANDLER", "BUSY", "HANDLED", "RESTARTS", "MOST TIME FOR"}};
  auto shown = view.lines > heading_lines + 1 ? std::min(lines.size(), view.lines - heading_lines - 1) : lines.size();
  for (size_t i = 0; i < shown; ++i)
    table.push_back(cells_of(lines[i]));
  std::array<size_t, columns> widths{};
  for (auto& row : table)
    for (size_t i = 0; i < columns; ++i)
      widths[i] = std::max(widths[i], row[i].size());
  for (auto& row : table) {
    std::string text;
    for (size_t i = 0; i + 1 < columns; ++i)
      text += i < text_columns ? fmt::format("{:<{}}  ", row[i], widths[i]) : fmt::format("{:>{}}  ", row[i], widths[i]);
    result.push_back(text + row[columns - 1]);
  }
  std::string text;
  for (auto& item : result)
    text += (view.columns > 0 ? item.substr(0, view.columns) : item) + "\n";
  return text;
}

} // namespace actors::host::commands
