#include "actors/host/swap_table.hpp"

#include "runtime/placement/nearest.hpp"

#include <algorithm>
#include <charconv>
#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <map>
#include <set>
#include <stdexcept>

namespace actors::host {

namespace {

constexpr size_t now_words = 6;
constexpr size_t record_words = 9;

int64_t number(const std::string& text) {
  int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

std::string milliseconds(int64_t us) {
  return fmt::format("{:.2f} ms", static_cast<double>(us) / 1000);
}

std::string time_text(int64_t us) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S}", fmt::gmtime(static_cast<std::time_t>(us / 1'000'000)));
}

/// Columns as wide as their widest word; the last one as it is.
std::string align(const std::vector<std::vector<std::string>>& rows) {
  std::vector<size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (size_t i = 0; i + 1 < row.size(); ++i)
      widths[i] = std::max(widths[i], row[i].size());
  }
  std::string result;
  for (const auto& row : rows) {
    std::string line;
    for (size_t i = 0; i < row.size(); ++i)
      line += i + 1 < row.size() ? fmt::format("{:<{}}  ", row[i], widths[i]) : row[i];
    line.erase(line.find_last_not_of(' ') + 1);
    result += line + "\n";
  }
  return result;
}

std::string state_text(const std::string& state, int64_t left_us, bool standby) {
  if (state != "on probation")
    return standby ? state + ", standby" : state;
  return left_us >= 0 ? fmt::format("on probation for another {} s", left_us / 1'000'000 + 1)
                      : std::string{"on probation, overdue: its actor is busy"};
}

} // namespace

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  int64_t value = 0;
  const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view unit{rest, static_cast<size_t>(text.data() + text.size() - rest)};
  constexpr std::pair<std::string_view, int64_t> units[] = {{"ms", 1}, {"s", 1'000}, {"m", 60'000}, {"h", 3'600'000}};
  constexpr int64_t value_max = 1'000'000'000;
  if (error != std::errc{} || value <= 0 || value > value_max)
    return std::nullopt;
  for (const auto& [name, factor] : units)
    if (unit == name)
      return std::chrono::milliseconds{value * factor};
  return std::nullopt;
}

std::string render_swap(const std::string& role, const runtime::control::reply& answer) {
  std::map<std::string, std::string> values;
  for (const auto& line : answer.lines)
    if (line.size() == 2)
      values[line[0]] = line[1];
  auto result = fmt::format("{} now runs {}, before: {}\n", role, values["version"], values["before"]);
  result += fmt::format("  made ready in {}, pause {}, handed over {} keys in {} bytes\n", milliseconds(number(values["prepare_us"])),
                        milliseconds(number(values["pause_us"])), values["keys"], values["state_bytes"]);
  if (const auto probation = number(values["probation_us"]); probation > 0)
    result += fmt::format("  on probation for {} s; `troupe swap {} --history` tells how it ends\n",
                          static_cast<double>(probation) / 1'000'000, role);
  return result;
}

std::string render_history(const std::vector<runtime::mesh::host_reply>& hosts) {
  std::vector<std::vector<std::string>> now{{"ROLE", "HOST", "RUNS", "STATE"}};
  std::vector<std::vector<std::string>> past{{"TIME (UTC)", "ROLE", "HOST", "WHAT", "VERSION", "PAUSE", "FILE", "WHY"}};
  std::vector<std::pair<int64_t, std::vector<std::string>>> records;
  std::string silent;
  for (const auto& item : hosts) {
    if (!item.error.empty())
      silent += fmt::format("host {} does not answer: {}\n", item.host, item.error);
    for (const auto& line : item.lines) {
      if (line.size() == now_words && line[0] == "now")
        now.push_back({line[1], item.host, line[2], state_text(line[3], number(line[4]), line[5] == "standby")});
      else if (line.size() == record_words && line[0] == "record")
        records.push_back({number(line[1]),
                           {time_text(number(line[1])), line[2], item.host, line[3], line[4].empty() ? "-" : line[4],
                            number(line[8]) > 0 ? milliseconds(number(line[8])) : "-", line[5].empty() ? "-" : line[5], line[7]}});
    }
  }
  std::sort(now.begin() + 1, now.end());
  std::stable_sort(records.begin(), records.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [at, row] : records)
    past.push_back(std::move(row));
  return align(now) + (past.size() > 1 ? "\n" + align(past) : std::string{}) + silent;
}

std::string host_of_role(const std::vector<runtime::mesh::host_reply>& hosts, const std::string& role) {
  std::vector<std::string> found;
  std::set<std::string> known;
  for (const auto& item : hosts)
    for (const auto& line : item.lines)
      if (line.size() == now_words && line[0] == "now") {
        known.insert(line[1]);
        if (line[1] != role)
          continue;
        if (line[5] == "active")
          return item.host;
        found.push_back(item.host);
      }
  if (found.size() > 1)
    throw std::runtime_error(fmt::format("`{}` acts on no host at the moment, it is in standby on {}: try again, or say with --host which one is meant",
                                         role, fmt::join(found, ", ")));
  if (found.empty()) {
    const auto near = runtime::placement::nearest(role, {known.begin(), known.end()});
    throw std::runtime_error(fmt::format("no role `{}` that can be swapped runs in this cluster{}", role,
                                         near.empty() ? fmt::format("; there are {}", fmt::join(known, ", "))
                                                      : "; did you mean " + near + "?"));
  }
  return found[0];
}

} // namespace actors::host
