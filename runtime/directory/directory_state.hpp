// The directory's tables, apart from its messages: who is where, who wants to know. Owned by the directory actor.
#pragma once

#include "runtime/directory/directory.hpp"

#include <map>
#include <set>
#include <unordered_map>

namespace runtime::directory {

/// The patterns that match `id`: "", "kubelet/" and "kubelet/a" for "kubelet/a".
std::vector<std::string> patterns_of(std::string_view id);

/// True when `id` is the pattern, or lies below it ("apiserver/"), or the pattern is "".
bool matches(std::string_view pattern, std::string_view id);

struct directory_state {
  std::string host;
  telemetry::logger log;

  std::map<std::string, role_entry, std::less<>> roles;
  /// pattern -> subscribers, in the order of subscribing (a simulation needs one order).
  std::map<std::string, std::vector<caf::strong_actor_ptr>, std::less<>> subscriptions;
  size_t subscription_count = 0;
  /// Actors that are monitored already, roles and subscribers alike.
  std::set<caf::actor_addr> watched;

  std::vector<caf::strong_actor_ptr> subscribers_of(std::string_view id) const;
  std::vector<role_entry> find(std::string_view pattern) const;
  /// False when the subscription exists already.
  bool add_subscription(const std::string& pattern, const caf::strong_actor_ptr& who);
  void remove_subscription(const std::string& pattern, const caf::actor_addr& who);
  /// Removes every subscription of an actor that ended.
  void forget_subscriber(const caf::actor_addr& who);
  /// Removes and returns the ids under which an actor was registered.
  std::vector<std::string> forget_role(const caf::actor_addr& who);
};

} // namespace runtime::directory
