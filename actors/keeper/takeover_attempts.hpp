// When a takeover that did not succeed is tried again, and with which epoch. Pure; the keeper's actor owns it.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <map>
#include <string>

namespace actors::keeper {

class takeover_attempts {
public:
  /// Between two tries on the same view of the Role, while nothing changes: doubled from one to the next.
  static constexpr std::chrono::milliseconds pause_min{50};
  static constexpr std::chrono::milliseconds pause_max{2'000};
  static constexpr int64_t stride_max = 1 << 20;

  /// An epoch of the role that was seen.
  void saw(const std::string& role, int64_t epoch) {
    auto& highest = roles_[role].highest;
    highest = std::max(highest, epoch);
  }
  int64_t highest(const std::string& role) const {
    const auto found = roles_.find(role);
    return found == roles_.end() ? 0 : found->second.highest;
  }

  /// `revision`: of the Role as it is seen now. Another one than at the last try may be tried at once.
  bool may_try(const std::string& role, int64_t revision, int64_t now_us) const {
    const auto found = roles_.find(role);
    return found == roles_.end() || found->second.revision != revision || now_us >= found->second.not_before_us;
  }

  /// Above every epoch that was seen. A try that got no answer is repeated as it was: only one of the two can be carried out, since
  /// both name the revision, so nobody else can have its epoch. One that was refused although the Role is as it was seen
  /// is not high enough for the shards, which remember what a Role that was deleted had: the epoch is looked for in strides.
  int64_t next_epoch(const std::string& role, int64_t revision) {
    auto& mine = roles_[role];
    const bool again = mine.revision == revision && mine.failures > 0;
    if (again && !mine.refused && mine.tried >= mine.highest)
      return mine.tried;
    mine.highest += again && mine.refused ? std::clamp<int64_t>(mine.highest, 1, stride_max) : 1;
    mine.tried = mine.highest;
    if (!again)
      mine.failures = 0;
    mine.revision = revision;
    return mine.tried;
  }

  void failed(const std::string& role, bool refused, int64_t now_us) {
    auto& mine = roles_[role];
    mine.refused = refused;
    const auto pause = std::min(pause_min * (1 << std::min(mine.failures, 10)), pause_max);
    ++mine.failures;
    mine.not_before_us = now_us + std::chrono::microseconds{pause}.count();
  }
  void succeeded(const std::string& role) {
    roles_[role].failures = 0;
    roles_[role].not_before_us = 0;
  }
  /// Something that may have been the reason is another now: an apiserver came, a link.
  void try_at_once() {
    for (auto& [role, mine] : roles_)
      mine.not_before_us = 0;
  }

private:
  struct attempts {
    int64_t highest = 0;  // epoch that was seen or tried
    int64_t tried = 0;    // epoch of the last try
    int64_t revision = -1; // of the Role then
    bool refused = false;
    int failures = 0;     // on that revision
    int64_t not_before_us = 0;
  };
  std::map<std::string, attempts> roles_;
};

} // namespace actors::keeper
