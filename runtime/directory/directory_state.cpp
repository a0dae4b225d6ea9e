#include "runtime/directory/directory_state.hpp"

#include <algorithm>

namespace runtime::directory {

std::vector<std::string> patterns_of(std::string_view id) {
  std::vector<std::string> result{""};
  for (auto slash = id.find('/'); slash != id.npos; slash = id.find('/', slash + 1))
    result.emplace_back(id.substr(0, slash + 1));
  result.emplace_back(id);
  return result;
}

bool matches(std::string_view pattern, std::string_view id) {
  if (pattern.empty() || pattern == id)
    return true;
  return pattern.back() == '/' && id.substr(0, pattern.size()) == pattern;
}

std::vector<caf::strong_actor_ptr> directory_state::subscribers_of(std::string_view id) const {
  std::vector<caf::strong_actor_ptr> result;
  for (auto& pattern : patterns_of(id)) {
    auto i = subscriptions.find(pattern);
    if (i == subscriptions.end())
      continue;
    for (auto& who : i->second)
      if (std::find(result.begin(), result.end(), who) == result.end())
        result.push_back(who);
  }
  return result;
}

std::vector<role_entry> directory_state::find(std::string_view pattern) const {
  std::vector<role_entry> result;
  for (auto i = roles.lower_bound(pattern); i != roles.end() && i->first.compare(0, pattern.size(), pattern) == 0;
       ++i)
    if (matches(pattern, i->first))
      result.push_back(i->second);
  return result;
}

bool directory_state::add_subscription(const std::string& pattern, const caf::strong_actor_ptr& who) {
  auto& all = subscriptions[pattern];
  if (std::find(all.begin(), all.end(), who) != all.end())
    return false;
  all.push_back(who);
  ++subscription_count;
  return true;
}

void directory_state::remove_subscription(const std::string& pattern, const caf::actor_addr& who) {
  auto i = subscriptions.find(pattern);
  if (i == subscriptions.end())
    return;
  subscription_count -= std::erase_if(i->second, [&](auto& x) { return caf::actor_cast<caf::actor_addr>(x) == who; });
  if (i->second.empty())
    subscriptions.erase(i);
}

void directory_state::forget_subscriber(const caf::actor_addr& who) {
  std::vector<std::string> patterns;
  for (auto& [pattern, all] : subscriptions)
    patterns.push_back(pattern);
  for (auto& pattern : patterns)
    remove_subscription(pattern, who);
}

std::vector<std::string> directory_state::forget_role(const caf::actor_addr& who) {
  std::vector<std::string> ids;
  for (auto& [id, entry] : roles)
    if (caf::actor_cast<caf::actor_addr>(entry.handle) == who)
      ids.push_back(id);
  for (auto& id : ids)
    roles.erase(id);
  return ids;
}

} // namespace runtime::directory
