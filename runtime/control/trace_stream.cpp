#include "runtime/control/trace_stream.hpp"

#include "runtime/placement/nearest.hpp"

#include <charconv>
#include <cmath>
#include <poll.h>

namespace runtime::control {

namespace {

constexpr size_t request_words = 5;
constexpr size_t event_words = 7;

template <class T>
bool parse(const std::string& text, T& result) {
  auto end = text.data() + text.size();
  auto [parsed, failure] = std::from_chars(text.data(), end, result);
  return failure == std::errc{} && parsed == end;
}

} // namespace

std::string unknown_actor(const telemetry::actor_table& table, const std::string& id) {
  if (table.find(id))
    return {};
  std::vector<std::string> ids;
  for (auto& row : table.rows())
    ids.push_back(row.id);
  auto near = placement::nearest(id, ids);
  return "no actor is named `" + id + "`" + (near.empty() ? "; `troupe ps` lists them" : "; did you mean " + near + "?");
}

words encode_trace_request(const telemetry::trace_filter& filter) {
  return {"trace", filter.actor, filter.type, filter.match, std::to_string(filter.rate)};
}

std::variant<telemetry::trace_filter, std::string> decode_trace_request(const words& request) {
  if (request.size() != request_words)
    return "`trace` takes an actor, a type, a text and a rate";
  telemetry::trace_filter result{.actor = request[1], .type = request[2], .match = request[3]};
  if (!parse(request[4], result.rate) || !(result.rate > 0) || result.rate > telemetry::trace_rate_max)
    return "the rate of a trace is above 0 and at most " + std::to_string(static_cast<int>(telemetry::trace_rate_max));
  return result;
}

words encode_trace_event(const telemetry::trace_event& event) {
  auto microseconds = event.seconds < 0 ? -1 : std::llround(event.seconds * 1e6);
  return {"event",    std::to_string(event.wall_us), event.out ? "out" : "in", event.peer, event.type,
          std::to_string(microseconds), event.text};
}

std::optional<telemetry::trace_event> decode_trace_event(const words& line) {
  telemetry::trace_event result;
  int64_t microseconds = 0;
  if (line.size() != event_words || line[0] != "event" || !parse(line[1], result.wall_us)
      || (line[2] != "in" && line[2] != "out") || !parse(line[5], microseconds))
    return std::nullopt;
  result.out = line[2] == "out";
  result.peer = line[3];
  result.type = line[4];
  result.seconds = microseconds < 0 ? -1 : static_cast<double>(microseconds) * 1e-6;
  result.text = line[6];
  return result;
}

void stream_trace(const std::shared_ptr<telemetry::actor_table>& actors, const words& request, const emit& line) {
  auto filter = decode_trace_request(request);
  if (auto error = std::get_if<std::string>(&filter)) {
    line({"error", *error});
    return;
  }
  auto& wanted = std::get<telemetry::trace_filter>(filter);
  if (auto unknown = unknown_actor(*actors, wanted.actor); !unknown.empty()) {
    line({"error", unknown});
    return;
  }
  telemetry::trace_ptr trace;
  try {
    trace = telemetry::begin_trace(wanted, actors);
  } catch (const std::exception& e) {
    line({"error", e.what()});
    return;
  }
  bool alive = line({"left", "0"}); // tells the client that the trace runs
  while (alive) {
    pollfd watched{trace->event_fd(), POLLIN, 0};
    poll(&watched, 1, static_cast<int>(trace_heartbeat.count()));
    auto batch = trace->take();
    for (auto& event : batch.events)
      alive = alive && line(encode_trace_event(event));
    if (batch.events.empty() || batch.left_out > 0)
      alive = alive && line({"left", std::to_string(batch.left_out)});
  }
}

} // namespace runtime::control
