// The web page's way in without a certificate: whoever can use a host's control socket gets a token that is good for one
// exchange (`troupe ui`), and the page a session for it. Both live in memory only. Thread-safe.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "actors/apiserver/auth/identity.hpp"
#include "actors/apiserver/auth/tokens.hpp"
#include "runtime/seams/random.hpp"

namespace actors::apiserver::auth {

class page_sessions {
public:
  static constexpr int64_t invitation_us_max = 5 * 60 * int64_t{1'000'000};
  static constexpr int64_t session_us_max = 8 * 60 * 60 * int64_t{1'000'000};
  static constexpr size_t entries_max = 64; // of each; the oldest goes
  static constexpr std::string_view session_prefix = "troupe-page.";

  explicit page_sessions(runtime::seams::random_ptr random) : random_(std::move(random)) {}

  /// A token for exchange().
  std::string invite(int64_t now_us);
  /// A bearer token; nullopt when the invitation is unknown, used or too old.
  std::optional<std::string> exchange(std::string_view invitation, int64_t now_us);
  /// Who has this bearer token: a member of system:masters, since the control socket could do all of it anyway.
  std::optional<user_info> find(std::string_view session, int64_t now_us);

private:
  using entries = std::map<token_hash, int64_t>; // until when
  std::string new_token();
  static void keep(entries& all, std::string_view token, int64_t until_us, int64_t now_us);

  runtime::seams::random_ptr random_;
  std::mutex mutex_;
  entries invitations_, sessions_;
};

} // namespace actors::apiserver::auth
