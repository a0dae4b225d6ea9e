// What the kubelet decides to do for a pod: restart policies, init containers, sidecars, probes, back-off.
#include <catch2/catch.hpp>
#include "actors/kubelet/pods/backoff.hpp"
#include "sample_pods.hpp"

using namespace sample;
using namespace actors::kubelet::pods;
using actors::kubelet::probes::outcome;
using state = cri::container_state;
using indexes = std::vector<size_t>;

TEST_CASE("a new pod gets a sandbox and its containers") {
  auto a = decide_actions(pod({"a", "b"}), {}, {});
  CHECK(a.create_sandbox);
  CHECK_FALSE(a.kill_pod);
  CHECK(a.attempt == 0);
  CHECK(a.to_start == indexes{0, 1});
}

TEST_CASE("a running pod is left alone") {
  auto a = decide_actions(pod(), {{sandbox()}, {instance("main", state::running)}}, {});
  CHECK_FALSE(a.create_sandbox);
  CHECK_FALSE(a.kill_pod);
  CHECK(a.to_start.empty());
  CHECK(a.to_kill.empty());
}

TEST_CASE("restart policies decide whether an ended container runs again") {
  struct row {
    restart_policy policy;
    int code;
    bool again;
  };
  for (auto [policy, code, again] :
       {row{restart_policy::always, 0, true}, row{restart_policy::always, 1, true},
        row{restart_policy::on_failure, 0, false}, row{restart_policy::on_failure, 1, true},
        row{restart_policy::never, 0, false}, row{restart_policy::never, 1, false}}) {
    auto p = pod();
    p.restart = policy;
    auto a = decide_actions(p, {{sandbox()}, {instance("main", state::exited, code)}}, {});
    CHECK(a.to_start == (again ? indexes{0} : indexes{}));
    CHECK(a.kill_pod == !again);
  }
}

TEST_CASE("a dead sandbox is replaced with the next attempt") {
  auto a = decide_actions(pod(), {{sandbox("sb", false)}, {instance("main", state::exited, 137)}}, {});
  CHECK(a.create_sandbox);
  CHECK(a.kill_pod);
  CHECK(a.attempt == 1);
  CHECK(a.to_start == indexes{0});
}

TEST_CASE("a pod that never restarts is not begun again when its sandbox has died") {
  auto p = pod();
  p.restart = restart_policy::never;
  auto a = decide_actions(p, {{sandbox("sb", false)}, {instance("main", state::exited, 1)}}, {});
  CHECK_FALSE(a.create_sandbox);
  CHECK(a.to_start.empty());
}

TEST_CASE("init containers run one after the other, then the others") {
  auto p = pod({"main"}, {"one", "two"});
  auto a = decide_actions(p, {}, {});
  CHECK(a.init_to_start == indexes{0});
  CHECK(a.to_start.empty());
  a = decide_actions(p, {{sandbox()}, {instance("one", state::running)}}, {});
  CHECK(a.init_to_start.empty());
  CHECK(a.to_start.empty());
  a = decide_actions(p, {{sandbox()}, {instance("one", state::exited, 0)}}, {});
  CHECK(a.init_to_start == indexes{1});
  a = decide_actions(p, {{sandbox()}, {instance("two", state::exited, 0), instance("one", state::exited, 0)}},
                     {});
  CHECK(a.to_start == indexes{0});
  a = decide_actions(p, {{sandbox()}, {instance("one", state::exited, 1)}}, {});
  CHECK(a.init_to_start == indexes{0});
  p.restart = restart_policy::never;
  a = decide_actions(p, {{sandbox()}, {instance("one", state::exited, 1)}}, {});
  CHECK(a.kill_pod);
  CHECK(a.init_to_start.empty());
}

TEST_CASE(
  "inits are not repeated once the main containers have run, even if the runtime has forgotten them") {
  auto a = decide_actions(pod({"main"}, {"one"}), {{sandbox()}, {instance("main", state::running)}}, {});
  CHECK(a.init_to_start.empty());
  CHECK(a.to_start.empty());
}

TEST_CASE("a sidecar must be started before the next init and is restarted while the pod runs") {
  auto p = pod({"main"}, {"side", "init"});
  p.init_containers[0].sidecar = true;
  auto a = decide_actions(p, {{sandbox()}, {instance("side", state::running)}}, {});
  CHECK(a.init_to_start == indexes{1});
  a = decide_actions(p, {{sandbox()}, {instance("main", state::running), instance("side", state::exited, 0)}},
                     {});
  CHECK(a.init_to_start == indexes{0});
  CHECK_FALSE(a.kill_pod);
  p.restart = restart_policy::never;
  a = decide_actions(p, {{sandbox()}, {instance("main", state::exited, 0), instance("side", state::running)}},
                     {});
  CHECK(a.kill_pod);
}

TEST_CASE("a failed liveness or startup probe kills the container and restarts it") {
  auto p = pod();
  p.containers[0].liveness = probe_spec{};
  verdict_table v{{"main-0", {outcome::failure, outcome::success, outcome::success}}};
  auto a = decide_actions(p, {{sandbox()}, {instance("main", state::running)}}, v);
  REQUIRE(a.to_kill.size() == 1);
  CHECK(a.to_kill[0].message == "Container main failed liveness probe, will be restarted");
  CHECK(a.to_start == indexes{0});
  p.restart = restart_policy::never;
  a = decide_actions(p, {{sandbox()}, {instance("main", state::running)}}, v);
  CHECK(a.to_kill.size() == 1);
  CHECK(a.to_start.empty());
}

TEST_CASE("a changed image restarts the container") {
  auto p = pod();
  p.containers[0].image = "busybox:2";
  auto a = decide_actions(p, {{sandbox()}, {instance("main", state::running)}}, {});
  REQUIRE(a.to_kill.size() == 1);
  CHECK(a.to_kill[0].message == "Container main definition changed, will be restarted");
}

TEST_CASE("a container that was created before a crash is started, not made again") {
  auto a = decide_actions(pod(), {{sandbox()}, {instance("main", state::created)}}, {});
  CHECK(a.to_continue == std::vector<std::string>{"main-0"});
  CHECK(a.to_start.empty());
  CHECK_FALSE(a.kill_pod);
}

TEST_CASE("garbage: instances beyond the last two, dead sandboxes that nothing refers to") {
  runtime_status s{{sandbox("new", true, 1), sandbox("sb", false)},
                   {instance("main", state::running, 0, 3, "new"),
                    instance("main", state::exited, 1, 2, "new"), instance("main", state::exited, 1, 1)}};
  auto g = find_garbage(s);
  CHECK(g.containers == std::vector<std::string>{"main-1"});
  CHECK(g.sandboxes == std::vector<std::string>{"sb"});
}

TEST_CASE("back-off: the first restart is at once, then 10 s doubling to 300 s, forgotten after 10 minutes") {
  backoff_table b;
  int64_t now = 1000 * second;
  CHECK(b.remaining_us("k", now, now) == 0);
  b.next("k", now, now);
  CHECK(b.remaining_us("k", now + second, now + second) == 10 * second);
  CHECK(b.remaining_us("k", now, now + 12 * second) == 0);
  for (int64_t expected : {20, 40, 80, 160, 300, 300}) {
    now += 20 * second;
    b.next("k", now, now);
    CHECK(b.delay_us("k") == expected * second);
  }
  CHECK(b.remaining_us("k", now + 601 * second, now + 601 * second) == 0);
  b.next("k", now + 601 * second, now + 601 * second);
  CHECK(b.delay_us("k") == 10 * second);
}

TEST_CASE("durations are written as Go does") {
  CHECK(duration_text(10 * second) == "10s");
  CHECK(duration_text(80 * second) == "1m20s");
  CHECK(duration_text(300 * second) == "5m0s");
}

TEST_CASE("qos classes") {
  auto p = pod();
  CHECK(compute_qos(p) == qos_class::best_effort);
  p.containers[0].resources.requests.cpu_milli = 100;
  CHECK(compute_qos(p) == qos_class::burstable);
  p.containers[0].resources.limits = {100, 1 << 20, {}};
  p.containers[0].resources.requests.memory_bytes = 1 << 20;
  CHECK(compute_qos(p) == qos_class::guaranteed);
}
