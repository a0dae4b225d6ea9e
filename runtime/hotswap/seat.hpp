// The place of a swappable object in its actor: which version sits there, how it does, whether it may stay. Owned by the
// actor and used only in its handlers; it tells the host's version_table, which outlives the actor.
#pragma once

#include "runtime/hotswap/messages.hpp"

#include <optional>

namespace runtime::hotswap {

class version_table;

/// What of the actor a judgement looks at.
struct work_done {
  uint64_t messages = 0; ///< that wait in the mailbox
  uint64_t keys = 0;     ///< that wait for a decision
  bool able = true;     ///< see sample::able
};

class seat {
public:
  /// Makes the version that the host's table says, or the built-in one. Throws when that throws.
  seat(host::role_context context, version built_in);

  const std::shared_ptr<swappable>& object() const {
    return object_;
  }
  const version& running() const {
    return *running_;
  }
  bool on_trial() const {
    return trial_.has_value();
  }
  /// What the version before handed to the one on trial.
  const std::string& former_state() const {
    return former_state_;
  }

  /// The actor takes orders from now on.
  void serves(const caf::strong_actor_ptr& self);

  /// The object goes.
  void clear() {
    object_.reset();
  }

  /// A decision was made. `exception`: what it threw.
  void count(bool failed, const std::string& exception = {});

  /// Puts the order's object here. `state`: what the version before exported. `rules` count from now.
  void take_over(const swap_order& order, std::string state, const work_done& now, int64_t pause_us);
  /// To be called now and then while on trial, at the latest at next_check_us(). A verdict is given once: `settle` is
  /// carried out here, a rollback by the actor (make_former(), then take_over()).
  judgement check(const work_done& now);
  /// Monotonic; nullopt: no trial.
  std::optional<int64_t> next_check_us() const;
  /// The order that puts the former version back. Throws what making it throws.
  swap_order make_former(std::string reason) const;

private:
  struct trial {
    probation_rules rules;
    baseline before;
    std::vector<sample> samples;
    int64_t since_us = 0;
    int64_t next_us = 0;
    uint64_t decisions = 0, failures = 0;
    std::string exception;
    bool judged = false;
  };
  int64_t now_us() const {
    return context_.clock->monotonic_us();
  }

  host::role_context context_;
  version_ptr running_;
  std::shared_ptr<swappable> object_;
  recent_counts counts_;
  std::optional<trial> trial_;
  std::string former_state_;
};

} // namespace runtime::hotswap
