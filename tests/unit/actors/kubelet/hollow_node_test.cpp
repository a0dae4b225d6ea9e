// The kubelet's actor with the real apiserver and store around it, all under the test coordinator: a hollow
// node registers, runs pods, reports them and removes them.
#include "actors/apiserver/apiserver_actor.hpp"
#include "actors/client/api_client.hpp"
#include "actors/kubelet/cri/hollow.hpp"
#include "actors/kubelet/kubelet_actor.hpp"
#include "actors/kubelet/workers/executor.hpp"
#include "actors/store/store.hpp"
#include "messages/codec/codec.hpp"
#include "runtime/seams/actor_clock.hpp"
#include "storage/memory/memory_engine.hpp"
#include "tests/unit/runtime/test_system.hpp"

#include <catch2/catch.hpp>
#include <iostream>

using namespace std::chrono_literals;
namespace api = runtime::protocols::apiserver;
namespace client = actors::client;
using messages::codec::draft;

namespace {

struct cluster : test_system {
  runtime::directory::handle directory = runtime::directory::spawn(sys, "host-a", {});
  runtime::seams::clock_ptr clock = std::make_shared<runtime::seams::actor_clock>(sys, 1'800'000'000'000'000);
  runtime::seams::random_ptr random = std::make_shared<runtime::seams::seeded_random>(7);
  std::vector<caf::actor_addr> actors;
  caf::actor apiserver;
  caf::strong_actor_ptr kubelet;
  std::shared_ptr<actors::kubelet::cri::container_runtime> runtime;

  runtime::host::role_context context(const std::string& id) {
    runtime::host::role_context c;
    c.id = id;
    c.host = "host-a";
    c.data = "/nonexistent";
    c.directory = directory;
    c.clock = clock;
    c.random = random;
    c.log = {runtime::telemetry::stderr_output(), clock, id, runtime::telemetry::log_level::warning};
    return c;
  }

  cluster() {
    for (const char* shard : {"pods", "events", "leases", "main"}) {
      actors::store::shard_options options;
      options.shard = shard;
      options.open = [] { return storage::memory::open(); };
      options.own_threads = false;
      options.clock = clock;
      options.on_ready = [this, shard](const caf::strong_actor_ptr& self) {
        caf::anon_send(directory, runtime::directory::register_role{std::string("store/") + shard, self, ""});
      };
      actors.push_back(actors::store::spawn_shard(sys, options).address());
    }
    apiserver = caf::actor_cast<caf::actor>(sys.spawn<actors::apiserver::apiserver>(
      context("apiserver/host-a"), actors::apiserver::front_factory{}));
    actors.push_back(apiserver.address());
    settle(2s);
    actors::kubelet::cri::hollow_options hollow;
    hollow.node = "hollow-0";
    hollow.ip_base = (10u << 24) + (128u << 16);
    hollow.now_us = [c = clock] { return c->wall_us(); };
    runtime = actors::kubelet::cri::make_hollow(hollow);
    start_kubelet();
    settle(3s);
  }

  void start_kubelet() {
    auto own = context("kubelet/hollow-0");
    own.settings.set("node", std::string("hollow-0"));
    own.settings.set("address", std::string("10.128.0.1"));
    own.settings.set("podCIDR", std::string("10.128.0.0/24"));
    kubelet = actors::kubelet::spawn(sys, own, {runtime, actors::kubelet::workers::make_inline(), true});
  }

  ~cluster() {
    kill(caf::actor_cast<caf::actor_addr>(kubelet));
    kubelet = nullptr;
    for (const auto& a : actors)
      kill(a);
    apiserver = nullptr;
    kill(directory.address());
  }

  void settle(std::chrono::milliseconds time) {
    run();
    for (auto passed = 0ms; passed < time; passed += 50ms)
      advance(50ms);
  }

  api::WriteRequestT request(const client::resource& what, const std::string& name, api::Verb verb) {
    api::WriteRequestT r;
    r.identity = std::make_unique<api::IdentityT>();
    r.identity->user = "admin";
    r.identity->groups = {"system:masters"};
    r.target = std::make_unique<api::TargetT>();
    r.target->group = what.group;
    r.target->version = what.version;
    r.target->resource = what.plural;
    r.target->namespace_name = "default";
    r.target->name = name;
    r.verb = verb;
    r.options = std::make_unique<api::WriteOptionsT>();
    return r;
  }

  template <class Reply, class Request>
  Reply ask(const Request& request) {
    Reply reply;
    auto future = self->request(apiserver, std::chrono::seconds{86'400}, request); // of virtual time
    run();
    future.receive([&](const Reply& r) { reply = r; }, [&](caf::error& e) { FAIL(sys.render(e)); });
    return reply;
  }

  int create(const client::resource& what, const std::string& json) {
    auto parsed = messages::codec::parse_json(json);
    REQUIRE_FALSE(parsed.error);
    auto packed = messages::codec::pack(what.type(), parsed.value);
    REQUIRE_FALSE(packed.error);
    auto r = request(what, "", api::Verb::create);
    r.object = 0;
    auto reply = ask<api::write_reply>(api::write_request{r, {{&what.type(), packed.object}}});
    if (reply->code() >= 400)
      UNSCOPED_INFO(text(reply.at(reply->object())));
    return reply->code();
  }

  static std::string text(const runtime::transport::attachment& a) {
    std::string out;
    if (a.object)
      messages::codec::encode_json(*a.type, a.object, 0, out);
    return out;
  }

  draft get(const client::resource& what, const std::string& ns, const std::string& name) {
    api::GetRequestT r;
    auto base = request(what, name, api::Verb::get);
    r.identity = std::move(base.identity);
    r.target = std::move(base.target);
    r.target->namespace_name = ns;
    auto reply = ask<api::get_reply>(api::get_request{r});
    if (reply->code() != 200)
      return {};
    return messages::codec::unpack(what.type(), reply.at(reply->object()).object);
  }
};

constexpr const char* pod_json =
  R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"default"},
  "spec":{"nodeName":"hollow-0","containers":[{"name":"main","image":"nginx"}]}})";

/// As text: of two times of this form the later one is the greater.
std::string since(const draft& object, const std::string& type) {
  for (const auto& c : object.at({"status", "conditions"}).items())
    if (c.get("type").str() == type)
      return std::string{c.get("lastTransitionTime").str()};
  return {};
}

std::string condition(const draft& object, const std::string& type) {
  for (const auto& c : object.at({"status", "conditions"}).items())
    if (c.get("type").str() == type)
      return std::string(c.get("status").str());
  return "absent";
}

} // namespace

TEST_CASE("a hollow node registers, renews its lease and stays ready") {
  cluster c;
  auto node = c.get(client::nodes, "", "hollow-0");
  REQUIRE(node.is_object());
  CHECK(condition(node, "Ready") == "True");
  CHECK(node.at({"metadata", "labels", "kubernetes.io/hostname"}).str() == "hollow-0");
  CHECK(node.at({"spec", "podCIDR"}).str() == "10.128.0.0/24");
  CHECK(node.at({"status", "capacity", "pods"}).str() == "110");
  auto before = c.get(client::leases, "kube-node-lease", "hollow-0");
  REQUIRE(before.is_object());
  c.settle(15s);
  auto after = c.get(client::leases, "kube-node-lease", "hollow-0");
  CHECK(before.at({"spec", "renewTime"}).str() != after.at({"spec", "renewTime"}).str());
}

TEST_CASE("a hollow node's pods have addresses of the range that the node has got") {
  cluster c;
  auto own = c.context("kubelet/hollow-7");
  own.settings.set("node", std::string("hollow-7"));
  own.settings.set("hollowIndex", int64_t{7});
  auto kubelet = actors::kubelet::describe().spawn(c.sys, own);
  c.settle(2s);
  // Until then it waits, as a real one does for its network: nodes of several hosts would give the same addresses.
  CHECK(c.get(client::nodes, "", "hollow-7").at({"spec", "podCIDR"}).str() == "");
  CHECK(condition(c.get(client::nodes, "", "hollow-7"), "Ready") == "False");
  REQUIRE(c.create(client::pods, R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"early","namespace":"default"},
    "spec":{"nodeName":"hollow-7","containers":[{"name":"main","image":"nginx"}]}})") == 201);
  c.settle(3s);
  CHECK(c.get(client::pods, "default", "early").at({"status", "phase"}).str() == "Pending");
  CHECK(c.get(client::pods, "default", "early").at({"status", "podIP"}).str() == "");
  auto patch = c.request(client::nodes, "hollow-7", api::Verb::patch);
  patch.target->namespace_name = "";
  patch.patch = R"({"spec":{"podCIDR":"10.244.9.0/24","podCIDRs":["10.244.9.0/24"]}})"; // as controllers/nodeipam
  patch.patch_kind = api::PatchKind::merge;
  CHECK(c.ask<api::write_reply>(api::write_request{patch})->code() == 200);
  c.settle(2s);
  CHECK(condition(c.get(client::nodes, "", "hollow-7"), "Ready") == "True");
  CHECK(c.get(client::pods, "default", "early").at({"status", "podIP"}).str() == "10.244.9.2");
  REQUIRE(c.create(client::pods, R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"there","namespace":"default"},
    "spec":{"nodeName":"hollow-7","containers":[{"name":"main","image":"nginx"}]}})") == 201);
  c.settle(3s);
  CHECK(c.get(client::pods, "default", "there").at({"status", "podIP"}).str() == "10.244.9.3");
  c.kill(caf::actor_cast<caf::actor_addr>(kubelet));
}

TEST_CASE("hollow nodes of a placement with a podCIDR have a part of it each") {
  cluster c;
  auto own = c.context("kubelet/hollow-3");
  own.settings.set("node", std::string("hollow-3"));
  own.settings.set("hollowIndex", int64_t{3});
  own.settings.set("podCIDR", std::string("10.246.0.0/22"));
  auto kubelet = actors::kubelet::describe().spawn(c.sys, own);
  c.settle(2s);
  CHECK(c.get(client::nodes, "", "hollow-3").at({"spec", "podCIDR"}).str() == "10.246.3.0/24");
  c.kill(caf::actor_cast<caf::actor_addr>(kubelet));
  own.settings.set("hollowIndex", int64_t{4});
  CHECK_THROWS_WITH(actors::kubelet::describe().spawn(c.sys, own),
                    "podCIDR 10.246.0.0/22 has no room for hollow node 4: each takes a /24; without podCIDR, the role "
                    "controllers/nodeipam chooses");
}

TEST_CASE("a pod bound to the node runs, is adopted by a restarted kubelet and is removed") {
  cluster c;
  REQUIRE(c.create(client::pods, pod_json) == 201);
  c.settle(5s);
  auto pod = c.get(client::pods, "default", "web");
  CHECK(pod.at({"status", "phase"}).str() == "Running");
  CHECK(condition(pod, "Ready") == "True");
  CHECK(pod.at({"status", "podIP"}).str() == "10.128.0.2");
  CHECK(pod.at({"status", "hostIP"}).str() == "10.128.0.1");
  auto container = pod.at({"status", "containerStatuses"}).items().at(0);
  CHECK(container.at({"state", "running"}).is_object());

  c.kill(caf::actor_cast<caf::actor_addr>(c.kubelet));
  c.start_kubelet();
  c.settle(5s);
  auto again = c.get(client::pods, "default", "web");
  CHECK(again.get("status") == pod.get("status"));
  CHECK(c.runtime->list_containers({}).size() == 1);

  auto r = c.request(client::pods, "web", api::Verb::delete_one);
  r.options->grace_period_seconds = 5;
  c.ask<api::write_reply>(api::write_request{r});
  c.settle(5s);
  CHECK(c.get(client::pods, "default", "web").is_null());
  CHECK(c.runtime->list_sandboxes({}).empty());
}

TEST_CASE("a killed hollow container is restarted and counted") {
  cluster c;
  REQUIRE(c.create(client::pods, pod_json) == 201);
  c.settle(5s);
  c.runtime->stop_container(c.runtime->list_containers({}).at(0).id, 0); // not by the kubelet, which expects no changes now
  c.settle(actors::kubelet::kubelet::relist_quiet_period + 5s);
  auto container = c.get(client::pods, "default", "web").at({"status", "containerStatuses"}).items().at(0);
  CHECK(container.get("restartCount").integer() == 1);
  CHECK(container.get("ready").boolean());
  CHECK(container.at({"lastState", "terminated", "exitCode"}).integer() == 143);
}

TEST_CASE("what the API does not have is removed from the node") {
  cluster c;
  actors::kubelet::cri::sandbox_config orphan;
  orphan.uid = "gone";
  orphan.labels = {{"troupe.dev/node", "hollow-0"},
                   {"io.kubernetes.pod.uid", "gone"},
                   {"io.kubernetes.pod.name", "old"},
                   {"io.kubernetes.pod.namespace", "default"}};
  c.runtime->run_sandbox(orphan);
  orphan.uid = "other";
  orphan.labels["troupe.dev/node"] = "another-node";
  c.runtime->run_sandbox(orphan);
  c.settle(actors::kubelet::kubelet::relist_quiet_period + 3s);
  auto left = c.runtime->list_sandboxes({});
  REQUIRE(left.size() == 1);
  CHECK(left[0].uid == "other");
}

TEST_CASE("a pod that may be active for ten seconds fails after ten seconds") {
  cluster c;
  REQUIRE(c.create(client::pods, R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"default"},
    "spec":{"nodeName":"hollow-0","activeDeadlineSeconds":10,"containers":[{"name":"main","image":"nginx"}]}})") ==
          201);
  c.settle(8s);
  CHECK(c.get(client::pods, "default", "web").at({"status", "phase"}).str() == "Running");
  c.settle(5s);
  auto pod = c.get(client::pods, "default", "web");
  CHECK(pod.at({"status", "phase"}).str() == "Failed");
  CHECK(pod.at({"status", "reason"}).str() == "DeadlineExceeded");
  CHECK(pod.at({"status", "containerStatuses"}).items().at(0).at({"state", "terminated"}).is_object());
}

TEST_CASE("a hollow pod with a running time succeeds and is not started again") {
  cluster c;
  REQUIRE(c.create(client::pods, R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"job","namespace":"default",
    "annotations":{"troupe.dev/hollow-run-seconds":"4"}},
    "spec":{"nodeName":"hollow-0","restartPolicy":"Never","containers":[{"name":"main","image":"nginx"}]}})") == 201);
  c.settle(3s);
  CHECK(c.get(client::pods, "default", "job").at({"status", "phase"}).str() == "Running");
  c.settle(20s);
  auto pod = c.get(client::pods, "default", "job");
  CHECK(pod.at({"status", "phase"}).str() == "Succeeded");
  CHECK(pod.at({"status", "containerStatuses"}).items().at(0).get("restartCount").integer() == 0);
}

TEST_CASE("a node that was called lost says again that it is ready") {
  cluster c;
  const auto first = since(c.get(client::nodes, "", "hollow-0"), "Ready");
  REQUIRE(!first.empty());
  auto patch = c.request(client::nodes, "hollow-0", api::Verb::patch);
  patch.target->namespace_name = "";
  patch.target->subresource = "status";
  patch.patch = R"({"status":{"conditions":[{"type":"Ready","status":"Unknown","reason":"NodeStatusUnknown"}]}})"; // as nodelifecycle
  patch.patch_kind = api::PatchKind::strategic_merge;
  CHECK(c.ask<api::write_reply>(api::write_request{patch})->code() == 200);
  CHECK(condition(c.get(client::nodes, "", "hollow-0"), "Ready") == "Unknown");
  c.settle(11s); // with its next period, not after the five minutes of a status that did not change
  const auto again = c.get(client::nodes, "", "hollow-0");
  CHECK(condition(again, "Ready") == "True");
  CHECK(since(again, "Ready") > first); // what was lost is ready since now
  CHECK(since(again, "MemoryPressure") == first); // what nobody touched is as it was
}

TEST_CASE("a kubelet makes no Lease for a Node that is gone, and owns what it makes by the Node that is there") {
  cluster c;
  const auto uid = std::string{c.get(client::nodes, "", "hollow-0").at({"metadata", "uid"}).str()};
  const auto lease = c.get(client::leases, "kube-node-lease", "hollow-0");
  REQUIRE(lease.at({"metadata", "ownerReferences"}).items().size() == 1);
  CHECK(lease.at({"metadata", "ownerReferences"}).items()[0].get("uid").str() == uid);
  auto remove = c.request(client::nodes, "hollow-0", api::Verb::delete_one);
  remove.target->namespace_name = "";
  CHECK(c.ask<api::write_reply>(api::write_request{remove})->code() == 200);
  remove = c.request(client::leases, "hollow-0", api::Verb::delete_one); // as the garbage collector
  remove.target->namespace_name = "kube-node-lease";
  CHECK(c.ask<api::write_reply>(api::write_request{remove})->code() == 200);
  c.settle(25s);
  CHECK(c.get(client::leases, "kube-node-lease", "hollow-0").is_null());
}

TEST_CASE("two that do not agree about a pod's status do not write as fast as they can") {
  cluster c;
  REQUIRE(c.create(client::pods, pod_json) == 201);
  c.settle(5s);
  auto patch = c.request(client::pods, "web", api::Verb::patch);
  patch.target->subresource = "status";
  patch.patch = R"({"status":{"conditions":[{"type":"Ready","status":"False"}]}})"; // as nodelifecycle, of a node that it calls lost
  patch.patch_kind = api::PatchKind::strategic_merge;
  int repaired = 0;
  for (int i = 0; i < 100; ++i) {
    CHECK(c.ask<api::write_reply>(api::write_request{patch})->code() == 200);
    c.settle(100ms);
    repaired += condition(c.get(client::pods, "default", "web"), "Ready") == "True";
  }
  CHECK(repaired >= 1);
  CHECK(repaired <= 2);
  c.settle(11s);
  CHECK(condition(c.get(client::pods, "default", "web"), "Ready") == "True");
}
