// What `troupe links` prints.
#include "actors/host/commands/links.hpp"

#include <catch2/catch.hpp>

using namespace runtime::mesh;

TEST_CASE("links are a table, silent hosts and refusals stand below") {
  link_row row{.host = "host-b",
               .state = link_state::slow,
               .round_trip_us = 310'400,
               .since_us = 5'000'000,
               .bytes_in = 999,
               .bytes_out = 1'234'567,
               .connects = 2,
               .reason = "nothing heard for 2.0 s"};
  std::vector<host_reply> hosts{{"host-a", "", {encode_link(row), {"refused", "wrong-ca", "3"}}},
                                {"host-c", "there is no link to host host-c", {}}};
  CHECK(actors::host::render_links(hosts, 65'000'000)
        == "HOST    PEER    STATE  ROUND TRIP  SINCE  IN     OUT     CONNECTS  LAST REASON\n"
           "host-a  host-b  slow   310.4 ms    60s    999 B  1.2 MB  2         nothing heard for 2.0 s\n"
           "host host-a refused 3 connections: wrong-ca\n"
           "host host-c does not answer: there is no link to host host-c\n");
}
