// The hollow runtime: delays, ends, addresses.
#include "actors/kubelet/cri/hollow.hpp"
#include <catch2/catch.hpp>

using namespace actors::kubelet::cri;

TEST_CASE("hollow containers run after the delay and until they are stopped") {
  int64_t now = 1'000'000;
  auto r = make_hollow({.node = "n", .ip_base = (10u << 24) + (244u << 16), .ip_count = 4, .start_delay_us = 500,
                        .now_us = [&] { return now; }});
  sandbox_config s;
  s.uid = "u";
  s.labels = {{"k", "v"}};
  auto id = r->run_sandbox(s);
  CHECK_THROWS_AS(r->run_sandbox(s), error);
  CHECK(r->sandbox_status(id).ips == std::vector<std::string>{"10.244.0.2"});
  container_config c;
  c.name = "main";
  auto cid = r->create_container(id, c, s);
  r->start_container(cid);
  CHECK(r->container_status(cid).state == container_state::created);
  now += 500;
  CHECK(r->container_status(cid).state == container_state::running);
  r->stop_container(cid, 30);
  CHECK(r->container_status(cid).state == container_state::exited);
  CHECK(r->container_status(cid).exit_code == 143);
  CHECK(r->list_sandboxes({{"k", "v"}}).size() == 1);
  CHECK(r->list_sandboxes({{"k", "w"}}).empty());
  s.uid = "u2";
  r->run_sandbox(s);
  s.uid = "u3";
  CHECK_THROWS_WITH(r->run_sandbox(s), "no addresses left in the pod subnet");
  r->remove_sandbox(id);
  CHECK_NOTHROW(r->run_sandbox(s));
}

TEST_CASE("the hollow runtime's number of changes moves with each listing that would differ, and only then") {
  int64_t now = 1'000'000;
  auto r = make_hollow({.node = "n", .ip_base = (10u << 24) + (244u << 16), .ip_count = 9, .start_delay_us = 500,
                        .now_us = [&] { return now; }});
  const auto number = [&] { return r->recent_activity()->changes; };
  auto differs = [&, last = number()]() mutable { return number() != std::exchange(last, number()); };
  const auto due = [&] { return r->recent_activity()->due_us; };
  CHECK_FALSE(differs());
  CHECK(due() == activity::never);
  sandbox_config s;
  s.uid = "u";
  s.annotations = {{"troupe.dev/hollow-run-seconds", "2"}};
  const auto id = r->run_sandbox(s);
  CHECK(differs());
  const auto cid = r->create_container(id, {}, s);
  CHECK(differs());
  r->start_container(cid);
  CHECK_FALSE(differs());
  CHECK(due() == now + 500);
  now += 500;
  CHECK(differs()); // it runs
  CHECK(due() == now + 2'000'000);
  now += 1'999'999;
  CHECK_FALSE(differs());
  now += 1;
  CHECK(differs()); // it has ended
  CHECK(due() == activity::never);
  r->stop_container(cid, 30);
  CHECK_FALSE(differs());
  r->remove_container(cid);
  CHECK(differs());
  r->remove_sandbox(id);
  CHECK(differs());
  now += 1'000'000'000;
  CHECK_FALSE(differs());
}
