// The command line: what is understood, and the error and hint for what is not.
#include "actors/host/command_line.hpp"
#include "actors/host/help.hpp"

#include <catch2/catch.hpp>

using namespace actors::host;
using words = std::vector<std::string>;

namespace {

std::string error_of(const words& arguments) {
  auto result = parse_command_line(arguments, "");
  return result.error + (result.hint.empty() ? "" : " | " + result.hint);
}

} // namespace

TEST_CASE("commands and their options are understood") {
  auto host = parse_command_line({"host", "--placement", "p.yaml", "--name=a", "--data", "d"}, "env");
  REQUIRE(host.error.empty());
  CHECK(host.value.what == command::host);
  CHECK(host.value.placement == "p.yaml");
  CHECK(host.value.name == "a");
  CHECK(host.value.data == "d");
  auto kill = parse_command_line({"kill", "store/pods"}, "env");
  CHECK(kill.value.role == "store/pods");
  CHECK(kill.value.data == "env");
  auto ps = parse_command_line({"ps", "-o", "json"}, "");
  CHECK(ps.value.output == output_format::json);
  CHECK(ps.value.data == "data");
  CHECK(parse_command_line({"--version"}, "").value.what == command::version);
  CHECK(parse_command_line({"-h"}, "").value.what == command::help);
  CHECK(parse_command_line({"kill", "--help"}, "").value.help_for == command::kill);
}

TEST_CASE("each mistake has one error and a hint") {
  CHECK(error_of({}) == "a command is missing | host, ps, kill or version; see `troupe --help`");
  CHECK(error_of({"hots"}) == "unknown command `hots` | did you mean `troupe host`?");
  CHECK(error_of({"frobnicate"}) == "unknown command `frobnicate` | see `troupe --help`");
  CHECK(error_of({"--frob"}) == "unknown option `--frob` | see `troupe --help`");
  CHECK(error_of({"ps", "--dtaa", "x"}) == "unknown option `--dtaa` of `troupe ps` | did you mean `--data`?");
  CHECK(error_of({"host"}).find("option `--placement` is missing") == 0);
  CHECK(error_of({"host", "--place", "x"}).find("unknown option `--place`") == 0);
  CHECK(error_of({"host", "--placement"}).find("required argument") != std::string::npos);
  CHECK(error_of({"kill"}).find("name of the actor to kill is missing") != std::string::npos);
  CHECK(error_of({"kill", "a", "b"}).find("`b` is one argument too many") == 0);
  CHECK(error_of({"ps", "x"}).find("`x` is one argument too many") == 0);
  CHECK(error_of({"ps", "-o", "yaml"}) == "unknown output format `yaml` | table or json");
  CHECK(error_of({"ps", "--data", "a", "--data", "b"}).find("--data") != std::string::npos);
  CHECK(error_of({"ps", "--data", ""}).find("needs a folder") != std::string::npos);
}

TEST_CASE("every command explains itself and its options") {
  for (auto& name : command_names()) {
    auto parsed = parse_command_line({name, "--help"}, "");
    REQUIRE(parsed.error.empty());
    auto text = help_text(parsed.value.help_for, {});
    CHECK(text.find("usage: troupe") != std::string::npos);
  }
  auto text = help_text(command::host, {});
  for (auto option : {"--placement", "--name", "--data", "--help"})
    CHECK(text.find(option) != std::string::npos);
  CHECK(version_text().find("v1.36.0") != std::string::npos);
}

TEST_CASE("--help lists the roles with their settings") {
  std::vector<runtime::host::role_descriptor> roles{
    {.spec = {.name = "scheduler",
              .summary = "assigns pods",
              .settings = {{.name = "pace", .type = runtime::placement::setting_type::integer, .help = "pods per second",
                            .otherwise = int64_t{5}}}}}};
  auto text = help_text(command::host, roles);
  CHECK(text.find("scheduler") != std::string::npos);
  CHECK(text.find("pods per second") != std::string::npos);
  CHECK(text.find("default 5") != std::string::npos);
}
