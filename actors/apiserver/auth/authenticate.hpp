// From what a request shows of its sender to a user, or to 401. Pure but for the token table.
#pragma once

#include <optional>
#include <string_view>

#include "actors/apiserver/auth/identity.hpp"
#include "actors/apiserver/auth/tokens.hpp"

namespace actors::apiserver::auth {

struct credentials {
  const peer_certificate* certificate = nullptr; // null: none presented
  std::string_view authorization;                // the header's value, "" if absent
};

/// nullopt: credentials were given and are not valid (401). Without any: system:anonymous.
std::optional<user_info> authenticate(const credentials& given, token_table& tokens, int64_t now_seconds,
                                      int64_t monotonic_us);

} // namespace actors::apiserver::auth
