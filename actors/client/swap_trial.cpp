// The Events of a swap, and the looks at a version on probation.
#include "actors/client/swap_trial.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace actors::client {

using runtime::hotswap::verdict;

runtime::hotswap::work_done swap_trial::work(const runtime::telemetry::message_counters& counters, size_t keys) const {
  const auto handled = counters.handled.load(std::memory_order_relaxed);
  const auto received = counters.received.load(std::memory_order_relaxed);
  return {.messages = received > handled ? received - handled : 0,
          .keys = keys,
          .able = api_.connected() && api_.synced() && api_.active()};
}

void swap_trial::tell_swapped(const std::string& former, const runtime::hotswap::swap_order& order) {
  const auto role = role_reference(api_.context().id);
  const auto& name = seat_.running().name;
  if (order.back)
    events_.warning(role, "SwapRolledBack", fmt::format("Rolled back from {} to {}: {}", former, name, order.reason));
  else
    events_.normal(role, "Swapped", fmt::format("Swapped {} for {}", former, name));
}

std::optional<std::string> swap_trial::check(const runtime::hotswap::work_done& now) {
  const auto judged = seat_.check(now);
  if (judged.what == verdict::roll_back)
    return judged.reason;
  if (judged.what == verdict::settle)
    events_.normal(role_reference(api_.context().id), "SwapSettled", seat_.running().name + " stays after its probation");
  const auto next = seat_.next_check_us();
  if (!next || timer_)
    return std::nullopt;
  const std::chrono::milliseconds wait{std::max<int64_t>(*next - api_.context().clock->monotonic_us(), 0) / 1000 + 1};
  timer_ = api_.after(wait, [this] { timer_.reset(); });
  return std::nullopt;
}

} // namespace actors::client
