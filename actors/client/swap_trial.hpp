// What all actors of a swappable version do alike: the Events of a swap, and the looks at a version on probation. Owned by the
// actor, used in its handlers only; the verdicts are the seat's, what follows from them the actor's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "actors/client/event_recorder.hpp"
#include "runtime/hotswap/seat.hpp"
#include "runtime/telemetry/message_counters.hpp"

namespace actors::client {

class swap_trial {
public:
  swap_trial(api_client& api, event_recorder& events, runtime::hotswap::seat& seat) : api_(api), events_(events), seat_(seat) {}

  /// What the seat judges by. `counters`: the actor's own; `keys` wait for a decision.
  runtime::hotswap::work_done work(const runtime::telemetry::message_counters& counters, size_t keys) const;
  /// After the seat was taken over by `order`'s version from the one named `former`.
  void tell_swapped(const std::string& former, const runtime::hotswap::swap_order& order);
  /// For every turn of the actor in which a version is on trial. Returns why it has to go, once; else the actor is woken
  /// (api_client::receive(wake)) when the next look is due.
  std::optional<std::string> check(const runtime::hotswap::work_done& now);

private:
  api_client& api_;
  event_recorder& events_;
  runtime::hotswap::seat& seat_;
  std::optional<uint64_t> timer_;
};

} // namespace actors::client
