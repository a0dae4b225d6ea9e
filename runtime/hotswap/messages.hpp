// What an actor with a swappable part is asked for, by the thread that serves the operator's command. Only within one
// process.
#pragma once

#include "runtime/hotswap/probation.hpp"
#include "runtime/hotswap/version.hpp"

#include <caf/all.hpp>

namespace runtime::hotswap {

/// Put `object` in the place of the one that works now.
struct swap_order {
  version_ptr what;
  std::shared_ptr<swappable> object; ///< made already; the actor's if it takes it
  probation_rules rules;
  bool back = false;                 ///< to a former version: no probation, and its refusal of the state is overruled
  std::string reason;                ///< back: why, for the history
  int64_t until_us = 0;              ///< monotonic: nobody waits for the answer any more
};

struct swap_outcome {
  std::string refused; ///< empty: done
  int64_t prepare_us = 0; ///< filling the new version's caches, while the old one works
  int64_t pause_us = 0;   ///< the longest time for which the actor did nothing else
  uint64_t keys = 0;      ///< handed over
  uint64_t state_bytes = 0;
};

using swap_actor = caf::typed_actor<caf::replies_to<swap_order>::with<swap_outcome>>;

} // namespace runtime::hotswap

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::hotswap::swap_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::hotswap::swap_outcome)
