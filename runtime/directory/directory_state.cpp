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
      result.push_back(i->second.front());
  return result;
}

const role_entry* directory_state::best(std::string_view id) const {
  auto i = roles.find(id);
  return i == roles.end() ? nullptr : &i->second.front();
}

bool directory_state::has(std::string_view id, std::string_view host) const {
  auto i = roles.find(id);
  return i != roles.end() && std::any_of(i->second.begin(), i->second.end(), [&](auto& x) { return x.host == host; });
}

void directory_state::put(role_entry entry) {
  take(entry.id, entry.host);
  auto& all = roles[entry.id];
  auto at = std::find_if(all.begin(), all.end(), [&](auto& x) { return x.epoch <= entry.epoch; });
  all.insert(at, std::move(entry));
  ++role_count;
}

std::optional<role_entry> directory_state::take(std::string_view id, std::string_view host) {
  auto i = roles.find(id);
  if (i == roles.end())
    return std::nullopt;
  auto& all = i->second;
  auto at = std::find_if(all.begin(), all.end(), [&](auto& x) { return x.host == host; });
  if (at == all.end())
    return std::nullopt;
  auto result = std::move(*at);
  all.erase(at);
  --role_count;
  if (all.empty())
    roles.erase(i);
  return result;
}

std::vector<role_entry> directory_state::select(const std::function<bool(const role_entry&)>& which) const {
  std::vector<role_entry> result;
  for (auto& [id, all] : roles)
    std::copy_if(all.begin(), all.end(), std::back_inserter(result), which);
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

} // namespace runtime::directory
