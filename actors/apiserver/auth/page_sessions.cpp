#include "actors/apiserver/auth/page_sessions.hpp"

#include <algorithm>
#include <array>

namespace actors::apiserver::auth {

std::string page_sessions::new_token() {
  std::array<uint8_t, 24> bytes{};
  random_->fill(bytes.data(), bytes.size());
  std::string result;
  for (const uint8_t byte : bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    result += digits[byte >> 4];
    result += digits[byte & 15];
  }
  return result;
}

void page_sessions::keep(entries& all, std::string_view token, int64_t until_us, int64_t now_us) {
  std::erase_if(all, [&](const auto& item) { return item.second <= now_us; });
  if (all.size() >= entries_max)
    all.erase(std::min_element(all.begin(), all.end(), [](auto& a, auto& b) { return a.second < b.second; }));
  all[hash_token(token)] = until_us;
}

std::string page_sessions::invite(int64_t now_us) {
  std::lock_guard guard{mutex_};
  auto token = new_token();
  keep(invitations_, token, now_us + invitation_us_max, now_us);
  return token;
}

std::optional<std::string> page_sessions::exchange(std::string_view invitation, int64_t now_us) {
  std::lock_guard guard{mutex_};
  const auto found = invitations_.find(hash_token(invitation));
  if (found == invitations_.end())
    return std::nullopt;
  const bool fresh = found->second > now_us;
  invitations_.erase(found);
  if (!fresh)
    return std::nullopt;
  auto token = std::string{session_prefix} + new_token();
  keep(sessions_, token, now_us + session_us_max, now_us);
  return token;
}

std::optional<user_info> page_sessions::find(std::string_view session, int64_t now_us) {
  if (!session.starts_with(session_prefix))
    return std::nullopt;
  std::lock_guard guard{mutex_};
  const auto found = sessions_.find(hash_token(session));
  if (found == sessions_.end() || found->second <= now_us)
    return std::nullopt;
  return user_info{"troupe-page", "", {"system:masters", "system:authenticated"}};
}

} // namespace actors::apiserver::auth
