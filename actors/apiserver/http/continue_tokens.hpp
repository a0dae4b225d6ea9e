// LIST in pieces: the token that says where the next piece starts, and the snapshots that pieces are taken
// from.
#pragma once

#include <cstdint>
#include <list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "actors/apiserver/cache/watch_cache.hpp"

namespace actors::apiserver::http {

struct continue_token {
  int64_t revision = 0; // -1: whatever is current (after an expired token)
  std::string start;    // the last key that was given, without the resource's prefix
};

std::string encode_token(const continue_token& token);
std::optional<continue_token> decode_token(std::string_view text);

/// Keeps the snapshots of lists that are under way: the newest, and none for long. Thread-safe.
class continue_snapshots {
public:
  static constexpr size_t snapshots_max = 64;
  static constexpr int64_t age_us_max = 5 * 60 * 1'000'000ll;

  void keep(std::string_view resource, cache::snapshot_ptr state, int64_t now_us);
  /// nullptr: not kept (any more).
  cache::snapshot_ptr find(std::string_view resource, int64_t revision, int64_t now_us);
  size_t size() const;

private:
  struct entry {
    std::string resource;
    cache::snapshot_ptr state;
    int64_t used_us;
  };
  void expire(int64_t now_us);
  mutable std::mutex mutex_;
  std::list<entry> entries_; // the most recently used first
};

} // namespace actors::apiserver::http
