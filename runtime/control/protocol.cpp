#include "runtime/control/protocol.hpp"

#include <charconv>

namespace runtime::control {

namespace {

constexpr size_t row_words = 8;
constexpr size_t tree_words = 4;

void append_escaped(std::string& out, std::string_view word) {
  for (char c : word) {
    switch (c) {
      case '\t':
        out += "\\t";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\\':
        out += "\\\\";
        break;
      default:
        out += c;
    }
  }
}

std::string unescape(std::string_view word) {
  std::string result;
  for (size_t i = 0; i < word.size(); ++i) {
    if (word[i] != '\\' || i + 1 == word.size()) {
      result += word[i];
      continue;
    }
    ++i;
    result += word[i] == 't' ? '\t' : word[i] == 'n' ? '\n' : word[i];
  }
  return result;
}

template <class T>
bool parse(const std::string& text, T& result) {
  auto end = text.data() + text.size();
  auto [parsed, failure] = std::from_chars(text.data(), end, result);
  return failure == std::errc{} && parsed == end;
}

std::optional<telemetry::actor_state> parse_state(std::string_view text) {
  using telemetry::actor_state;
  for (auto state : {actor_state::starting, actor_state::running, actor_state::restarting, actor_state::stopped,
                     actor_state::failed})
    if (telemetry::to_string(state) == text)
      return state;
  return std::nullopt;
}

} // namespace

std::string encode_line(const words& line) {
  std::string result;
  for (size_t i = 0; i < line.size(); ++i) {
    if (i > 0)
      result += '\t';
    append_escaped(result, line[i]);
  }
  result += '\n';
  return result;
}

words decode_line(std::string_view line) {
  words result;
  while (true) {
    auto tab = line.find('\t');
    result.push_back(unescape(line.substr(0, tab)));
    if (tab == line.npos)
      return result;
    line.remove_prefix(tab + 1);
  }
}

std::string encode_reply(const reply& reply) {
  auto result = reply.error.empty() ? encode_line({"ok"}) : encode_line({"error", reply.error});
  for (auto& line : reply.lines)
    result += encode_line(line);
  result += encode_line({"end"});
  return result;
}

std::optional<reply> decode_reply(std::string_view text) {
  std::vector<words> lines;
  while (!text.empty()) {
    auto newline = text.find('\n');
    if (newline == text.npos)
      return std::nullopt;
    lines.push_back(decode_line(text.substr(0, newline)));
    text.remove_prefix(newline + 1);
  }
  if (lines.size() < 2 || lines.back() != words{"end"})
    return std::nullopt;
  reply result;
  if (lines[0].size() == 2 && lines[0][0] == "error")
    result.error = lines[0][1];
  else if (lines[0] != words{"ok"})
    return std::nullopt;
  result.lines.assign(lines.begin() + 1, lines.end() - 1);
  return result;
}

words encode_row(const telemetry::actor_row& row) {
  return {row.id,
          row.role,
          row.host,
          std::string{telemetry::to_string(row.state)},
          std::to_string(row.starts),
          std::to_string(row.mailbox_depth),
          std::to_string(row.messages_per_second),
          row.last_failure};
}

std::optional<telemetry::actor_row> decode_row(const words& line) {
  if (line.size() != row_words)
    return std::nullopt;
  telemetry::actor_row row{.id = line[0], .role = line[1], .host = line[2], .last_failure = line[7]};
  auto state = parse_state(line[3]);
  if (!state || !parse(line[4], row.starts) || !parse(line[5], row.mailbox_depth)
      || !parse(line[6], row.messages_per_second))
    return std::nullopt;
  row.state = *state;
  return row;
}

/// A row's words, then those of its place in the tree.
words encode_tree_row(const telemetry::tree_row& row) {
  auto result = encode_row(row.row);
  for (auto& word : {row.parent, row.strategy, std::to_string(row.restarts_max), std::to_string(row.period.count())})
    result.push_back(word);
  return result;
}

std::optional<telemetry::tree_row> decode_tree_row(const words& line) {
  if (line.size() != row_words + tree_words)
    return std::nullopt;
  auto row = decode_row({line.begin(), line.begin() + row_words});
  telemetry::tree_row result{.row = {}, .parent = line[row_words], .strategy = line[row_words + 1]};
  int64_t period_ms = 0;
  if (!row || !parse(line[row_words + 2], result.restarts_max) || !parse(line[row_words + 3], period_ms))
    return std::nullopt;
  result.row = std::move(*row);
  result.period = std::chrono::milliseconds{period_ms};
  return result;
}

} // namespace runtime::control
