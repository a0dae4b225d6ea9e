// Bearer tokens from a file with lines `token,user,uid,"group1,group2"`, as upstream's --token-auth-file.
// Only SHA-256 hashes of the tokens stay in memory. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "actors/apiserver/auth/identity.hpp"

namespace actors::apiserver::auth {

using token_hash = std::array<uint8_t, 32>;
token_hash hash_token(std::string_view token);

using token_identities = std::map<token_hash, user_info>;

/// Throws std::runtime_error that names the line; the text of a token never appears in it.
token_identities parse_tokens(std::string_view text);

/// Follows the file: looks at most every `check_interval_us` whether it changed.
class token_table {
public:
  static constexpr int64_t check_interval_us = 1'000'000;

  /// Throws std::runtime_error when the file is there and damaged. A missing file means no tokens.
  explicit token_table(std::filesystem::path file);

  /// Who has this token; nullopt: nobody. A file that became damaged leaves the last good state in force.
  std::optional<user_info> find(std::string_view token, int64_t monotonic_us);

  /// Why the file's present content is not in force; "" if it is.
  std::string problem() const;

private:
  struct stamp {
    int64_t modified = 0;
    uintmax_t size = 0;
    uint64_t inode = 0;
    bool operator==(const stamp&) const = default;
  };
  stamp stamp_of() const;
  void reload();

  std::filesystem::path file_;
  mutable std::mutex mutex_;
  token_identities identities_;
  stamp loaded_;
  int64_t checked_us_ = 0;
  std::string problem_;
};

} // namespace actors::apiserver::auth
