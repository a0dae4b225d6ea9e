// What the command line says to a running host over its control socket: lines of tab-separated words.
//
//   request  a command (command_table.hpp) and its words: "ps", "tree", "kill" TAB id
//   reply    "ok" or "error" TAB text; then one line per row; at last "end", so that a cut reply is noticed
//
// Tabs, newlines and backslashes within a word are escaped. Pure functions; no sockets.
#pragma once

#include "runtime/telemetry/actor_sample.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runtime::control {

constexpr size_t request_bytes_max = 2 << 20; ///< a placement file travels in one
constexpr size_t reply_bytes_max = 64 << 20;

using words = std::vector<std::string>;

std::string encode_line(const words& line);
words decode_line(std::string_view line);

struct reply {
  std::string error; ///< empty: all is well
  std::vector<words> lines;
};

std::string encode_reply(const reply& reply);
/// Nothing for a text that is no complete reply.
std::optional<reply> decode_reply(std::string_view text);

words encode_row(const telemetry::actor_row& row);
std::optional<telemetry::actor_row> decode_row(const words& line);

words encode_tree_row(const telemetry::tree_row& row);
std::optional<telemetry::tree_row> decode_tree_row(const words& line);

} // namespace runtime::control
