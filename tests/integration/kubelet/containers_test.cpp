// The kubelet's passes against a real containerd: run, volumes, environment, logs, probes, restarts,
// adoption, removal.
#include <catch2/catch.hpp>
#include "actors/kubelet/logs/log_reader.hpp"
#include "actors/kubelet/logs/log_rotation.hpp"
#include "actors/kubelet/probes/probe_io.hpp"
#include "node_fixture.hpp"

using namespace actors::kubelet;
using fixture::node;
using sync::sync_input;
using sync::sync_output;

namespace {

sync_input input_of(pods::pod_spec p) {
  sync_input in;
  in.pod = std::make_shared<const pods::pod_spec>(std::move(p));
  in.services = std::make_shared<const std::vector<resources::service_link>>();
  return in;
}

bool runs(const sync_output& o) {
  return o.status && o.status->phase == "Running" && o.status->containers[0].state.running;
}

void remove(node& n, sync_input& in, int64_t grace_s = 2) {
  auto p = *in.pod;
  p.deleted_s = 1;
  p.deletion_grace_s = grace_s;
  in.pod = std::make_shared<const pods::pod_spec>(p);
  in.remove = true;
  n.sync_until(in, [](const sync_output& o) { return o.removed; });
}

std::string exec(node& n, const sync_output& o, const std::string& command) {
  return n.environment.runtime->exec_sync(o.runtime.find("main")->id, {"sh", "-c", command}, 5).out;
}

const std::vector<std::string> forever{"sh", "-c",
                                       "trap 'exit 0' TERM; echo hello; while :; do sleep 0.1; done"};

} // namespace

TEST_CASE("a pod runs with its volumes, environment, resources and logs, and leaves nothing behind") {
  auto* n = node::get();
  if (!n)
    return;
  auto p = fixture::pod("full", forever);
  auto& c = p.containers[0];
  c.resources.requests = {100, 32 << 20, {}};
  c.resources.limits = {200, 64 << 20, {}};
  c.env = {{"A", "1"}, {"B", "$(A)2"}};
  c.env.push_back({"IP", "", pods::env_source::field, "", "", false, "status.podIP"});
  p.host_aliases = {{"10.9.9.9", {"other"}}};
  for (auto [name, kind] : {std::pair{"conf", pods::volume_kind::config_map},
                            {"secret", pods::volume_kind::secret},
                            {"scratch", pods::volume_kind::empty_dir}}) {
    pods::volume_spec v;
    v.name = name;
    v.source.kind = kind;
    v.source.object = name;
    v.memory_medium = kind == pods::volume_kind::empty_dir;
    p.volumes.push_back(v);
    c.mounts.push_back({name, std::string("/mnt/") + name});
  }
  auto in = input_of(p);
  in.objects[{resources::object_kind::config_map, "conf"}] =
    std::make_shared<resources::object_data>(resources::object_data{{"key", "v1"}});
  in.objects[{resources::object_kind::secret, "secret"}] =
    std::make_shared<resources::object_data>(resources::object_data{{"pw", "s3"}});
  auto out = n->sync_until(in, runs);
  REQUIRE(out.status->pod_ips.size() == 1);
  CHECK(out.status->pod_ips[0].rfind("10.246.0.", 0) == 0);
  CHECK(out.status->qos == "Burstable");
  for (const char* e : {"Pulled: Container image \"troupe.local/busybox:1\" already present on machine",
                        "Created: Created container: main", "Started: Started container main"})
    CHECK(n->has_event(e));
  CHECK(exec(*n, out, "cat /mnt/conf/key /mnt/secret/pw; echo -n $A$B$IP; echo x > /mnt/scratch/f") ==
        "v1s3112" + out.status->pod_ips[0]);
  CHECK(exec(*n, out, "grep other /etc/hosts") == "10.9.9.9\tother\n");
  CHECK(exec(*n, out, "grep '/mnt/secret ' /proc/mounts").find("tmpfs") != std::string::npos);

  SECTION("a changed ConfigMap reaches the container") {
    in.objects[{resources::object_kind::config_map, "conf"}] =
      std::make_shared<resources::object_data>(resources::object_data{{"key", "v2"}});
    auto again = n->sync_until(in, runs);
    CHECK(exec(*n, again, "cat /mnt/conf/key") == "v2");
  }
  SECTION("a kubelet without memory adopts it") {
    auto fresh = input_of(p);
    fresh.objects = in.objects;
    fresh.previous = in.previous;
    auto adopted = n->sync_until(fresh, runs, 5);
    CHECK(adopted.runtime.find("main")->id == out.runtime.find("main")->id);
    CHECK(adopted.events.empty());
    CHECK(*adopted.status == *out.status);
  }
  SECTION("logs are read, and go on over a rotation") {
    auto file = n->environment.log_file(p.uid, "main", 0);
    CHECK(logs::read_log(file, {}).data == "hello\n");
    CHECK(logs::rotate_if_large(*n->environment.runtime, out.runtime.find("main")->id, file, 1, {1, 3}));
    CHECK(std::filesystem::exists(file));
  }
  remove(*n, in);
  CHECK(n->left_behind() == "");
  CHECK(n->has_event("Killing: Stopping container main"));
}

TEST_CASE("an ended container is restarted at once, then waits longer each time") {
  auto* n = node::get();
  if (!n)
    return;
  auto in = input_of(fixture::pod("crash", {"sh", "-c", "echo bye > /dev/termination-log; exit 3"}));
  auto out = n->sync_until(in, [](const sync_output& o) {
    return o.status && o.status->containers[0].state.waiting &&
           o.status->containers[0].state.waiting->reason == "CrashLoopBackOff";
  });
  const auto& c = out.status->containers[0];
  CHECK(c.restart_count == 1);
  CHECK(c.state.waiting->message ==
        "back-off 10s restarting failed container=main pod=crash_default(uid-crash)");
  REQUIRE(c.last.terminated);
  CHECK(c.last.terminated->exit_code == 3);
  CHECK(c.last.terminated->reason == "Error");
  CHECK(c.last.terminated->message == "bye\n");
  CHECK(n->has_event("BackOff: Back-off restarting failed container main in pod crash_default(uid-crash)"));
  CHECK(out.again_us);
  remove(*n, in);
  CHECK(n->left_behind() == "");
}

TEST_CASE("a pod that never restarts ends, and keeps its logs until it is deleted") {
  auto* n = node::get();
  if (!n)
    return;
  auto p = fixture::pod("once", {"sh", "-c", "echo done"});
  p.restart = pods::restart_policy::never;
  p.init_containers.push_back(p.containers[0]);
  p.init_containers[0].name = "first";
  p.init_containers[0].command = {"true"};
  auto in = input_of(p);
  auto out =
    n->sync_until(in, [](const sync_output& o) { return o.status && o.status->phase == "Succeeded"; });
  CHECK(out.status->init_containers[0].ready);
  in.complete = true;
  n->sync_until(in, [](const sync_output& o) {
    return o.status && o.status->phase == "Succeeded" && !o.runtime.ready_sandbox();
  });
  CHECK(logs::read_log(n->environment.log_file(p.uid, "main", 0), {}).data == "done\n");
  remove(*n, in);
  CHECK(n->left_behind() == "");
}

TEST_CASE("memory beyond the limit ends in OOMKilled") {
  auto* n = node::get();
  if (!n)
    return;
  auto p = fixture::pod("oom", {"sh", "-c", "exec tail /dev/zero"});
  p.restart = pods::restart_policy::never;
  p.containers[0].resources.limits.memory_bytes = 32 << 20;
  auto in = input_of(p);
  auto out = n->sync_until(in, [](const sync_output& o) { return o.status && o.status->phase == "Failed"; });
  CHECK(out.status->containers[0].state.terminated->reason == "OOMKilled");
  CHECK(out.status->containers[0].state.terminated->exit_code == 137);
  remove(*n, in);
}

TEST_CASE("probes: exec, http and tcp against a container") {
  auto* n = node::get();
  if (!n)
    return;
  auto p =
    fixture::pod("probed", {"sh", "-c", "mkdir /www; echo hi > /www/ok; exec httpd -f -p 8080 -h /www"});
  p.containers[0].ports = {{"web", "TCP", "", 8080, 0}};
  p.containers[0].pre_stop.kind = pods::handler_kind::exec;
  p.containers[0].pre_stop.command = {"true"};
  auto in = input_of(p);
  auto out = n->sync_until(in, runs);
  probes::target t{out.runtime.find("main")->id, out.status->pod_ips[0], &p.containers[0]};
  auto& runtime = *n->environment.runtime;
  pods::handler h;
  h.kind = pods::handler_kind::http;
  h.port_name = "web";
  h.path = "/ok";
  // httpd needs a moment to listen.
  probes::attempt a;
  n->sync_until(
    in,
    [&](const sync_output&) {
      return (a = probes::run(h, t, 1, runtime)).result == probes::outcome::success;
    },
    10);
  h.path = "/missing";
  CHECK(probes::run(h, t, 1, runtime).message == "HTTP probe failed with statuscode: 404");
  h.kind = pods::handler_kind::tcp;
  CHECK(probes::run(h, t, 1, runtime).result == probes::outcome::success);
  h.port_name.clear();
  h.port = 9;
  CHECK(probes::run(h, t, 1, runtime).message == "dial tcp " + t.pod_ip + ":9: connect: connection refused");
  h.kind = pods::handler_kind::exec;
  h.command = {"sh", "-c", "echo no; exit 1"};
  a = probes::run(h, t, 1, runtime);
  CHECK(a.result == probes::outcome::failure);
  CHECK(a.message == "no\n");
  h.command = {"sleep", "10"};
  CHECK(probes::run(h, t, 1, runtime).message == "command timed out after 1s");
  h.command = {"sh", "-c", "sleep 100 & exit 0"}; // a child that holds the output open
  CHECK(probes::run(h, t, 1, runtime).result == probes::outcome::failure);
  remove(*n, in);
  CHECK(n->left_behind() == "");
}

TEST_CASE("an image that cannot be had") {
  auto* n = node::get();
  if (!n)
    return;
  auto p = fixture::pod("noimage", {"true"});
  p.containers[0].image = "127.0.0.1:1/none:1";
  auto in = input_of(p);
  auto reason = [](const sync_output& o) {
    return o.status && o.status->containers[0].state.waiting ? o.status->containers[0].state.waiting->reason
                                                             : "";
  };
  n->sync_until(in, [&](const sync_output& o) { return reason(o) == "ErrImagePull"; });
  auto out = n->sync_until(in, [&](const sync_output& o) { return reason(o) == "ImagePullBackOff"; });
  CHECK(out.status->phase == "Pending");
  CHECK(n->has_event("Failed: Failed to pull image \"127.0.0.1:1/none:1\": "));
  CHECK(n->has_event("Failed: Error: ImagePullBackOff"));
  p.containers[0].pull = pods::pull_policy::never;
  in.pod = std::make_shared<const pods::pod_spec>(p);
  out = n->sync_until(in, [&](const sync_output& o) { return reason(o) == "ErrImageNeverPull"; });
  remove(*n, in);
  CHECK(n->left_behind() == "");
}

TEST_CASE("a container that ignores SIGTERM is killed after its grace period") {
  auto* n = node::get();
  if (!n)
    return;
  auto in = input_of(fixture::pod("stubborn", {"sh", "-c", "trap '' TERM; while :; do sleep 0.1; done"}));
  n->sync_until(in, runs);
  auto begin = std::chrono::steady_clock::now();
  remove(*n, in, 3);
  auto took = std::chrono::steady_clock::now() - begin;
  CHECK(took >= std::chrono::seconds(2));
  CHECK(took < std::chrono::seconds(8));
  CHECK(in.previous->containers[0].state.terminated->exit_code == 137);
  CHECK(n->left_behind() == "");
}
