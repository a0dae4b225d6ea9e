// Requests for all hosts, as text and as tables.
#include "runtime/mesh/commands.hpp"

#include <catch2/catch.hpp>

using namespace runtime;
using namespace runtime::mesh;
using control::words;

namespace {

std::chrono::steady_clock::time_point soon() {
  return std::chrono::steady_clock::now() + std::chrono::seconds(5);
}

control::command_table_ptr lone_host() {
  auto commands = std::make_shared<control::command_table>();
  add_commands(commands, "host-a", nullptr);
  commands->add("echo", [](const words& request, auto) { return control::reply{{}, {request, {"second"}}}; });
  return commands;
}

} // namespace

TEST_CASE("a link travels as words") {
  link_row row{.host = "host-b",
               .state = link_state::slow,
               .round_trip_us = 1'500,
               .since_us = 7,
               .bytes_in = 8,
               .bytes_out = 9,
               .connects = 3,
               .reason = "cut",
               .incarnation = UINT64_MAX,
               .sees = {"host-a", "host-c"}};
  auto got = decode_link(encode_link(row));
  REQUIRE(got);
  CHECK(encode_link(*got) == encode_link(row));
  CHECK(got->sees == row.sees);
  auto cut = encode_link(row);
  cut.pop_back();
  CHECK_FALSE(decode_link(cut));
  auto wrong = encode_link(row);
  wrong[2] = "sideways";
  CHECK_FALSE(decode_link(wrong));
}

TEST_CASE("a host alone answers for the whole cluster") {
  auto commands = lone_host();
  auto hosts = split_hosts(commands->answer({"all", "echo", "x"}, soon()));
  REQUIRE(hosts);
  REQUIRE(hosts->size() == 1);
  CHECK(hosts->front().host == "host-a");
  CHECK(hosts->front().error == "");
  CHECK(hosts->front().lines == std::vector<words>{{"echo", "x"}, {"second"}});
  CHECK(commands->answer({"at", "host-a", "echo"}, soon()).lines.size() == 2);
  CHECK(commands->answer({"links"}, soon()).lines.empty());
}

TEST_CASE("requests that make no sense are refused") {
  auto commands = lone_host();
  CHECK(commands->answer({"at", "host-b", "echo"}, soon()).error == "the placement has no host `host-b`");
  CHECK(commands->answer({"at", "host-a"}, soon()).error == "`at` takes a host and a command");
  CHECK(commands->answer({"all"}, soon()).error == "`all` takes a command that one host answers");
  CHECK(commands->answer({"all", "all", "echo"}, soon()).error == "`all` takes a command that one host answers");
  CHECK(commands->answer({"at", "host-a", "all", "echo"}, soon()).error == "`at` takes a command that one host answers");
  auto hosts = split_hosts(commands->answer({"all", "unknown"}, soon()));
  REQUIRE(hosts);
  CHECK(hosts->front().error == "this host does not know the command `unknown`");
  CHECK_FALSE(split_hosts({{}, {{"row", "without", "host"}}}));
}
