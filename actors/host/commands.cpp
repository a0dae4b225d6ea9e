#include "actors/host/commands.hpp"

#include "actors/host/client_command.hpp"
#include "actors/host/help.hpp"
#include "actors/host/ps_table.hpp"
#include "runtime/control/client.hpp"
#include "runtime/mesh/commands.hpp"

#include <cstdlib>
#include <fmt/format.h>
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

[[noreturn]] void not_understood() {
  throw std::runtime_error("the host is of another version of troupe: its answer is not understood");
}

struct cluster_actors {
  std::vector<runtime::telemetry::actor_row> rows;
  std::vector<runtime::mesh::host_reply> silent; ///< hosts that do not answer
};

cluster_actors ask_all(const request& request) {
  cluster_actors result;
  auto hosts = runtime::mesh::split_hosts(ask(request, {"all", "ps"}));
  if (!hosts)
    not_understood();
  for (auto& host : *hosts) {
    if (!host.error.empty())
      result.silent.push_back(host);
    for (auto& line : host.lines) {
      auto row = runtime::control::decode_row(line);
      if (!row)
        not_understood();
      result.rows.push_back(*row);
    }
  }
  return result;
}

int list_actors(const request& request) {
  auto actors = ask_all(request);
  auto json = request.output == output_format::json;
  std::cout << (json ? render_json(actors.rows) : render_table(actors.rows)) << std::flush;
  for (auto& host : actors.silent)
    (json ? std::cerr : std::cout) << "host " << host.host << " does not answer: " << host.error << "\n";
  return exit_done;
}

/// The host that runs the actor, empty for the one that is asked; an id such as `directory` is on every host.
std::string host_of(const request& request) {
  if (!request.on_host.empty())
    return request.on_host;
  std::vector<std::string> hosts;
  for (auto& row : ask_all(request).rows)
    if (row.id == request.role)
      hosts.push_back(row.host);
  if (hosts.empty())
    return {}; // the host that is asked knows what may have been meant
  if (hosts.size() > 1)
    throw std::runtime_error(fmt::format("`{}` runs on several hosts: say with --host which one is meant ({})", request.role,
                                         fmt::join(hosts, ", ")));
  return hosts[0];
}

int kill_actor(const request& request) {
  auto host = host_of(request);
  if (host.empty())
    ask(request, {"kill", request.role});
  else
    ask(request, {"at", host, "kill", request.role});
  std::cout << request.role << " killed\n";
  return exit_done;
}

} // namespace

int run(const std::vector<std::string>& arguments, const std::vector<runtime::host::role_descriptor>& roles) {
  auto data = std::getenv("TROUPE_DATA");
  if (!arguments.empty())
    for (auto& command : client_commands())
      if (command.name == arguments[0])
        return run_client_command(command, {arguments.begin() + 1, arguments.end()}, data ? data : "", roles);
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
