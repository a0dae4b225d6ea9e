#include "actors/host/help.hpp"

#include "actors/host/client_command.hpp"

#include "runtime/host/version.hpp"
#include "runtime/placement/setting.hpp"

#include <fmt/format.h>

namespace actors::host {

namespace {

constexpr const char* overview_begin = R"(troupe: a Kubernetes-compatible cluster orchestrator in which every component is an actor

usage: troupe COMMAND [OPTIONS]

commands:
  host     run a host of a cluster in the foreground
  ps       list the actors of a running host: state, restarts, mailbox, failures
  kill     make an actor of a running host fail; its supervisor restarts it
  version  print the version and the API's
  help     print this text
)";

std::string overview() {
  std::string result = overview_begin;
  for (auto& command : client_commands())
    result += fmt::format("  {:<8} {}\n", command.name, command.summary);
  return result + "\n`troupe COMMAND --help` explains a command and its options.\n";
}

std::string usage_of(command what) {
  switch (what) {
    case command::host:
      return "usage: troupe host --placement FILE [--name HOST] [--pki DIR] [--data DIR]\n\n"
             "Runs one host of the placement file in the foreground. Prints `troupe: ready: ADDRESS` on standard output once\n"
             "every role is up; logs go to standard error. SIGTERM or SIGINT stops all roles in order, a second one at once.\n"
             "Exit code 0: stopped in order, 1: failed, 2: wrong command line or placement file.\n";
    case command::ps:
      return "usage: troupe ps [-o table|json] [--data DIR]\n\n"
             "Lists every actor of the cluster, asked for at the host that runs on the data folder. Hosts that do not answer are\n"
             "named below the list.\n";
    case command::kill:
      return "usage: troupe kill ACTOR [--host HOST] [--data DIR]\n\n"
             "Makes an actor fail, as if it had met an error: its supervisor restarts it, and `troupe ps` shows the failure.\n"
             "ACTOR is an id that `troupe ps` prints, such as `scheduler` or `store/pods`.\n";
    case command::version:
      return "usage: troupe version\n\nPrints the version of troupe and of the Kubernetes API that it serves.\n";
    case command::help:
      return overview();
  }
  return overview();
}

std::string default_of(const runtime::placement::setting_spec& setting) {
  if (!setting.otherwise)
    return setting.required ? "required" : "optional";
  struct {
    std::string operator()(const std::string& text) {
      return text;
    }
    std::string operator()(int64_t number) {
      return std::to_string(number);
    }
    std::string operator()(bool flag) {
      return flag ? "true" : "false";
    }
    std::string operator()(const std::vector<std::string>& list) {
      return fmt::format("[{}]", fmt::join(list, ", "));
    }
  } shown;
  return "default " + std::visit(shown, *setting.otherwise);
}

std::string describe_roles(std::span<const runtime::host::role_descriptor> roles) {
  std::string result = "\nroles of a placement file, each with `role`, `host`, optionally `logLevel`, and:\n";
  for (auto& role : roles) {
    if (role.implicit)
      continue;
    result += fmt::format("  {:<30} {}\n", role.spec.name, role.spec.summary);
    for (auto& setting : role.spec.settings)
      result += fmt::format("    {:<28} {} ({}; {})\n", setting.name, setting.help,
                            runtime::placement::describe_type(setting), default_of(setting));
  }
  return result;
}

} // namespace

std::string version_text() {
  return fmt::format("troupe {} (Kubernetes API {})\n", runtime::host::troupe_version, runtime::host::api_version);
}

std::string help_text(std::optional<command> what, std::span<const runtime::host::role_descriptor> roles) {
  if (!what || *what == command::help)
    return overview();
  auto result = usage_of(*what) + "\n" + describe_options(*what);
  if (*what == command::host)
    result += describe_roles(roles);
  return result;
}

} // namespace actors::host
