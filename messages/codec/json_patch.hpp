// JSON patch, RFC 6902.
#pragma once

#include "messages/codec/json.hpp"

namespace messages::codec {

/// Upstream's bounds: a patch can copy, so its result is not bounded by its size.
inline constexpr size_t json_patch_operations_max = 10000;
inline constexpr size_t json_patch_copied_bytes_max = 3 * 1024 * 1024;

/// `target` is unchanged when there is an error. `path` of the error is the operation's pointer.
std::optional<codec_error> apply_json_patch(draft& target, const draft& patch);

} // namespace messages::codec
