// What a link costs; not part of the tests: mesh_test "[measure]".
#include "tests/integration/mesh/network.hpp"

#include "runtime/protocols/kubelet.hpp"

#include <catch2/catch.hpp>

#include <iostream>

using namespace mesh_test;
using namespace std::chrono_literals;
namespace kubelet = runtime::protocols::kubelet;
using steady = std::chrono::steady_clock;

namespace {

/// Requests that are answered with `bytes`, at most `window` of them unanswered; per second.
double rate(node& from, const caf::actor& to, int32_t bytes, int window, int count) {
  kubelet::ReadLogRequestT content;
  content.pod = "web";
  content.max_bytes = bytes;
  kubelet::read_log_request request{content};
  caf::scoped_actor self{from.system()};
  auto begin = steady::now();
  int sent = 0, answered = 0;
  while (answered < count) {
    for (; sent < count && sent - answered < window; ++sent)
      caf::anon_send(to, caf::actor_cast<caf::actor>(self), request);
    self->receive([&](const kubelet::read_log_reply&) { ++answered; }, caf::after(10s) >> [&] { answered = count; });
  }
  return count / std::chrono::duration<double>(steady::now() - begin).count();
}

} // namespace

TEST_CASE("what requests over a link cost", "[.][measure]") {
  world place{{"host-a", "host-b"}};
  node a{place.options("host-a")};
  node_process b{place, "host-b"};
  REQUIRE(a.seen().wait_role("echo/host-b"));
  auto to = caf::actor_cast<caf::actor>(a.seen().role("echo/host-b"));
  std::cout << "2 KB, window 1: " << rate(a, to, 2'000, 1, 5'000) << "/s\n"
            << "2 KB, window 64: " << rate(a, to, 2'000, 64, 50'000) << "/s\n"
            << "1 MB, window 4: " << rate(a, to, 1'000'000, 4, 500) << " MB/s" << std::endl;
}
