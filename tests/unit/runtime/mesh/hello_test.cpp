// Who is accepted, and what the others are told.
#include "runtime/mesh/hello.hpp"

#include <catch2/catch.hpp>

using namespace runtime::mesh;

namespace {

hello hello_of(std::string host) {
  return {.cluster = "troupe", .host = std::move(host), .incarnation = 5, .started_us = 99, .node = "ab#1", .build = "0.1"};
}

expectation accepting(std::string mine = "host-b") {
  return {.mine = hello_of(std::move(mine)), .hosts = {"host-a", "host-b", "host-c"}, .dialled = {}};
}

std::vector<std::string> names(std::string host) {
  return {host + ".troupe.internal"};
}

/// "reason: text", or "" when it is accepted.
std::string outcome(const expectation& expected, const hello& theirs, const std::vector<std::string>& certificate) {
  try {
    check_hello(expected, theirs, certificate);
    return {};
  } catch (const refused& e) {
    return std::string{to_string(e.reason)} + ": " + e.what();
  }
}

} // namespace

TEST_CASE("a hello comes out as it went in") {
  auto value = hello_of("host-a");
  auto got = decode_hello(encode_hello(value) + "what a later version adds");
  REQUIRE(got);
  CHECK(got->host == "host-a");
  CHECK(got->cluster == "troupe");
  CHECK(got->incarnation == 5);
  CHECK(got->started_us == 99);
  CHECK(got->node == "ab#1");
  CHECK(got->version == protocol_version);
  auto wire = encode_hello(value);
  for (size_t size = 0; size < wire.size(); ++size)
    CHECK_FALSE(decode_hello(std::string_view{wire}.substr(0, size)));
  wire[0] = 'X';
  CHECK_FALSE(decode_hello(wire));
}

TEST_CASE("a host of the placement with its own certificate is accepted") {
  CHECK(outcome(accepting(), hello_of("host-a"), names("host-a")) == "");
  auto dialling = accepting();
  dialling.dialled = "host-c";
  CHECK(outcome(dialling, hello_of("host-c"), names("host-c")) == "");
}

TEST_CASE("every other is refused, with the reason") {
  CHECK(outcome(accepting(), hello_of("host-a"), names("host-c"))
        == "wrong-host: its certificate is of host-c.troupe.internal, not of host-a.troupe.internal");
  CHECK(outcome(accepting(), hello_of("host-a"), {}) == "wrong-host: its certificate is of nobody, not of host-a.troupe.internal");
  CHECK(outcome(accepting(), hello_of("host-0"), names("host-0"))
        == "unknown-host: host host-b has no host `host-0` in its placement");
  CHECK(outcome(accepting(), hello_of("host-c"), names("host-c"))
        == "unknown-host: host host-b connects to host-c, not the other way round");
  CHECK(outcome(accepting(), hello_of("host-b"), names("host-b")) == "duplicate: two processes run as host host-b");
  auto other = hello_of("host-a");
  other.cluster = "staging";
  CHECK(outcome(accepting(), other, names("host-a"))
        == "wrong-cluster: host host-a belongs to cluster `staging`, host host-b to `troupe`");
  auto dialling = accepting();
  dialling.dialled = "host-c";
  CHECK(outcome(dialling, hello_of("host-a"), names("host-a"))
        == "wrong-host: host host-a answers at the address of host host-c");
}

TEST_CASE("versions without overlap are refused, those with one are not") {
  auto newer = hello_of("host-a");
  newer.version = newer.version_oldest = protocol_version + 1;
  CHECK(outcome(accepting(), newer, names("host-a"))
        == "wrong-version: host host-a (troupe 0.1) speaks mesh protocol 2, host host-b (troupe 0.1) speaks 1: run the same "
           "version of troupe on both");
  newer.version_oldest = protocol_version;
  CHECK(outcome(accepting(), newer, names("host-a")) == "");
}
