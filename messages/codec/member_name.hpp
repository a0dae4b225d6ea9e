// The name of a draft's member, in sixteen bytes: up to fifteen characters lie in it, a longer name of the schema is
// shared by all, any other is a copy of its own. A value type; any thread may make names.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace messages::codec {

/// Longer names that are shared; further ones are copied.
inline constexpr size_t shared_names_max = 4096;

class member_name {
public:
  member_name() noexcept = default;
  explicit member_name(std::string_view text) {
    if (text.size() <= inline_max) [[likely]] {
      copy_short(text.data(), text.size());
      bytes_.back() = static_cast<char>(text.size());
    } else {
      take_long(text);
    }
  }
  member_name(const member_name& other) : bytes_(other.bytes_) {
    if (other.form() == own_copy) [[unlikely]]
      copy_own(other.view());
  }
  member_name(member_name&& other) noexcept : bytes_(other.bytes_) { other.bytes_ = {}; }
  member_name& operator=(const member_name& other) {
    if (this != &other)
      *this = member_name(other);
    return *this;
  }
  member_name& operator=(member_name&& other) noexcept {
    bytes_.swap(other.bytes_);
    return *this;
  }
  ~member_name() {
    if (form() == own_copy) [[unlikely]]
      delete[] far_text();
  }

  /// Making one of it costs no search and no memory.
  static bool is_short(std::string_view text) noexcept { return text.size() <= inline_max; }

  /// From now on drafts share this name, for as long as the process lives. Nothing happens to a short one.
  static void share(std::string_view text);

  std::string_view view() const noexcept {
    auto size = form();
    return size <= inline_max ? std::string_view{bytes_.data(), size} : std::string_view{far_text(), far_size()};
  }
  operator std::string_view() const noexcept { return view(); }
  size_t size() const noexcept { return form() <= inline_max ? form() : far_size(); }
  bool empty() const noexcept { return form() == 0; }
  bool starts_with(std::string_view start) const noexcept { return view().starts_with(start); }
  std::string_view substr(size_t from, size_t count = std::string_view::npos) const {
    return view().substr(from, count);
  }
  bool starts_with(char start) const noexcept { return view().starts_with(start); }

  [[gnu::always_inline]] friend bool operator==(const member_name& left, const member_name& right) noexcept {
    // Equal bytes are the same short name or the same shared text; what is inline is padded with zeros.
    return left.same_bytes(right) || (left.form() > inline_max && left.view() == right.view());
  }
  friend bool operator==(const member_name& left, std::string_view right) noexcept { return left.view() == right; }
  friend bool operator<(const member_name& left, const member_name& right) noexcept {
    return left.view() < right.view();
  }

private:
  static constexpr uint8_t inline_max = 15, shared = 0xFE, own_copy = 0xFF;

  // The last byte: the size of an inline name, else what the pointer in the first eight is; then comes the size.
  uint8_t form() const noexcept { return static_cast<uint8_t>(bytes_.back()); }
  [[gnu::always_inline]] bool same_bytes(const member_name& other) const noexcept { // two words; the library would call memcmp
    uint64_t mine[2], theirs[2];
    std::memcpy(mine, bytes_.data(), sizeof mine);
    std::memcpy(theirs, other.bytes_.data(), sizeof theirs);
    return ((mine[0] ^ theirs[0]) | (mine[1] ^ theirs[1])) == 0;
  }
  // Of up to fifteen characters, in words: a call of memcpy takes longer than all the rest.
  void copy_short(const char* from, size_t size) noexcept {
    auto to = bytes_.data();
    if (size >= 8)
      copy_ends<8>(to, from, size);
    else if (size >= 4)
      copy_ends<4>(to, from, size);
    else if (size >= 2)
      copy_ends<2>(to, from, size);
    else if (size == 1)
      *to = *from;
  }
  // The first and the last `Width` characters, which may overlap.
  template <size_t Width>
  static void copy_ends(char* to, const char* from, size_t size) noexcept {
    std::memcpy(to, from, Width);
    std::memcpy(to + size - Width, from + size - Width, Width);
  }
  const char* far_text() const noexcept {
    const char* text;
    std::memcpy(&text, bytes_.data(), sizeof text);
    return text;
  }
  uint32_t far_size() const noexcept {
    uint32_t size;
    std::memcpy(&size, bytes_.data() + 8, sizeof size);
    return size;
  }
  void refer(const char* text, size_t size, uint8_t form) noexcept;
  void copy_own(std::string_view text);
  void take_long(std::string_view text);

  alignas(8) std::array<char, 16> bytes_{};
};

inline std::string operator+(std::string left, const member_name& right) { return left.append(right.view()); }
inline std::string operator+(const member_name& left, std::string_view right) {
  return std::string(left.view()).append(right);
}

} // namespace messages::codec
