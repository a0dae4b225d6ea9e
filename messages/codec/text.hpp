// A string of a FlatBuffer, which may be absent.
#pragma once

#include <flatbuffers/flatbuffers.h>

#include <string>
#include <string_view>

namespace messages::codec {

/// "" when absent. Lives as long as the buffer.
inline std::string_view view_of(const flatbuffers::String* text) {
  return text == nullptr ? std::string_view{} : text->string_view();
}

/// "" when absent.
inline std::string text_of(const flatbuffers::String* text) {
  return std::string{view_of(text)};
}

} // namespace messages::codec
