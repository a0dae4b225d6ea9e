#include "actors/host/tree_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <vector>

namespace actors::host {

namespace {

using runtime::telemetry::tree_row;

constexpr size_t columns = 5;
constexpr size_t gap = 2;
using cells = std::array<std::string, columns>;

/// What stands before a name: for a child that is not the last, for the last one, and below either.
struct line_style {
  const char* child;
  const char* last;
  const char* below_child;
  const char* below_last;
};

constexpr line_style utf8_style{"├─ ", "└─ ", "│  ", "   "};
constexpr line_style ascii_style{"|- ", "`- ", "|  ", "   "};

/// Characters, not bytes: each of our lines is one column wide.
size_t width(const std::string& text) {
  return static_cast<size_t>(
    std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

std::string on_one_line(std::string text) {
  for (auto& c : text)
    if (static_cast<unsigned char>(c) < ' ')
      c = ' ';
  return text;
}

std::string period_text(std::chrono::milliseconds period) {
  auto ms = period.count();
  return ms % 1000 == 0 ? fmt::format("{}s", ms / 1000) : fmt::format("{}ms", ms);
}

cells cells_of(const tree_row& item, const std::string& lead) {
  auto& row = item.row;
  auto strategy = item.strategy.empty()
                    ? std::string{"-"}
                    : fmt::format("{}, {} in {}", item.strategy, item.restarts_max, period_text(item.period));
  return {lead + row.id, std::string{runtime::telemetry::to_string(row.state)},
          std::to_string(row.restarts()), strategy,
          row.last_failure.empty() ? "-" : on_one_line(row.last_failure)};
}

class drawing {
public:
  drawing(std::span<const tree_row> rows, const line_style& style) : style_(style) {
    std::set<std::string> ids;
    for (auto& item : rows)
      ids.insert(item.row.id);
    for (auto& item : rows)
      children_[ids.count(item.parent) ? item.parent : std::string{}].push_back(&item);
    for (auto* root : children_[{}])
      draw(*root, "", "");
    // Rows that are above each other: nothing makes them, but none may be hidden.
    for (auto& item : rows)
      if (!drawn_.count(item.row.id))
        draw(item, "", "");
  }

  std::string text() const {
    std::array<size_t, columns> widths{};
    for (auto& line : lines_)
      for (size_t i = 0; i < columns; ++i)
        widths[i] = std::max(widths[i], width(line[i]));
    std::string result;
    for (auto& line : lines_) {
      for (size_t i = 0; i + 1 < columns; ++i)
        result += line[i] + std::string(widths[i] + gap - width(line[i]), ' ');
      result += line[columns - 1] + "\n";
    }
    return result;
  }

private:
  /// `lead` stands before the row itself, `below` before its children's own leads.
  void draw(const tree_row& item, const std::string& lead, const std::string& below) {
    if (!drawn_.insert(item.row.id).second)
      return;
    lines_.push_back(cells_of(item, lead));
    auto& children = children_[item.row.id];
    for (size_t i = 0; i < children.size(); ++i) {
      auto last = i + 1 == children.size();
      draw(*children[i], below + (last ? style_.last : style_.child),
           below + (last ? style_.below_last : style_.below_child));
    }
  }

  const line_style& style_;
  std::map<std::string, std::vector<const tree_row*>> children_;
  std::set<std::string> drawn_;
  std::vector<cells> lines_{{"ACTOR", "STATE", "RESTARTS", "STRATEGY", "LAST FAILURE"}};
};

} // namespace

std::string render_tree(std::span<const runtime::telemetry::tree_row> rows, tree_lines lines) {
  return drawing{rows, lines == tree_lines::ascii ? ascii_style : utf8_style}.text();
}

} // namespace actors::host
