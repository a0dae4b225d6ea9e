// What is known of links, and who is reachable over others.
#include "runtime/mesh/link_table.hpp"

#include <catch2/catch.hpp>

using namespace runtime::mesh;

TEST_CASE("a host is reachable when it is up here, or at a host that is up here") {
  link_table table;
  table.set_hosts({"host-b", "host-c"}, 100);
  CHECK_FALSE(table.reachable("host-b"));
  table.set_state("host-b", link_state::up, {}, 200);
  CHECK(table.reachable("host-b"));
  CHECK_FALSE(table.reachable("host-c"));
  table.set_sees("host-b", {"host-a", "host-c"});
  CHECK(table.reachable("host-c"));
  table.set_state("host-b", link_state::slow, {}, 300);
  CHECK(table.reachable("host-c"));
  table.set_state("host-b", link_state::down, "cut", 400);
  CHECK_FALSE(table.reachable("host-c"));
  CHECK(table.find("host-b")->reason == "cut");
  CHECK(table.find("host-b")->since_us == 400);
}

TEST_CASE("refusals are counted by reason") {
  link_table table;
  CHECK(table.refusals().empty());
  table.count(refusal_reason::wrong_ca);
  table.count(refusal_reason::wrong_ca);
  table.count(refusal_reason::by_peer);
  CHECK(table.refusals() == std::map<std::string, uint64_t>{{"wrong-ca", 2}, {"by-peer", 1}});
}

TEST_CASE("a changed placement keeps what is known of the hosts that stay") {
  link_table table;
  table.set_hosts({"host-b", "host-c"}, 100);
  table.set_state("host-b", link_state::up, {}, 200);
  table.set_hosts({"host-b", "host-d"}, 300);
  CHECK(table.find("host-b")->state == link_state::up);
  CHECK_FALSE(table.find("host-c"));
  CHECK(table.find("host-d")->state == link_state::down);
  table.set_state("host-c", link_state::up, {}, 400); // a late one
  CHECK_FALSE(table.find("host-c"));
}
