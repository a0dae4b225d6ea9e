// The actor between its watches and what it writes: bindings, conditions, events.
#include "actors/scheduler/scheduler.hpp"
#include "tests/unit/actors/client/fixture.hpp"
#include "tests/unit/actors/scheduler/samples.hpp"

using namespace samples;
using client_samples::answer_now;
namespace client = actors::client;
namespace protocol = runtime::protocols::apiserver;
using namespace std::chrono_literals;

namespace {

/// A scheduler whose apiserver is the test.
struct world : test_system {
  runtime::directory::handle directory = runtime::directory::spawn(sys, "host-a", {});
  std::shared_ptr<runtime::seams::manual_clock> clock = std::make_shared<runtime::seams::manual_clock>();
  client_samples::script_ptr script = std::make_shared<client_samples::apiserver_script>();
  caf::actor server = sys.spawn(client_samples::scripted_apiserver, script);
  caf::actor_addr subject;
  int64_t revision = 100;
  size_t seen = 0; // writes that a test has looked at

  world() {
    runtime::host::role_context context;
    context.id = "scheduler";
    context.host = "host-a";
    context.directory = directory;
    context.clock = clock;
    context.random = std::make_shared<runtime::seams::seeded_random>(1);
    clock->advance_us(1'000'000'000);
    subject = caf::actor_cast<caf::actor_addr>(scheduler::describe().spawn(sys, context));
    caf::anon_send(directory, runtime::directory::register_role{"apiserver/host-a", caf::actor_cast<caf::strong_actor_ptr>(server), ""});
    run();
    REQUIRE(script->watches.size() == 2);
  }
  ~world() {
    kill(subject);
    script->unanswered.clear();
    script->watcher = nullptr;
    kill(server.address());
    kill(directory.address());
  }

  void tell(const client::resource& what, protocol::EventType type, const draft* object, bool synced = false) {
    protocol::WatchBatchT batch;
    batch.revision = ++revision;
    batch.synced = synced;
    for (const auto& request : script->watches)
      if (request->target()->resource()->string_view() == what.plural)
        batch.watch_id = request->watch_id();
    std::vector<runtime::transport::attachment> attachments;
    if (object != nullptr) {
      auto event = std::make_unique<protocol::WatchEventT>();
      event->type = type;
      event->revision = revision;
      event->object = 0;
      attachments.push_back({&what.type(), client_samples::packed(what.type(), *object)});
      batch.events.push_back(std::move(event));
    }
    caf::anon_send(script->watcher, protocol::watch_batch{batch, std::move(attachments)});
    run();
  }
  void put(const client::resource& what, const draft& object) { tell(what, protocol::EventType::modified, &object); }
  void erase(const client::resource& what, const draft& object) { tell(what, protocol::EventType::deleted, &object); }
  void synced() {
    tell(client::nodes, protocol::EventType::added, nullptr, true);
    tell(client::pods, protocol::EventType::added, nullptr, true);
  }
  void pass(std::chrono::milliseconds time) {
    clock->advance_us(time.count() * 1000);
    advance(time);
  }
  void answer_all() {
    caf::anon_send(server, answer_now{});
    run();
  }

  /// The writes since the last call, each as "verb resource/subresource name", with bindings' nodes.
  std::vector<std::string> writes() {
    std::vector<std::string> result;
    for (; seen < script->writes.size(); ++seen) {
      const auto& write = script->writes[seen];
      const auto* target = write->target();
      std::string line = fmt::format("{} {}", protocol::EnumNameVerb(write->verb()), target->resource()->str());
      if (target->subresource() != nullptr && target->subresource()->size() > 0)
        line += "/" + target->subresource()->str();
      if (line != "create events")
        line += " " + target->name()->str();
      result.push_back(line);
    }
    return result;
  }
  draft object_of(size_t index) {
    const auto& write = script->writes.at(index);
    const auto& attached = write.at(write->object());
    return messages::codec::unpack(*attached.type, attached.object);
  }
  draft patch_of(size_t index) { return json(script->writes.at(index)->patch()->str()); }
};

/// As the API stores it.
draft pending(std::string_view name, std::string_view requests = "{}") {
  draft object = pod_object(name, fmt::format(R"({{"schedulerName":"default-scheduler",
    "containers":[{{"name":"main","image":"web","resources":{{"requests":{}}}}}]}})", requests));
  return object;
}

using lines = std::vector<std::string>;

} // namespace

TEST_CASE("nothing is decided before the picture is complete", "[scheduler]") {
  world test;
  test.put(client::nodes, node_object("n1"));
  test.put(client::pods, pending("a"));
  CHECK(test.writes().empty());
  test.synced();
  CHECK(test.writes() == lines{"create pods/binding a", "create events"});
  const auto binding = test.object_of(0);
  CHECK(binding.at({"target", "name"}).str() == "n1");
  CHECK(binding.at({"metadata", "uid"}).str() == "uid-a");
  const auto event = test.object_of(1);
  CHECK(event.get("reason").str() == "Scheduled");
  CHECK(event.get("message").str() == "Successfully assigned default/a to n1");
}

TEST_CASE("pods of other schedulers, with gates, bound, finished or going are left alone", "[scheduler]") {
  world test;
  test.put(client::nodes, node_object("n1"));
  draft other = pending("other");
  other["spec"].set("schedulerName", "mine");
  draft gated = pending("gated");
  gated["spec"].set("schedulingGates", json(R"([{"name":"example.com/wait"}])"));
  draft bound = pending("bound");
  bound["spec"].set("nodeName", "n1");
  draft finished = pending("finished");
  finished.set("status", json(R"({"phase":"Failed"})"));
  draft going = pending("going");
  going["metadata"].set("deletionTimestamp", "2026-01-01T00:00:00Z");
  for (const auto& pod : {other, gated, bound, finished, going})
    test.put(client::pods, pod);
  test.synced();
  CHECK(test.writes().empty());
  gated["spec"].erase("schedulingGates");
  gated["metadata"].set("generation", 2);
  test.put(client::pods, gated);
  CHECK(test.writes() == lines{"create pods/binding gated", "create events"});
}

TEST_CASE("a pod that fits nowhere says so in an event and in its condition, and goes when there is room", "[scheduler]") {
  world test;
  test.put(client::nodes, node_object("n1"));
  test.synced();
  const draft large = pending("large", R"({"cpu":"5"})");
  test.put(client::pods, large);
  CHECK(test.writes() == lines{"create events", "patch pods/status large"});
  const std::string message = "0/1 nodes are available: 1 Insufficient cpu. no new claims to deallocate, preemption: 0/1 nodes are "
                              "available: 1 Preemption is not helpful for scheduling.";
  const auto event = test.object_of(0);
  CHECK(event.get("type").str() == "Warning");
  CHECK(event.get("reason").str() == "FailedScheduling");
  CHECK(event.get("message").str() == message);
  const auto condition = test.patch_of(1).at({"status", "conditions"}).items().at(0);
  CHECK(condition.get("type").str() == "PodScheduled");
  CHECK(condition.get("status").str() == "False");
  CHECK(condition.get("reason").str() == "Unschedulable");
  CHECK(condition.get("message").str() == message);
  CHECK(test.patch_of(1).at({"metadata", "uid"}).str() == "uid-large");
  test.pass(60s);
  CHECK(test.writes().empty());
  test.put(client::nodes, node_object("n2", "", R"({"cpu":"8","memory":"8Gi","pods":"10"})"));
  CHECK(test.writes() == lines{"create pods/binding large", "create events"});
  CHECK(test.object_of(2).at({"target", "name"}).str() == "n2");
}

TEST_CASE("a condition that says the same is not written again; one that changes keeps the time since when it holds", "[scheduler]") {
  world test;
  test.put(client::nodes, node_object("n1"));
  test.synced();
  draft large = pending("large", R"({"cpu":"5"})");
  test.put(client::pods, large);
  REQUIRE(test.writes().size() == 2);
  draft condition = test.patch_of(1).at({"status", "conditions"}).items().at(0);
  condition.set("lastTransitionTime", "2026-01-01T00:00:00Z");
  large.set("status", draft::make_object({{"phase", "Pending"}, {"conditions", draft::make_array({condition})}}));
  test.put(client::pods, large);
  test.pass(30s);
  CHECK(test.writes().empty());
  test.put(client::nodes, node_object("n1", R"("spec":{"unschedulable":true})"));
  const auto lines_now = test.writes();
  REQUIRE(lines_now == lines{"create events", "patch pods/status large"});
  const auto second = test.patch_of(3).at({"status", "conditions"}).items().at(0);
  CHECK_THAT(std::string{second.get("message").str()}, Catch::StartsWith("0/1 nodes are available: 1 node(s) were unschedulable."));
  CHECK(second.get("lastTransitionTime").str() == "2026-01-01T00:00:00Z");
}

TEST_CASE("a heartbeat of a node wakes nobody", "[scheduler]") {
  world test;
  test.put(client::nodes, node_object("n1"));
  test.synced();
  test.put(client::pods, pending("large", R"({"cpu":"5"})"));
  REQUIRE(test.writes().size() == 2);
  test.pass(30s);
  draft beat = node_object("n1");
  beat["status"].set("conditions", json(R"([{"type":"Ready","status":"True"}])"));
  test.put(client::nodes, beat);
  CHECK(test.writes().empty());
}

TEST_CASE("the deletion of a pod makes room", "[scheduler]") {
  world test;
  test.put(client::nodes, node_object("n1"));
  draft there = pending("there", R"({"cpu":"3"})");
  there["spec"].set("nodeName", "n1");
  test.put(client::pods, there);
  test.synced();
  test.put(client::pods, pending("a", R"({"cpu":"2"})"));
  REQUIRE(test.writes() == lines{"create events", "patch pods/status a"});
  test.pass(30s);
  test.erase(client::pods, there);
  CHECK(test.writes() == lines{"create pods/binding a", "create events"});
}

TEST_CASE("a pod that is being bound counts on its node", "[scheduler]") {
  world test;
  test.put(client::nodes, node_object("n1"));
  test.synced();
  test.script->silent = true;
  test.put(client::pods, pending("a", R"({"cpu":"3"})"));
  test.put(client::pods, pending("b", R"({"cpu":"3"})"));
  const auto now = test.writes();
  REQUIRE(now.size() == 3);
  CHECK(now[0] == "create pods/binding a");
  CHECK_THAT(now[2], Catch::Equals("patch pods/status b"));
}

TEST_CASE("a binding that fails is tried again after a pause, and gives its room back", "[scheduler]") {
  world test;
  test.put(client::nodes, node_object("n1"));
  test.synced();
  test.script->write_code = 500;
  test.script->reason = "InternalError";
  test.put(client::pods, pending("a", R"({"cpu":"3"})"));
  CHECK(test.writes() == lines{"create pods/binding a", "create events", "patch pods/status a"});
  CHECK(test.patch_of(2).at({"status", "conditions"}).items().at(0).get("reason").str() == "SchedulerError");
  test.script->write_code = 200;
  test.pass(500ms);
  CHECK(test.writes().empty());
  test.pass(600ms);
  CHECK(test.writes() == lines{"create pods/binding a", "create events"});
}

TEST_CASE("a pod that another one bound is not reported, and taken from the queue by its event", "[scheduler]") {
  world test;
  test.put(client::nodes, node_object("n1"));
  test.synced();
  test.script->write_code = 409;
  test.script->reason = "Conflict";
  draft pod = pending("a");
  test.put(client::pods, pod);
  CHECK(test.writes() == lines{"create pods/binding a"});
  pod["spec"].set("nodeName", "n7");
  test.put(client::pods, pod);
  test.pass(60s);
  CHECK(test.writes().empty());
}

TEST_CASE("a pod that takes the name of one that was being bound is bound too", "[scheduler]") {
  world test;
  test.put(client::nodes, node_object("n1"));
  test.synced();
  test.script->silent = true;
  draft first = pending("a");
  test.put(client::pods, first);
  REQUIRE(test.writes() == lines{"create pods/binding a"});
  draft second = pending("a");
  second["metadata"].set("uid", "uid-second");
  SECTION("seen as a deletion and a creation") {
    test.erase(client::pods, first);
    test.put(client::pods, second);
  }
  SECTION("seen as a change, after a gap") { test.put(client::pods, second); }
  test.script->silent = false;
  test.answer_all();
  test.pass(2s);
  const auto now = test.writes();
  REQUIRE(std::count(now.begin(), now.end(), "create pods/binding a") == 1);
  bool found = false;
  for (size_t i = 1; i < test.script->writes.size(); ++i)
    if (test.script->writes[i]->target()->resource()->str() == "pods")
      found = found || test.object_of(i).at({"metadata", "uid"}).str() == "uid-second";
  CHECK(found);
}
