#include "actors/host/ps_table.hpp"

#include "messages/codec/draft.hpp"
#include "messages/codec/json.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace actors::host {

namespace {

constexpr size_t columns = 8;
constexpr size_t gap = 2;
using cells = std::array<std::string, columns>;

/// One line of the table: a failure's text may hold more than one.
std::string on_one_line(std::string text) {
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < ' ')
      c = ' ';
  return text;
}

cells cells_of(const runtime::telemetry::actor_row& row) {
  return {row.id,
          row.role,
          row.host,
          std::string{runtime::telemetry::to_string(row.state)},
          std::to_string(row.restarts()),
          std::to_string(row.mailbox_depth),
          fmt::format("{:.1f}", row.messages_per_second),
          row.last_failure.empty() ? "-" : on_one_line(row.last_failure)};
}

} // namespace

std::string render_table(std::span<const runtime::telemetry::actor_row> rows) {
  std::vector<cells> lines{{"ID", "ROLE", "HOST", "STATE", "RESTARTS", "MAILBOX", "MSG/S", "LAST FAILURE"}};
  for (auto& row : rows)
    lines.push_back(cells_of(row));
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
  return result;
}

std::string render_json(std::span<const runtime::telemetry::actor_row> rows) {
  using messages::codec::draft;
  auto list = draft::make_array();
  for (auto& row : rows) {
    auto item = draft::make_object();
    item.set("id", draft{row.id});
    item.set("role", draft{row.role});
    item.set("host", draft{row.host});
    item.set("state", draft{std::string{runtime::telemetry::to_string(row.state)}});
    item.set("restarts", draft{static_cast<int64_t>(row.restarts())});
    item.set("mailboxDepth", draft{static_cast<int64_t>(row.mailbox_depth)});
    item.set("messagesPerSecond", draft{row.messages_per_second});
    item.set("lastFailure", draft{row.last_failure});
    list.push_back(std::move(item));
  }
  std::string result;
  messages::codec::encode_json(list, result);
  return result + "\n";
}

} // namespace actors::host
