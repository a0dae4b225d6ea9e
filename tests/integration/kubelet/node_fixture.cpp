#include "node_fixture.hpp"
#include <unistd.h>
#include <algorithm>
#include <catch2/catch.hpp>
#include <chrono>
#include <fstream>
#include <iostream>
#include <thread>
#include "actors/kubelet/cri/containerd.hpp"
#include "actors/kubelet/resources/cgroups.hpp"
#include "actors/kubelet/status/node_network.hpp"

namespace fixture {
namespace {

namespace fs = std::filesystem;
const std::string bridge = "troupe-kt0";
const std::string node_name = "kubelet-test";

int script(const std::string& verb, const fs::path& data) {
  auto line =
    "tests/integration/kubelet/node.sh " + verb + " " + data.string() + " " + bridge + " " + node_name;
  return std::system(line.c_str());
}

bool possible() {
  const char* why = nullptr;
  if (::geteuid() != 0)
    why = "not root";
  else if (std::system("command -v containerd runc >/dev/null 2>&1") != 0)
    why = "containerd or runc is not installed";
  else if (!fs::exists("/usr/lib/cni/bridge"))
    why = "the CNI plugins are not installed";
  if (why)
    std::cout << "SKIPPED: the kubelet's test with real containers: " << why << "\n";
  return !why;
}

} // namespace

node* node::get() {
  static std::unique_ptr<node> one = possible() ? std::unique_ptr<node>(new node) : nullptr;
  return one.get();
}

node::node() {
  std::string pattern = "/tmp/troupe-kubelet-XXXXXX"; // a socket's path is short
  data = ::mkdtemp(pattern.data());
  environment.node = node_name;
  environment.host_ip = "127.0.0.1";
  environment.root = data / "kubelet" / node_name;
  fs::create_directories(environment.root / "pods");
  auto problem = kubelet::status::prepare_network(
    {node_name, bridge, "10.246.0.0/24", data / "containerd/cni/net.d", environment.root / "cni"});
  REQUIRE(problem == "");
  up_ = true;
  REQUIRE(script("up", data) == 0);
  environment.runtime =
    kubelet::cri::connect_containerd("unix://" + (data / "containerd/containerd.sock").string());
  environment.now_us = [] {
    return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
  };
  environment.machine_memory_bytes = int64_t(4) << 30;
}

node::~node() {
  if (environment.runtime) {
    try { // a failed test leaves pods
      for (const auto& s : environment.runtime->list_sandboxes({})) {
        environment.runtime->stop_sandbox(s.id);
        environment.runtime->remove_sandbox(s.id);
      }
    } catch (const kubelet::cri::error& e) {
      std::cerr << "tear-down: " << e.what() << "\n";
    }
    environment.runtime.reset();
  }
  if (up_ && script("down", data) != 0)
    std::cerr << "tear-down of containerd failed\n";
  kubelet::volumes::remove_tree(data);
}

kubelet::sync::sync_output node::sync_until(
  kubelet::sync::sync_input& input, const std::function<bool(const kubelet::sync::sync_output&)>& done,
  int seconds) {
  auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
  while (true) {
    auto output = kubelet::sync::sync_pod(environment, input);
    for (const auto& e : output.events)
      events.push_back(e.reason + ": " + e.message);
    input.memory = output.memory;
    if (output.status)
      input.previous = output.status;
    if (done(output))
      return output;
    if (std::chrono::steady_clock::now() > end) {
      std::string all;
      for (const auto& e : events)
        all += e + "\n";
      FAIL("the pod did not get there; events:\n" + all);
    }
    std::this_thread::sleep_for(
      std::chrono::milliseconds(100)); // between looks at the runtime, as the relist does
  }
}

bool node::has_event(const std::string& start) const {
  return std::any_of(events.begin(), events.end(), [&](const auto& e) { return e.rfind(start, 0) == 0; });
}

std::string node::left_behind() const {
  std::string left;
  std::ifstream mounts("/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);)
    if (line.find((environment.root / "pods").string()) != std::string::npos ||
        line.find((data / "containerd/state").string()) != std::string::npos)
      left += line + "\n";
  std::error_code ec;
  for (const auto& hierarchy : kubelet::resources::cgroup_hierarchies())
    for (const auto& entry :
         fs::recursive_directory_iterator(hierarchy.string() + "/troupe-" + node_name, ec))
      if (entry.is_directory() && entry.path().filename().string().rfind("pod", 0) == 0)
        left += entry.path().string() + "\n";
  for (const auto& entry : fs::directory_iterator(environment.root / "pods", ec))
    left += entry.path().string() + "\n";
  for (const auto& entry : fs::directory_iterator(environment.root / "cni/troupe", ec))
    if (std::isdigit(static_cast<unsigned char>(entry.path().filename().string()[0])))
      left += entry.path().string() + "\n";
  return left;
}

kubelet::pods::pod_spec pod(const std::string& name, std::vector<std::string> command) {
  kubelet::pods::pod_spec p;
  p.ns = "default";
  p.name = name;
  p.uid = "uid-" + name;
  p.node_name = node_name;
  kubelet::pods::container_spec c;
  c.name = "main";
  c.image = "troupe.local/busybox:1";
  c.command = std::move(command);
  p.containers.push_back(c);
  return p;
}

} // namespace fixture
