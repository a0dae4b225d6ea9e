// How the scheduler takes another decider, and gives up one that fails.
#include "actors/scheduler/scheduler_actor.hpp"

#include <fmt/format.h>

#include "runtime/hotswap/handover.hpp"

namespace actors::scheduler {

using runtime::hotswap::swap_order;
using runtime::hotswap::swap_outcome;

namespace {
/// Whether it takes over from these bytes; `why` not.
bool take_state(decider& next, std::string_view bytes, std::string& why) {
  try {
    if (next.import_state(bytes))
      return true;
    why = fmt::format("it rejects the state of the version before it ({} bytes)", bytes.size());
  } catch (const std::exception& error) {
    why = error.what();
  } catch (...) {
    why = "its import_state threw something that is no std::exception";
  }
  return false;
}

std::string private_state(const std::string& handed) {
  std::string ignored; // the first version was handed nothing
  const auto read = runtime::hotswap::unpack(handed, ignored);
  return read ? std::string{read->private_state.begin(), read->private_state.end()} : std::string{};
}
} // namespace

swap_outcome scheduler_actor::swap(const swap_order& order) {
  const int64_t begun = now_us();
  if (order.until_us > 0 && begun > order.until_us)
    return {.refused = "its turn came too late"};
  if (seat_.on_trial() && !order.back)
    return {.refused = seat_.running().name + " is still on probation"};
  const auto next = std::dynamic_pointer_cast<decider>(order.object);
  if (!next)
    return {.refused = "what " + order.what->name + " makes decides on no nodes"};
  messages::handover::HandoverT handed;
  handed.role = context_.id;
  handed.from_version = seat_.running().name;
  std::string own;
  try {
    own = decider_->export_state();
  } catch (const std::exception& error) {
    if (!order.back)
      return {.refused = seat_.running().name + " cannot export its state: " + error.what()};
  }
  handed.private_state.assign(own.begin(), own.end());
  const auto state = runtime::hotswap::pack(handed);
  std::string why;
  if (!take_state(*next, private_state(state), why)) {
    if (!order.back)
      return {.refused = why};
    // On the way back: with what the former version handed over itself, or without.
    if (!take_state(*next, private_state(seat_.former_state()), why))
      take_state(*next, {}, why);
  }
  decider_ = next;
  queue_.cluster_changed(now_us()); // what did not fit may fit by the new rules
  const int64_t pause = now_us() - begun;
  const auto former = seat_.running().name;
  seat_.take_over(order, state, work_now(), pause);
  trial_.tell_swapped(former, order);
  return {.pause_us = pause, .keys = queue_.size(), .state_bytes = state.size()};
}

runtime::hotswap::work_done scheduler_actor::work_now() const {
  return trial_.work(*counters(), binding_.size() < bindings_in_flight_max ? queue_.active() : 0);
}

void scheduler_actor::check_trial() {
  if (!seat_.on_trial())
    return;
  if (const auto why = trial_.check(work_now()))
    roll_back(*why);
}

void scheduler_actor::roll_back(const std::string& reason) {
  context_.log.error("rolling back", {{"version", seat_.running().name}, {"why", reason}});
  std::string failure;
  try {
    failure = swap(seat_.make_former(reason)).refused;
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (!failure.empty()) // the supervisor starts the actor anew with the former version
    quit(runtime::telemetry::make_failure("rolling back: " + failure));
}

} // namespace actors::scheduler
