#include "runtime/control/trace_pieces.hpp"

#include "runtime/control/trace_stream.hpp"

#include <algorithm>
#include <poll.h>

namespace runtime::control {

using steady = std::chrono::steady_clock;

trace_pieces::trace_pieces(std::shared_ptr<telemetry::actor_table> actors)
  : actors_(std::move(actors)), ender_([this] { end_idle(); }) {
}

trace_pieces::~trace_pieces() {
  {
    std::lock_guard guard{mutex_};
    stopping_ = true;
  }
  changed_.notify_all();
  ender_.join();
}

void trace_pieces::end_idle() {
  std::unique_lock lock{mutex_};
  while (!stopping_) {
    const auto now = steady::now();
    auto next = steady::time_point::max();
    for (auto at = sessions_.begin(); at != sessions_.end();) {
      const auto& item = at->second;
      if (!item.waiting && now - item.used >= session_idle_max) {
        at = sessions_.erase(at);
        continue;
      }
      next = std::min(next, item.waiting ? now + session_idle_max : item.used + session_idle_max);
      ++at;
    }
    if (sessions_.empty())
      changed_.wait(lock);
    else
      changed_.wait_until(lock, next);
  }
}

reply trace_pieces::next(const words& request, steady::time_point until) {
  if (request.size() < 2)
    return refuse("`trace-piece` takes a session and what `trace` takes");
  const auto name = request[1];
  words inner{"trace"};
  inner.insert(inner.end(), request.begin() + 2, request.end());
  auto filter = decode_trace_request(inner);
  if (const auto error = std::get_if<std::string>(&filter))
    return refuse(*error);
  telemetry::trace_ptr trace;
  {
    std::lock_guard guard{mutex_};
    auto found = sessions_.find(name);
    if (found == sessions_.end()) {
      auto& wanted = std::get<telemetry::trace_filter>(filter);
      if (auto unknown = unknown_actor(*actors_, wanted.actor); !unknown.empty())
        return refuse(unknown);
      found = sessions_.emplace(name, session{.trace = telemetry::begin_trace(wanted, actors_), .used = {}}).first;
    }
    if (std::exchange(found->second.waiting, true))
      return refuse("this trace is being read already");
    trace = found->second.trace;
  }
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(until - steady::now());
  pollfd watched{trace->event_fd(), POLLIN, 0};
  poll(&watched, 1, static_cast<int>(std::clamp<int64_t>(left.count() / 2, 0, trace_heartbeat.count())));
  const auto batch = trace->take();
  reply result;
  for (const auto& event : batch.events)
    result.lines.push_back(encode_trace_event(event));
  result.lines.push_back({"left", std::to_string(batch.left_out)});
  std::lock_guard guard{mutex_};
  if (const auto found = sessions_.find(name); found != sessions_.end())
    found->second = {.trace = std::move(trace), .used = steady::now(), .waiting = false};
  changed_.notify_all();
  return result;
}

} // namespace runtime::control
