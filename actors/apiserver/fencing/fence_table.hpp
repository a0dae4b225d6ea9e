// Which epoch of each singleton role is in force, as far as this apiserver knows, and which store shards have confirmed
// that they refuse older ones. Pure; owned by the apiserver's actor.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "actors/apiserver/registry/kind.hpp"
#include "messages/codec/draft.hpp"

namespace actors::apiserver::fencing {

/// A role's id, "controllers/deployment", and the epoch of its owner.
struct claim {
  std::string role;
  int64_t epoch = 0;
  bool operator==(const claim&) const = default;
};

/// What a Role object (troupe.dev/v1) says in its status; nothing for other kinds and for roles that nobody owns yet.
std::optional<claim> claim_of(const registry::kind& kind, const messages::codec::draft& object);
/// The kind that claims are read from; null when the registry has none.
const registry::kind* claiming_kind();

class fence_table {
public:
  /// True when the claim is newer than what was known.
  bool note(const claim& known);
  /// 0: none is known.
  int64_t epoch_of(std::string_view role) const;

  /// The shard refuses writers below this epoch.
  void confirm(std::string_view shard, const claim& raised);
  /// The shard is connected anew: it is told everything again, since it may be one that was restored.
  void forget(std::string_view shard);
  /// What the shard has not confirmed.
  std::vector<claim> due(std::string_view shard) const;
  bool confirmed(std::string_view shard, const claim& asked) const;

private:
  using epochs = std::map<std::string, int64_t, std::less<>>;
  epochs known_;
  std::map<std::string, epochs, std::less<>> confirmed_; // by shard
  mutable std::set<std::string, std::less<>> settled_;   // shards that have confirmed all: they are asked for at each tick
};

} // namespace actors::apiserver::fencing
