// The binary schema (.bfbs) of the whole API, embedded in the program: read by messages/codec.
#pragma once

#include <string_view>

namespace messages::api {

/// A reflection::Schema buffer as flatc wrote it, aligned to 16 bytes, alive as long as the program.
std::string_view schema_bytes();

} // namespace messages::api
