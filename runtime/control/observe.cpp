#include "runtime/control/observe.hpp"

#include "runtime/control/measure.hpp"
#include "runtime/control/trace_stream.hpp"

#include <algorithm>
#include <thread>

namespace runtime::control {

namespace {

int64_t wall_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

reply measure(const observed& what, const words& request, std::chrono::steady_clock::time_point until) {
  if (request.size() > 2 || (request.size() == 2 && request[1] != "all"))
    return refuse("`measure` takes nothing or `all`");
  reply result{.error = {}, .lines = encode_sample(sample_host(what))};
  if (request.size() == 1)
    return result;
  until = std::min(until, std::chrono::steady_clock::now() + measure_time_max);
  for (auto& [host, answer] : ask_peers(what, {"measure"}, until))
    if (answer.error.empty())
      std::move(answer.lines.begin(), answer.lines.end(), std::back_inserter(result.lines));
  return result;
}

/// The same command on this host and on all that can be reached; before each host's lines, `from HOST ERROR`.
reply ask_everywhere(const command_table& commands, const observed& what, const words& request,
                     std::chrono::steady_clock::time_point until) {
  constexpr const char* allowed[] = {"measure", "ps", "written"};
  if (request.size() < 2 || std::find(std::begin(allowed), std::end(allowed), request[1]) == std::end(allowed))
    return refuse("`everywhere` takes a command that only looks: measure, ps or written");
  until = std::min(until, std::chrono::steady_clock::now() + measure_time_max);
  words command{request.begin() + 1, request.end()};
  auto answers = ask_peers(what, command, until);
  answers.insert(answers.begin(), {what.host, commands.answer(command, until)});
  reply result;
  for (auto& [host, answer] : answers) {
    result.lines.push_back({"from", host, answer.error});
    std::move(answer.lines.begin(), answer.lines.end(), std::back_inserter(result.lines));
  }
  return result;
}

} // namespace

telemetry::host_sample sample_host(const observed& what) {
  telemetry::host_sample result{.host = what.host, .version = what.version, .wall_us = wall_us()};
  result.process = telemetry::read_process();
  result.actors = what.actors->samples();
  if (what.add_links)
    what.add_links(result);
  return result;
}

std::vector<std::pair<std::string, reply>> ask_peers(const observed& what, const words& request,
                                                     std::chrono::steady_clock::time_point until) {
  std::vector<std::pair<std::string, reply>> result;
  if (!what.peers || !what.ask_peer)
    return result;
  for (auto& host : what.peers())
    result.emplace_back(host, reply{});
  std::vector<std::thread> askers; // as many as there are hosts, and none lives longer than the deadline
  for (auto& item : result)
    askers.emplace_back([&what, &item, &request, until] {
      try {
        item.second = what.ask_peer(item.first, request, until);
      } catch (const std::exception& e) {
        item.second = refuse(e.what());
      }
    });
  for (auto& asker : askers)
    asker.join();
  return result;
}

void add_observing_commands(command_table& commands, observed what) {
  auto shared = std::make_shared<const observed>(std::move(what));
  commands.add("measure", [shared](const words& request, auto until) { return measure(*shared, request, until); });
  // The table outlives its commands: it holds this one.
  commands.add("everywhere", [shared, &commands](const words& request, auto until) {
    return ask_everywhere(commands, *shared, request, until);
  });
  commands.add_stream("trace", [shared](const words& request, const emit& line) {
    stream_trace(shared->actors, request, line);
  });
}

} // namespace runtime::control
