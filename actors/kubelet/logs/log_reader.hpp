// Reads a container's log (CRI format) in bounded pieces for `kubectl logs`: tail, since, timestamps, limit,
// follow over rotations. Stateless: the position that a piece returns is where the next one begins. Blocking
// file reads.
#pragma once
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace actors::kubelet::logs {

inline constexpr size_t piece_bytes_max = 256 << 10; ///< of one piece, whatever the request says
inline constexpr size_t line_bytes_max = 64 << 10;   ///< longer lines are cut; CRI writes at most 16 KiB

struct read_options {
  bool timestamps = false;
  std::optional<int64_t> tail_lines, limit_bytes;
  std::optional<int64_t> since_us; ///< lines older than this are left out
  std::string position;            ///< "" : as the options say
  size_t max_bytes = piece_bytes_max;
};

struct piece {
  std::string data, position;
  bool at_end = false;  ///< nothing more at the moment
  bool limited = false; ///< limit_bytes is used up: nothing will follow
  std::string error;    ///< "" or why nothing can be read
};

/// `file`: the container's current log ("0.log"); rotated ones lie beside it as "0.log.<time>".
piece read_log(const std::filesystem::path& file, const read_options& options);

/// One line of the CRI format: "<time> <stream> <tag> <text>".
struct log_line {
  std::string_view time, stream, text;
  bool partial = false;
};
std::optional<log_line> parse_line(std::string_view line);

/// The last `bytes_max` bytes or `lines_max` lines, for terminationMessagePolicy FallbackToLogsOnError.
std::string last_lines(const std::filesystem::path& file, size_t lines_max, size_t bytes_max);

} // namespace actors::kubelet::logs
