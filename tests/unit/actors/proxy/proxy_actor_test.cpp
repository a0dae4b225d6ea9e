// The proxy's messages: when it writes rules, and what it does when they are refused or lost.
#include "actors/proxy/proxy_actor.hpp"

#include "actors/client/resources.hpp"
#include "messages/codec/codec.hpp"
#include "tests/unit/runtime/test_system.hpp"

#include <catch2/catch.hpp>

using namespace actors::proxy;
namespace client = actors::client;
namespace api = runtime::protocols::apiserver;
using namespace std::chrono_literals;

namespace {

// What the rule_writer was asked and what it answers; the test reads and changes it.
struct writer_script {
  std::vector<tracker::model_delta> writes;
  std::vector<std::string> errors; // taken one by one
  bool present = true;
};

class scripted_writer final : public rule_writer {
public:
  explicit scripted_writer(std::shared_ptr<writer_script> script) : script_(std::move(script)) {}
  write_report write(const tracker::model_delta& delta) override {
    script_->writes.push_back(delta);
    write_report report{{}, !in_step_, {}};
    if (!script_->errors.empty()) {
      report.error = script_->errors.front();
      script_->errors.erase(script_->errors.begin());
    }
    in_step_ = !report.error;
    return report;
  }
  bool verify() override {
    in_step_ = in_step_ && script_->present;
    return script_->present;
  }

private:
  std::shared_ptr<writer_script> script_;
  bool in_step_ = false;
};

// An apiserver that knows only watches, and sends what the test tells it to.
struct watches {
  std::map<std::string, uint64_t> ids; // plural -> watch
  caf::actor watcher;
  std::string user;
};

caf::behavior front(caf::event_based_actor* self, std::shared_ptr<watches> state) {
  return {
    [=](const api::watch_request& request) {
      state->ids[request->target()->resource()->str()] = request->watch_id();
      state->watcher = caf::actor_cast<caf::actor>(self->current_sender());
      state->user = request->identity()->user()->str();
      return api::watch_reply{api::WatchReplyT{}};
    },
    [](const api::watch_ack&) {},
    [](const api::watch_cancel&) {},
  };
}

constexpr const char* service_json = R"({"apiVersion":"v1","kind":"Service",
  "metadata":{"name":"web","namespace":"default","resourceVersion":"5"},
  "spec":{"type":"NodePort","clusterIP":"10.96.0.10","clusterIPs":["10.96.0.10"],"sessionAffinity":"ClientIP",
  "sessionAffinityConfig":{"clientIP":{"timeoutSeconds":60}},"externalTrafficPolicy":"Local",
  "ports":[{"name":"http","protocol":"TCP","port":80,"targetPort":"web","nodePort":30080}]}})";

std::string slice_json(const std::string& address, const char* conditions = R"({"ready":true})") {
  return R"({"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","addressType":"IPv4","metadata":{)"
         R"("name":"web-1","namespace":"default","labels":{"kubernetes.io/service-name":"web"}},"endpoints":[{)"
         R"("addresses":[")" +
         address + R"("],"nodeName":"node-a","conditions":)" + conditions +
         R"(}],"ports":[{"name":"http","protocol":"TCP","port":8080}]})";
}

messages::codec::object_buffer packed(const client::resource& what, const std::string& json) {
  auto parsed = messages::codec::parse_json(json);
  REQUIRE_FALSE(parsed.error);
  auto result = messages::codec::pack(what.type(), parsed.value);
  if (result.error)
    FAIL(result.error->path << ": " << result.error->message);
  return result.object;
}

struct fixture : test_system {
  static constexpr std::chrono::seconds test_deadline{86'400}; // in virtual time, beyond all that a test lets pass
  std::shared_ptr<watches> server = std::make_shared<watches>();
  std::shared_ptr<writer_script> script = std::make_shared<writer_script>();
  runtime::directory::handle directory = runtime::directory::spawn(sys, "host-a", {});
  caf::actor apiserver = sys.spawn(front, server);
  runtime::host::role_context context;
  caf::strong_actor_ptr proxy;
  int64_t revision = 10;

  fixture() {
    context.id = "proxy/node-a";
    context.settings.set("node", std::string("node-a"));
    context.directory = directory;
    context.clock = std::make_shared<runtime::seams::manual_clock>();
    context.random = std::make_shared<runtime::seams::seeded_random>(1);
    caf::anon_send(directory, runtime::directory::register_role{
                                "apiserver/host-a", caf::actor_cast<caf::strong_actor_ptr>(apiserver), ""});
    proxy = spawn(
      sys, context, [this] { return std::make_unique<scripted_writer>(script); }, writer_thread::shared);
    run();
  }

  ~fixture() {
    for (auto address : {caf::actor_cast<caf::actor_addr>(proxy), directory.address(), apiserver.address()})
      kill(address);
    proxy = nullptr;
    server->watcher = nullptr;
  }

  void send_event(const client::resource& what, api::EventType type, const std::string& json) {
    api::WatchBatchT batch;
    batch.watch_id = server->ids.at(std::string(what.plural));
    batch.revision = ++revision;
    auto event = std::make_unique<api::WatchEventT>();
    event->type = type;
    event->revision = revision;
    event->object = 0;
    batch.events.push_back(std::move(event));
    caf::anon_send(server->watcher, api::watch_batch{batch, {{&what.type(), packed(what, json)}}});
    run();
  }

  void send_synced(const client::resource& what) {
    api::WatchBatchT batch;
    batch.watch_id = server->ids.at(std::string(what.plural));
    batch.revision = ++revision;
    batch.synced = true;
    caf::anon_send(server->watcher, api::watch_batch{batch});
    run();
  }

  void sync() {
    send_synced(client::services);
    send_synced(client::endpointslices);
    advance(1ms);
  }

  bool registered() {
    bool result = false;
    auto request = self->request(directory, test_deadline, runtime::directory::lookup{"proxy/node-a"});
    run();
    request.receive([&](const runtime::directory::lookup_reply& reply) { result = !reply.roles.empty(); },
                    [](const caf::error&) { FAIL("no answer of the directory"); });
    return result;
  }

  proxy_counters counters() {
    proxy_counters result;
    auto request = self->request(caf::actor_cast<proxy_actor>(proxy), test_deadline, get_counters{});
    run();
    request.receive([&](const proxy_counters& reply) { result = reply; },
                    [](const caf::error&) { FAIL("no answer of the proxy"); });
    return result;
  }
};

} // namespace

TEST_CASE("the first rules are written once both watches are complete, and then the proxy is ready",
          "[proxy]") {
  fixture f;
  CHECK(f.server->ids.size() == 2);
  CHECK(f.server->user == "system:kube-proxy");
  f.send_event(client::services, api::EventType::added, service_json);
  f.send_synced(client::services);
  f.advance(100ms);
  CHECK(f.script->writes.empty()); // endpoints are not known: these rules would refuse connections
  CHECK_FALSE(f.registered());
  f.send_event(client::endpointslices, api::EventType::added, slice_json("10.244.0.2"));
  f.send_synced(client::endpointslices);
  f.advance(1ms);
  REQUIRE(f.script->writes.size() == 1);
  REQUIRE(f.script->writes[0].size() == 1);
  const auto& [key, rules] = f.script->writes[0][0];
  CHECK(key == tracker::port_key{{"default", "web"}, "http"});
  REQUIRE(rules);
  CHECK(rules->node_port == 30080);
  CHECK(rules->affinity == 60s);
  CHECK(rules->external_policy == tracker::traffic_policy::local);
  CHECK(rules->internal_policy == tracker::traffic_policy::cluster);
  CHECK(rules->local_targets == std::vector<tracker::target>{{*tracker::parse_ipv4("10.244.0.2"), 8080}});
  CHECK(f.registered());
}

TEST_CASE("an empty cluster is written too: an earlier run may have left rules", "[proxy]") {
  fixture f;
  f.sync();
  CHECK(f.script->writes.size() == 1);
  CHECK(f.counters().complete_writes == 1);
}

TEST_CASE("changes that come together are written together", "[proxy]") {
  fixture f;
  f.sync();
  f.send_event(client::services, api::EventType::added, service_json);
  f.send_event(client::endpointslices, api::EventType::added, slice_json("10.244.0.2"));
  f.send_event(client::endpointslices, api::EventType::modified, slice_json("10.244.0.3"));
  CHECK(f.script->writes.size() == 1);
  f.advance(proxy::gather_time);
  REQUIRE(f.script->writes.size() == 2);
  CHECK(f.script->writes[1].size() == 1);
  f.advance(10s);
  CHECK(f.script->writes.size() == 2);
  f.send_event(client::services, api::EventType::deleted, service_json);
  f.advance(proxy::gather_time);
  REQUIRE(f.script->writes.size() == 3);
  CHECK_FALSE(f.script->writes[2][0].second);
  CHECK(f.counters().services == 0);
}

TEST_CASE("a change that asks for the same rules is not written", "[proxy]") {
  fixture f;
  f.send_event(client::services, api::EventType::added, service_json);
  f.send_event(client::endpointslices, api::EventType::added, slice_json("10.244.0.2"));
  f.sync();
  // Serving follows ready, and ready is assumed where nothing is said.
  f.send_event(client::endpointslices, api::EventType::modified, slice_json("10.244.0.2", "{}"));
  f.advance(1s);
  CHECK(f.script->writes.size() == 1);
}

TEST_CASE("an endpoint that terminates but serves stays while there is no other", "[proxy]") {
  fixture f;
  f.send_event(client::services, api::EventType::added, service_json);
  f.send_event(client::endpointslices, api::EventType::added,
               slice_json("10.244.0.2", R"({"ready":false,"serving":true,"terminating":true})"));
  f.sync();
  REQUIRE(f.script->writes.size() == 1);
  CHECK(f.script->writes[0][0].second->cluster_targets.size() == 1);
}

TEST_CASE("refused rules are counted and all of them written again, later each time", "[proxy]") {
  fixture f;
  f.script->errors = {"no table", "no table"};
  f.sync();
  CHECK(f.script->writes.size() == 1);
  CHECK(f.counters().failures == 1);
  CHECK_FALSE(f.registered());
  f.send_event(client::services, api::EventType::added, service_json); // does not shorten the wait
  f.advance(proxy::gather_time);
  CHECK(f.script->writes.size() == 1);
  f.advance(120ms);
  CHECK(f.script->writes.size() == 2);
  f.advance(120ms);
  CHECK(f.script->writes.size() == 2);
  f.advance(120ms);
  REQUIRE(f.script->writes.size() == 3);
  CHECK(f.registered());
  const auto counters = f.counters();
  CHECK(counters.failures == 2);
  CHECK(counters.writes == 1);
  CHECK(counters.ports == 1);
}

TEST_CASE("rules that another program took away are written again", "[proxy]") {
  fixture f;
  f.sync();
  f.advance(proxy::verify_interval);
  CHECK(f.script->writes.size() == 1);
  f.script->present = false;
  f.advance(proxy::verify_interval);
  f.advance(proxy::gather_time);
  CHECK(f.script->writes.size() == 2);
  const auto counters = f.counters();
  CHECK(counters.lost == 1);
  CHECK(counters.complete_writes == 2);
}

TEST_CASE("a writer that cannot be made is a refusal, not a crash; nothing is lost", "[proxy]") {
  fixture f;
  f.kill(caf::actor_cast<caf::actor_addr>(f.proxy));
  int attempts = 0;
  f.proxy = spawn(
    f.sys, f.context,
    [&]() -> std::unique_ptr<rule_writer> {
      if (++attempts < 3)
        throw std::runtime_error("no nftables here");
      return std::make_unique<scripted_writer>(f.script);
    },
    writer_thread::shared);
  f.run();
  f.send_event(client::services, api::EventType::added, service_json);
  f.sync();
  for (int i = 0; i < 10; ++i)
    f.advance(100ms);
  CHECK(attempts == 3);
  REQUIRE(f.script->writes.size() == 1);
  CHECK(f.script->writes[0].size() == 1);
  CHECK(f.counters().failures == 2);
}

TEST_CASE("a lost writer takes the proxy with it, so that its supervisor starts both", "[proxy]") {
  test_system system;
  auto clock = std::make_shared<runtime::seams::manual_clock>();
  auto writer = spawn_writer(
    system.sys, [] { return std::unique_ptr<rule_writer>(); }, writer_thread::shared, clock);
  runtime::host::role_context context;
  context.directory = runtime::directory::spawn(system.sys, "host-a", {});
  context.clock = clock;
  auto actor = system.sys.spawn<proxy>(context, writer);
  system.run();
  system.self->monitor(actor);
  system.kill(writer.address());
  bool down = false;
  system.self->receive([&](const caf::down_msg&) { down = true; }, caf::after(0s) >> [] {});
  CHECK(down);
  system.kill(context.directory.address());
}
