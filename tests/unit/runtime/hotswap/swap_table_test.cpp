// What `troupe swap` prints.
#include "actors/host/client_command.hpp"
#include "actors/host/commands.hpp"
#include "actors/host/swap_table.hpp"

#include <catch2/catch.hpp>

using namespace actors::host;
using namespace std::chrono_literals;

TEST_CASE("times of a probation") {
  CHECK(parse_duration("30s") == 30s);
  CHECK(parse_duration("500ms") == 500ms);
  CHECK(parse_duration("5m") == 5min);
  CHECK(parse_duration("2h") == 2h);
  for (const auto* wrong : {"", "s", "30", "0s", "-1s", "1.5s", "30 s", "30sec", "99999999999s"})
    CHECK_FALSE(parse_duration(wrong));
}

TEST_CASE("the answer to a swap names both versions and the pause") {
  const runtime::control::reply answer{
    .error = {},
    .lines = {{"version", "newest-first 1 (n.so, abc)"}, {"before", "built-in"}, {"prepare_us", "12340"}, {"pause_us", "80"},
              {"keys", "3"}, {"state_bytes", "208"}, {"probation_us", "30000000"}}};
  CHECK(render_swap("controllers/replicaset", answer)
        == "controllers/replicaset now runs newest-first 1 (n.so, abc), before: built-in\n"
           "  made ready in 12.34 ms, pause 0.08 ms, handed over 3 keys in 208 bytes\n"
           "  on probation for 30 s; `troupe swap controllers/replicaset --history` tells how it ends\n");
}

static const std::vector<runtime::mesh::host_reply> two_hosts{
  {"host-a",
   {},
   {{"now", "scheduler", "built-in", "settled", "0", "standby"},
    {"now", "controllers/replicaset", "b 1 (b.so, 12)", "on probation", "2000000", "active"},
    {"record", "1767225600000000", "controllers/replicaset", "swapped", "b 1", "/x/b.so", "12", "", "90"}}},
  {"host-b", {}, {{"now", "scheduler", "built-in", "settled", "0", "active"}}},
  {"host-c", "no link", {}}};

TEST_CASE("the history has what runs, and what happened") {
  CHECK(render_history(two_hosts)
        == "ROLE                    HOST    RUNS            STATE\n"
           "controllers/replicaset  host-a  b 1 (b.so, 12)  on probation for another 3 s\n"
           "scheduler               host-a  built-in        settled, standby\n"
           "scheduler               host-b  built-in        settled\n"
           "\n"
           "TIME (UTC)           ROLE                    HOST    WHAT     VERSION  PAUSE    FILE     WHY\n"
           "2026-01-01 00:00:00  controllers/replicaset  host-a  swapped  b 1      0.09 ms  /x/b.so\n"
           "host host-c does not answer: no link\n");
}

TEST_CASE("a swap goes where the role acts") {
  CHECK(host_of_role(two_hosts, "scheduler") == "host-b");
  CHECK(host_of_role(two_hosts, "controllers/replicaset") == "host-a");
  CHECK_THROWS_WITH(host_of_role(two_hosts, "schedler"), Catch::Contains("did you mean scheduler?"));
  CHECK_THROWS_WITH(host_of_role(two_hosts, "nothing"), Catch::Contains("there are controllers/replicaset, scheduler"));
  auto leaderless = two_hosts;
  leaderless[1].lines[0].back() = "standby";
  CHECK_THROWS_WITH(host_of_role(leaderless, "scheduler"), Catch::Contains("host-a, host-b"));
}

TEST_CASE("swap and new refuse what makes no sense before they ask a host") {
  const auto run = [](std::vector<std::string> arguments) {
    for (const auto& command : client_commands())
      if (command.name == arguments[0])
        return run_client_command(command, {arguments.begin() + 1, arguments.end()}, "/nonexistent", {});
    return -1;
  };
  CHECK(run({"swap"}) == exit_usage);
  CHECK(run({"swap", "scheduler"}) == exit_usage);
  CHECK(run({"swap", "scheduler", "x.so", "--probation", "soon"}) == exit_usage);
  CHECK(run({"swap", "scheduler", "x.so", "--history"}) == exit_usage);
  CHECK(run({"swap", "--history", "--rollback"}) == exit_usage);
  CHECK(run({"swap", "--rollback"}) == exit_usage);
  CHECK(run({"swap", "scheduler", "x.so"}) == exit_failed); // no host there
  CHECK(run({"new"}) == exit_usage);
  CHECK(run({"new", "controller"}) == exit_usage);
  CHECK(run({"new", "pod", "x"}) == exit_usage);
  CHECK(run({"new", "controller", "../x"}) == exit_usage);
}
