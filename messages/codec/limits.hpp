// The bounds of everything that the codec reads.
#pragma once

#include <cstddef>
#include <cstdint>

namespace messages::codec {

/// Deeper JSON is refused: everything here recurses once per level, on stacks of 512 KiB or more.
inline constexpr size_t json_depth_max = 512;
/// What the API accepts as one request body, as upstream.
inline constexpr size_t json_bytes_max = 3 * 1024 * 1024;
/// A table per level of JSON, plus the entry tables of maps.
inline constexpr uint32_t verify_depth_max = 2 * json_depth_max;

/// Unknown and duplicate fields that are reported of one document, as upstream.
inline constexpr size_t strict_errors_max = 100;

struct json_limits {
  size_t depth = json_depth_max; // at most json_depth_max
  size_t bytes = json_bytes_max;
};

} // namespace messages::codec
