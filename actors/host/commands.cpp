#include "actors/host/commands.hpp"

#include "actors/host/client_command.hpp"
#include "actors/host/help.hpp"
#include "actors/host/ps_table.hpp"
#include "runtime/control/client.hpp"

#include <cstdlib>
#include <iostream>
#include <stdexcept>

namespace actors::host {

namespace {

int report(int code, const std::string& error, const std::string& hint = {}) {
  std::cerr << "troupe: " << error << "\n";
  if (!hint.empty())
    std::cerr << "hint: " << hint << "\n";
  return code;
}

/// Asks the running host; its refusal is an error like any other.
runtime::control::reply ask(const request& request, const runtime::control::words& words) {
  auto reply = runtime::control::ask(request.data, words);
  if (!reply.error.empty())
    throw std::runtime_error(reply.error);
  return reply;
}

int list_actors(const request& request) {
  std::vector<runtime::telemetry::actor_row> rows;
  for (auto& line : ask(request, {"ps"}).lines) {
    auto row = runtime::control::decode_row(line);
    if (!row)
      throw std::runtime_error("the host is of another version of troupe: its answer is not understood");
    rows.push_back(*row);
  }
  std::cout << (request.output == output_format::json ? render_json(rows) : render_table(rows));
  return exit_done;
}

int kill_actor(const request& request) {
  ask(request, {"kill", request.role});
  std::cout << request.role << " killed\n";
  return exit_done;
}

} // namespace

int run(const std::vector<std::string>& arguments, const std::vector<runtime::host::role_descriptor>& roles) {
  auto data = std::getenv("TROUPE_DATA");
  if (!arguments.empty())
    for (auto& command : client_commands())
      if (command.name == arguments[0])
        return run_client_command(command, {arguments.begin() + 1, arguments.end()}, data ? data : "");
  auto parsed = parse_command_line(arguments, data ? data : "");
  if (!parsed.error.empty())
    return report(exit_usage, parsed.error, parsed.hint);
  auto& request = parsed.value;
  try {
    switch (request.what) {
      case command::help:
        std::cout << help_text(request.help_for, roles);
        return exit_done;
      case command::version:
        std::cout << version_text();
        return exit_done;
      case command::host:
        return run_host(request, roles);
      case command::ps:
        return list_actors(request);
      case command::kill:
        return kill_actor(request);
    }
  } catch (const std::exception& e) {
    return report(exit_failed, e.what());
  }
  return exit_failed;
}

} // namespace actors::host
