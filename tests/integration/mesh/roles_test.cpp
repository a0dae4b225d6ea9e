// Roles of one host are in the directory of the others, and messages reach them.
#include "tests/integration/mesh/network.hpp"

#include "runtime/protocols/apiserver.hpp"
#include "runtime/protocols/kubelet.hpp"

#include <catch2/catch.hpp>

#include <csignal>

using namespace mesh_test;
using namespace runtime;
using namespace std::chrono_literals;
namespace api = protocols::apiserver;
namespace kubelet = protocols::kubelet;

namespace {

caf::actor handle(const node& at, const std::string& id) {
  return caf::actor_cast<caf::actor>(at.seen().role(id));
}

/// The reply's text, or the error's.
std::string ask(node& from, const caf::actor& to, int32_t bytes = 10, std::chrono::milliseconds deadline = 5s) {
  kubelet::ReadLogRequestT request;
  request.pod = "web";
  request.max_bytes = bytes;
  std::string result;
  caf::scoped_actor self{from.system()};
  self->request(to, deadline, kubelet::read_log_request{request})
    .receive([&](const kubelet::read_log_reply& reply) { result = reply->message()->str() + " " + std::to_string(reply->data()->size()); },
             [&](const caf::error& error) { result = from.system().render(error); });
  return result;
}

} // namespace

TEST_CASE("a role of another host is found and answers") {
  world place{{"host-a", "host-b"}};
  node a{place.options("host-a")}, b{place.options("host-b")};
  REQUIRE(a.seen().wait_role("echo/host-b"));
  REQUIRE(b.seen().wait_role("echo/host-a"));
  CHECK(ask(a, handle(a, "echo/host-b")) == "web 10");
  CHECK(ask(b, handle(b, "echo/host-a")) == "web 10");
  CHECK(ask(a, handle(a, "echo/host-b"), 20'000'000) == "web 20000000");

  SECTION("its end and its successor are told") {
    auto old = a.seen().role("echo/host-b");
    b.restart_echo();
    CHECK(eventually([&] {
      auto now = a.seen().role("echo/host-b");
      return now && now != old;
    }));
    CHECK(ask(a, handle(a, "echo/host-b")) == "web 10");
  }
  SECTION("a gate that fails costs a new link, no role") {
    auto echo = a.echo();
    a.restart_gate("a fault");
    CHECK(b.seen().wait_event("down host-a"));
    CHECK(eventually([&] { return a.link("host-b").connects == 2 && a.seen().role("echo/host-b"); }));
    CHECK(eventually([&] { return b.seen().role("echo/host-a") != nullptr; }));
    CHECK(ask(a, handle(a, "echo/host-b")) == "web 10");
    CHECK(ask(b, handle(b, "echo/host-a")) == "web 10");
    CHECK(a.echo() == echo);
  }
  SECTION("a directory that restarts knows the other host's roles again") {
    a.restart_directory();
    CHECK(a.seen().wait_role("echo/host-b"));
    CHECK(eventually([&] { return ask(a, handle(a, "echo/host-b")) == "web 10"; }));
    CHECK(eventually([&] { return b.seen().role("echo/host-a") && ask(b, handle(b, "echo/host-a"), 10, 500ms) == "web 10"; }));
  }
}

TEST_CASE("a watch with acknowledgements crosses hosts in order") {
  world place{{"host-a", "host-b"}};
  node a{place.options("host-a")}, b{place.options("host-b")};
  REQUIRE(a.seen().wait_role("echo/host-b"));
  caf::scoped_actor self{a.system()};
  auto echo = handle(a, "echo/host-b");
  api::WatchRequestT request;
  request.watch_id = 7;
  request.after = 1'000;
  self->send(echo, api::watch_request{request});
  int64_t last = 1'000;
  bool ordered = true;
  while (last < 1'200) {
    bool late = false;
    self->receive(
      [&](const api::watch_batch& batch) {
        ordered = ordered && batch->revision() == last + 1;
        last = batch->revision();
        api::WatchAckT ack;
        ack.watch_id = 7;
        ack.revision = last;
        self->send(echo, api::watch_ack{ack});
      },
      [](const api::watch_reply&) {}, caf::after(5s) >> [&] { late = true; });
    REQUIRE_FALSE(late);
  }
  CHECK(ordered);
}

TEST_CASE("a request to a lost host ends by its deadline, and later ones too") {
  world place{{"host-a", "host-b"}};
  node a{place.options("host-a")};
  auto b = std::make_unique<node_process>(place, "host-b");
  REQUIRE(a.seen().wait_role("echo/host-b"));
  auto dead = handle(a, "echo/host-b");
  CHECK(ask(a, dead) == "web 10");
  b->signal(SIGSTOP);
  auto begin = std::chrono::steady_clock::now();
  CHECK(ask(a, dead, 10, 500ms) != "web 10");
  CHECK(std::chrono::steady_clock::now() - begin < 1s);
  CHECK(a.seen().wait_no_role("echo/host-b"));
  CHECK(ask(a, dead, 10, 200ms) != "web 10");
  b.reset();
}

TEST_CASE("a hundred roles are told in parts") {
  world place{{"host-a", "host-b"}};
  node a{place.options("host-a")}, b{place.options("host-b")};
  for (int i = 0; i < 1'000; ++i)
    caf::anon_send(b.directory(), directory::register_role{"echo/extra-" + std::to_string(i),
                                                           caf::actor_cast<caf::strong_actor_ptr>(b.echo()), {}});
  for (int i : {0, 500, 999})
    CHECK(a.seen().wait_role("echo/extra-" + std::to_string(i)));
  caf::anon_send(b.directory(), directory::withdraw_role{"echo/extra-500"});
  CHECK(a.seen().wait_no_role("echo/extra-500"));
  CHECK(a.seen().role("echo/extra-499") != nullptr);
}

TEST_CASE("a call is answered by the other host, in parts if it is long") {
  world place{{"host-a", "host-b", "host-c"}};
  node a{place.options("host-a")}, b{place.options("host-b")};
  REQUIRE(a.seen().wait_event("up host-b"));
  auto answers = a.mesh().call_all({"host-b", "host-c"}, "hello", 5s);
  CHECK(answers[0].text == "host-b says hello");
  CHECK(answers[1].error == "there is no link to host host-c");
  CHECK(a.mesh().call("host-b", "long", 10s).text.size() == 5'000'000);
  CHECK(b.mesh().call("host-a", "x", 5s).text == "host-a says x");
}
