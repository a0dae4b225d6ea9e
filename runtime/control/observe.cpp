#include "runtime/control/observe.hpp"

#include "runtime/control/measure.hpp"
#include "runtime/control/trace_pieces.hpp"
#include "runtime/control/trace_stream.hpp"

namespace runtime::control {

namespace {

telemetry::host_sample sample_host(const observed& what) {
  telemetry::host_sample result{.host = what.host, .version = what.version, .wall_us = what.clock->wall_us()};
  result.process = telemetry::read_process();
  result.actors = what.actors->samples();
  what.add_links(result);
  return result;
}

} // namespace

void add_observing_commands(command_table& commands, observed what) {
  auto shared = std::make_shared<const observed>(std::move(what));
  commands.add("measure", [shared](const words& request, auto) {
    if (request.size() != 1)
      return refuse("`measure` takes no words");
    return reply{.error = {}, .lines = encode_sample(sample_host(*shared))};
  });
  commands.add_stream("trace", [shared](const words& request, const emit& line) {
    stream_trace(shared->actors, request, line);
  });
  commands.add("trace-piece", [pieces = std::make_shared<trace_pieces>(shared->actors)](const words& request, auto until) {
    return pieces->next(request, until);
  });
}

} // namespace runtime::control
