#include "actors/client/shared_key.hpp"

#include <array>
#include <functional>
#include <mutex>
#include <unordered_map>

namespace actors::client {

/// One of several, so that actors seldom wait for each other.
struct shared_key::table {
  struct hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::mutex mutex;
  std::unordered_map<std::string, kept, hash, std::equal_to<>> keys;

  static constexpr size_t count = 32;
  static std::array<table, count>& all() {
    static auto& tables = *new std::array<table, count>; // keys may end after what ends with main()
    return tables;
  }
};

shared_key::shared_key(std::string_view text) {
  auto& home = table::all()[table::hash{}(text) / 7 % table::count]; // other bits than those that the table goes by
  std::lock_guard lock{home.mutex};
  auto found = home.keys.find(text);
  if (found == home.keys.end()) {
    found = home.keys.try_emplace(std::string{text}, kept{nullptr, &home, 0}).first;
    found->second.text = &found->first;
  }
  ++found->second.uses;
  kept_ = &found->second;
}

shared_key::shared_key(const shared_key& other) : kept_(other.kept_) {
  std::lock_guard lock{kept_->home->mutex};
  ++kept_->uses;
}

shared_key::~shared_key() {
  if (kept_ == nullptr)
    return;
  auto& home = *kept_->home;
  std::lock_guard lock{home.mutex};
  if (--kept_->uses == 0)
    home.keys.erase(home.keys.find(*kept_->text));
}

size_t shared_key::count() {
  size_t result = 0;
  for (auto& each : table::all()) {
    std::lock_guard lock{each.mutex};
    result += each.keys.size();
  }
  return result;
}

} // namespace actors::client
