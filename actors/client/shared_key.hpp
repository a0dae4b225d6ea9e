// The key of an object in caches: one text for all caches of the process that have the object, since a controller's host has a dozen.
// Any thread.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace actors::client {

class shared_key {
public:
  explicit shared_key(std::string_view text);
  shared_key(const shared_key& other);
  shared_key(shared_key&& other) noexcept : kept_(std::exchange(other.kept_, nullptr)) {}
  shared_key& operator=(shared_key other) noexcept {
    std::swap(kept_, other.kept_);
    return *this;
  }
  ~shared_key();

  const std::string& text() const { return *kept_->text; }
  operator const std::string&() const { return text(); }
  bool starts_with(std::string_view prefix) const { return text().starts_with(prefix); }

  friend bool operator<(const shared_key& left, const shared_key& right) {
    return left.kept_ != right.kept_ && left.text() < right.text();
  }
  friend bool operator<(const shared_key& left, std::string_view right) { return left.text() < right; }
  friend bool operator<(std::string_view left, const shared_key& right) { return left < right.text(); }

  friend bool operator==(const shared_key& left, const shared_key& right) {
    return left.kept_ == right.kept_ || left.text() == right.text();
  }
  friend bool operator==(const shared_key& left, std::string_view right) { return left.text() == right; }

  /// For unordered containers, with std::equal_to<>.
  struct hash {
    using is_transparent = void;
    size_t operator()(std::string_view key) const { return std::hash<std::string_view>{}(key); }
    size_t operator()(const shared_key& key) const { return (*this)(key.text()); }
  };

  /// How many different ones there are in this process.
  static size_t count();

private:
  struct table;
  struct kept {
    const std::string* text; // the table's key
    table* home;             // a library that was loaded may have tables of its own
    mutable size_t uses;     // under the table's lock
  };
  const kept* kept_;
};

} // namespace actors::client
