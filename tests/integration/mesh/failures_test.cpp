// Each fault of a peer or a wire is noticed in its time, and heals.
#include "tests/integration/mesh/network.hpp"

#include "runtime/protocols/apiserver.hpp"

#include <catch2/catch.hpp>

#include <csignal>
#include <iostream>

using namespace mesh_test;
using namespace runtime::mesh;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

namespace {

int64_t ms_until(const std::function<bool()>& holds) {
  auto begin = steady::now();
  if (!eventually(holds))
    return INT64_MAX;
  return std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - begin).count();
}

bool is_down(const node& at, const std::string& host) {
  return at.link(host).state == link_state::down && at.seen().role("echo/" + host) == nullptr;
}

bool is_up(const node& at, const std::string& host) {
  return at.link(host).state != link_state::down && at.seen().role("echo/" + host) != nullptr;
}

/// host-a here and host-b here, with a wire in between: host-a dials through it.
struct wired {
  world place{{"host-a", "host-b"}};
  wire between{place.address("host-b")};
  node b{place.options("host-b")};
  node a{through()};

  node_options through() {
    auto options = place.options("host-a");
    options.all[1].address = between.address();
    return options;
  }
  void up() {
    REQUIRE(eventually([&] { return is_up(a, "host-b") && is_up(b, "host-a"); }));
  }
};

} // namespace

TEST_CASE("a killed process is noticed at once, and its successor is linked again") {
  world place{{"host-a", "host-b"}};
  node a{place.options("host-a")};
  auto b = std::make_unique<node_process>(place, "host-b");
  REQUIRE(eventually([&] { return is_up(a, "host-b"); }));
  auto incarnation = a.link("host-b").incarnation;
  b.reset(); // kill -9
  auto lost = ms_until([&] { return is_down(a, "host-b"); });
  b = std::make_unique<node_process>(place, "host-b");
  auto healed = ms_until([&] { return is_up(a, "host-b"); });
  std::cout << "killed: noticed after " << lost << " ms; successor up after " << healed << " ms" << std::endl;
  CHECK(lost < 100);
  CHECK(healed < 5'000);
  CHECK(a.link("host-b").incarnation != incarnation);
}

TEST_CASE("the accepting side notices a killed process too, and takes its successor") {
  world place{{"host-a", "host-b"}};
  node b{place.options("host-b")};
  auto a = std::make_unique<node_process>(place, "host-a");
  REQUIRE(eventually([&] { return is_up(b, "host-a"); }));
  a.reset();
  CHECK(ms_until([&] { return is_down(b, "host-a"); }) < 100);
  a = std::make_unique<node_process>(place, "host-a");
  CHECK(ms_until([&] { return is_up(b, "host-a"); }) < 5'000);
}

TEST_CASE("a frozen process is noticed within 3 s, and healed when it goes on") {
  world place{{"host-a", "host-b", "host-c"}};
  node b{place.options("host-b")};
  node_process a{place, "host-a"}, c{place, "host-c"};
  REQUIRE(eventually([&] { return is_up(b, "host-a") && is_up(b, "host-c"); }));
  a.signal(SIGSTOP); // it dialled us
  c.signal(SIGSTOP); // we dialled it
  auto lost_a = ms_until([&] { return is_down(b, "host-a"); });
  auto lost_c = ms_until([&] { return is_down(b, "host-c"); });
  // An attempt to reach it meanwhile fails: the kernel takes the connection, nobody answers.
  CHECK(eventually([&] { return b.link("host-c").reason.find("no handshake") != std::string::npos; }, 10s));
  a.signal(SIGCONT);
  c.signal(SIGCONT);
  auto healed = ms_until([&] { return is_up(b, "host-a") && is_up(b, "host-c"); });
  std::cout << "frozen: noticed after " << lost_a << " ms (and " << lost_c << " ms more); healed after " << healed << " ms"
            << std::endl;
  CHECK(lost_a + lost_c < 3'000);
  CHECK(healed < 3'000);
}

TEST_CASE("a cut wire, in both directions or one, is noticed at both ends within 3 s and healed") {
  wired net;
  auto forward = GENERATE(true, false);
  auto backward = GENERATE(true, false);
  if (!forward && !backward)
    return;
  net.up();
  net.between.cut_forward = forward;
  net.between.cut_backward = backward;
  auto begin = steady::now();
  CHECK(eventually([&] { return is_down(net.a, "host-b") && is_down(net.b, "host-a"); }));
  auto lost = std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - begin).count();
  net.between.cut_forward = net.between.cut_backward = false;
  auto healed = ms_until([&] { return is_up(net.a, "host-b") && is_up(net.b, "host-a"); });
  std::cout << "cut" << (forward ? " forward" : "") << (backward ? " backward" : "") << ": noticed at both ends after " << lost
            << " ms; healed after " << healed << " ms" << std::endl;
  CHECK(lost < 3'000);
  CHECK(healed < 6'000);
}

TEST_CASE("a slow wire is told as slow, and as fast again") {
  wired net;
  net.up();
  net.between.delay_ms = 200;
  auto noticed = ms_until([&] { return net.a.link("host-b").state == link_state::slow; });
  CHECK(net.a.seen().wait_event("slow host-b"));
  CHECK(net.b.seen().wait_event("slow host-a"));
  CHECK(is_up(net.a, "host-b"));
  CHECK(net.a.link("host-b").round_trip_us > 350'000);
  net.between.delay_ms = 0;
  CHECK(net.a.seen().wait_event("fast host-b"));
  std::cout << "slow: noticed after " << noticed << " ms" << std::endl;
  CHECK(noticed < 3'000);
}

TEST_CASE("memory stays bounded while a peer does not read") {
  wired net;
  net.up();
  auto to = caf::actor_cast<caf::actor>(net.a.seen().role("echo/host-b"));
  runtime::protocols::apiserver::WatchBatchT content;
  content.events.resize(100);
  for (auto& event : content.events)
    event = std::make_unique<runtime::protocols::apiserver::WatchEventT>();
  runtime::protocols::apiserver::watch_batch batch{content};
  auto before = resident_bytes();
  size_t most = 0;
  net.between.stuck = true;
  auto begin = steady::now();
  while (!is_down(net.a, "host-b") && steady::now() - begin < 10s) {
    for (int i = 0; i < 20; ++i)
      caf::anon_send(to, batch);
    most = std::max(most, resident_bytes());
    std::this_thread::sleep_for(100us);
  }
  CHECK(is_down(net.a, "host-b"));
  for (int i = 0; i < 100'000; ++i) // into the void
    caf::anon_send(to, batch);
  most = std::max(most, resident_bytes());
  std::cout << "unread: " << (most - std::min(most, before)) / (1 << 20) << " MB more at most; link given up after "
            << std::chrono::duration_cast<std::chrono::milliseconds>(steady::now() - begin).count() << " ms: "
            << net.a.link("host-b").reason << std::endl;
  CHECK(most - std::min(most, before) < size_t{400} << 20);
  net.between.stuck = false;
  to = nullptr;
  net.up();
}

TEST_CASE("an ordered end is told to the others at once") {
  world place{{"host-a", "host-b"}};
  node a{place.options("host-a")};
  {
    node b{place.options("host-b")};
    REQUIRE(eventually([&] { return is_up(a, "host-b"); }));
  }
  CHECK(eventually([&] { return is_down(a, "host-b"); }));
  CHECK(a.seen().wait_event("down host-b it closed the link: the host stops"));
}
