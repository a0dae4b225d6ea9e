// The status that the kubelet writes: phases, conditions, container states.
#include <catch2/catch.hpp>
#include "sample_pods.hpp"

using namespace sample;
using namespace actors::kubelet::pods;
using actors::kubelet::probes::outcome;
using state = cri::container_state;

namespace {

pod_status compute(const pod_spec& p, const runtime_status& r, const problem_table& problems = {},
                   const pod_status* previous = nullptr, const verdict_table& verdicts = {}) {
  return compute_status({p, r, verdicts, problems, previous, "192.168.1.1", 200 * second});
}

const condition& find(const pod_status& s, const std::string& type) {
  for (const auto& c : s.conditions)
    if (c.type == type)
      return c;
  throw std::runtime_error("no condition " + type);
}

} // namespace

TEST_CASE("status of a pod that has not begun") {
  auto s = compute(pod(), {});
  CHECK(s.phase == "Pending");
  CHECK(s.containers[0].state.waiting->reason == "ContainerCreating");
  CHECK(find(s, "Ready").status == "False");
  CHECK(find(s, "Ready").reason == "ContainersNotReady");
  CHECK(find(s, "Ready").message == "containers with unready status: [main]");
  CHECK(find(s, "Initialized").status == "True");
  CHECK(find(s, "PodReadyToStartContainers").status == "False");
  CHECK(s.start_s == 200);
  CHECK(s.qos == "BestEffort");
  CHECK(s.observed_generation == 3);
}

TEST_CASE("status of a running pod") {
  auto s = compute(pod(), {{sandbox()}, {instance("main", state::running)}});
  CHECK(s.phase == "Running");
  CHECK(s.pod_ips == std::vector<std::string>{"10.244.0.5"});
  CHECK(s.containers[0].ready);
  CHECK(s.containers[0].started == true);
  CHECK(s.containers[0].container_id == "containerd://main-0");
  CHECK(find(s, "Ready").status == "True");
  CHECK(find(s, "PodReadyToStartContainers").status == "True");
}

TEST_CASE("readiness waits for the probes") {
  auto p = pod();
  p.containers[0].readiness = probe_spec{};
  runtime_status r{{sandbox()}, {instance("main", state::running)}};
  CHECK_FALSE(compute(p, r).containers[0].ready);
  CHECK(compute(p, r, {}, nullptr, {{"main-0", {outcome::success, outcome::success, outcome::unknown}}})
          .containers[0]
          .ready);
  p.containers[0].startup = probe_spec{};
  auto s = compute(p, r, {}, nullptr, {{"main-0", {outcome::success, outcome::success, outcome::unknown}}});
  CHECK_FALSE(s.containers[0].ready);
  CHECK(s.containers[0].started == false);
}

TEST_CASE("a crash loop shows the reason and the last end") {
  auto s = compute(
    pod(), {{sandbox()}, {instance("main", state::exited, 1, 2), instance("main", state::exited, 1, 1)}},
    {{"main", {"CrashLoopBackOff", "back-off 20s restarting failed container=main pod=web_default(uid-1)"}}});
  CHECK(s.phase == "Running");
  CHECK(s.containers[0].state.waiting->reason == "CrashLoopBackOff");
  CHECK(s.containers[0].last.terminated->exit_code == 1);
  CHECK(s.containers[0].last.terminated->reason == "Error");
  CHECK(s.containers[0].restart_count == 2);
  CHECK(find(s, "Ready").status == "False");
}

TEST_CASE("the phase follows the ends of the containers") {
  auto p = pod({"a", "b"});
  p.restart = restart_policy::never;
  auto ended = [&](int a, int b) {
    return compute(p, {{sandbox()}, {instance("a", state::exited, a), instance("b", state::exited, b)}})
      .phase;
  };
  CHECK(ended(0, 0) == "Succeeded");
  CHECK(ended(0, 1) == "Failed");
  p.restart = restart_policy::on_failure;
  CHECK(ended(0, 1) == "Running");
  p.restart = restart_policy::always;
  CHECK(ended(0, 0) == "Running");
}

TEST_CASE("conditions of a completed pod") {
  auto p = pod();
  p.restart = restart_policy::never;
  auto s = compute(p, {{sandbox("sb", false)}, {instance("main", state::exited, 0)}});
  CHECK(s.phase == "Succeeded");
  CHECK(find(s, "Ready").reason == "PodCompleted");
  CHECK(find(s, "Initialized").reason == "PodCompleted");
  CHECK(s.containers[0].state.terminated->reason == "Completed");
}

TEST_CASE("a terminal phase stays, whatever the runtime has") {
  auto p = pod();
  pod_status before;
  before.phase = "Failed";
  before.reason = "DeadlineExceeded";
  auto s = compute(p, {}, {}, &before);
  CHECK(s.phase == "Failed");
  CHECK(s.reason == "DeadlineExceeded");
}

TEST_CASE("init containers keep the pod pending and unready") {
  auto p = pod({"main"}, {"one"});
  auto s = compute(p, {{sandbox()}, {instance("one", state::running)}});
  CHECK(s.phase == "Pending");
  CHECK(s.containers[0].state.waiting->reason == "PodInitializing");
  CHECK(find(s, "Initialized").message == "containers with incomplete status: [one]");
  s = compute(p, {{sandbox()}, {instance("main", state::running), instance("one", state::exited, 0)}});
  CHECK(s.phase == "Running");
  CHECK(find(s, "Initialized").status == "True");
}

TEST_CASE("transition times move only when a condition changes") {
  runtime_status r{{sandbox()}, {instance("main", state::running)}};
  auto first = compute(pod(), r);
  auto p = pod();
  auto second_status = compute_status({p, r, {}, {}, &first, "192.168.1.1", 300 * second});
  CHECK(second_status == first);
}
