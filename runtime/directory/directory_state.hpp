// The directory's tables, apart from its messages: who is where, who wants to know. Owned by the directory actor.
#pragma once

#include "runtime/directory/directory.hpp"

#include <functional>
#include <map>
#include <optional>
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

  /// id -> its entries, one per host, the one to use in front.
  std::map<std::string, std::vector<role_entry>, std::less<>> roles;
  size_t role_count = 0;
  /// The gate, if there is one.
  caf::strong_actor_ptr exporter;
  /// pattern -> subscribers, in the order of subscribing (a simulation needs one order).
  std::map<std::string, std::vector<caf::strong_actor_ptr>, std::less<>> subscriptions;
  size_t subscription_count = 0;
  /// Actors that are monitored already, roles and subscribers alike.
  std::set<caf::actor_addr> watched;

  std::vector<caf::strong_actor_ptr> subscribers_of(std::string_view id) const;
  /// The entries to use.
  std::vector<role_entry> find(std::string_view pattern) const;
  const role_entry* best(std::string_view id) const;
  bool has(std::string_view id, std::string_view host) const;
  void put(role_entry entry);
  /// The entry that was there.
  std::optional<role_entry> take(std::string_view id, std::string_view host);
  /// False when the subscription exists already.
  bool add_subscription(const std::string& pattern, const caf::strong_actor_ptr& who);
  void remove_subscription(const std::string& pattern, const caf::actor_addr& who);
  /// Removes every subscription of an actor that ended.
  void forget_subscriber(const caf::actor_addr& who);
  /// Every entry for which `which` holds.
  std::vector<role_entry> select(const std::function<bool(const role_entry&)>& which) const;
};

} // namespace runtime::directory
