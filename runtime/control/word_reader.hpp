// Reads the words of one line of the control socket's protocol.
#pragma once

#include "runtime/control/protocol.hpp"

#include <charconv>
#include <type_traits>

namespace runtime::control {

/// Takes the words of a line one after the other; fails when one is missing or no number.
class word_reader {
public:
  word_reader(const words& line, size_t begin) : line_(line), at_(begin) {
  }
  word_reader& operator>>(std::string& value) {
    if (at_ < line_.size())
      value = line_[at_++];
    else
      fine_ = false;
    return *this;
  }
  template <class T>
    requires std::is_arithmetic_v<T>
  word_reader& operator>>(T& value) {
    std::string word;
    *this >> word;
    auto end = word.data() + word.size();
    auto [parsed, failure] = std::from_chars(word.data(), end, value);
    fine_ = fine_ && failure == std::errc{} && parsed == end;
    return *this;
  }
  bool done() const {
    return fine_ && at_ == line_.size();
  }

private:
  const words& line_;
  size_t at_;
  bool fine_ = true;
};

} // namespace runtime::control
