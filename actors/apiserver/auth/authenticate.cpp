// Upstream's order: the client certificate first, then the bearer token; valid credentials of one kind
// suffice.
#include "actors/apiserver/auth/authenticate.hpp"

#include <strings.h>
#include <algorithm>

namespace actors::apiserver::auth {

namespace {

user_info with_group(user_info user, std::string_view group) {
  if (std::find(user.groups.begin(), user.groups.end(), group) == user.groups.end())
    user.groups.emplace_back(group);
  return user;
}

bool is_valid(const peer_certificate& certificate, int64_t now_seconds) {
  return certificate.trusted && !certificate.common_name.empty() && certificate.not_before <= now_seconds &&
         now_seconds <= certificate.not_after;
}

/// The token of `Bearer <token>`; "" for anything else.
std::string_view bearer_token(std::string_view authorization) {
  constexpr std::string_view scheme = "bearer ";
  if (authorization.size() <= scheme.size() ||
      strncasecmp(authorization.data(), scheme.data(), scheme.size()) != 0)
    return {};
  auto token = authorization.substr(scheme.size());
  while (token.starts_with(' '))
    token.remove_prefix(1);
  while (token.ends_with(' '))
    token.remove_suffix(1);
  return token;
}

} // namespace

std::optional<user_info> authenticate(const credentials& given, token_table& tokens, int64_t now_seconds,
                                      int64_t monotonic_us) {
  if (given.certificate != nullptr && is_valid(*given.certificate, now_seconds))
    return with_group({given.certificate->common_name, "", given.certificate->organizations},
                      "system:authenticated");
  const auto token = bearer_token(given.authorization);
  if (!token.empty()) {
    auto user = tokens.find(token, monotonic_us);
    if (!user)
      return std::nullopt;
    return with_group(std::move(*user), "system:authenticated");
  }
  if (given.certificate != nullptr)
    return std::nullopt;
  return user_info{"system:anonymous", "", {"system:unauthenticated"}};
}

} // namespace actors::apiserver::auth
