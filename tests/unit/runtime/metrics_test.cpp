// What is measured of actors, its way over the control socket, and its form for Prometheus, parsed strictly.
#include "runtime/control/measure.hpp"
#include "runtime/telemetry/actor_table.hpp"
#include "runtime/telemetry/host_sample.hpp"
#include "runtime/telemetry/metered.hpp"
#include "runtime/telemetry/prometheus.hpp"

#include "tests/unit/runtime/metrics_parser.hpp"
#include "tests/unit/runtime/test_system.hpp"

#include <catch2/catch.hpp>

using namespace runtime;
using namespace runtime::telemetry;

namespace {
struct probe {
  int value = 0;
};
struct skipped_probe {};
} // namespace

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(probe)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(skipped_probe)

namespace {

caf::behavior handle_probes(metered<caf::event_based_actor>* self) {
  self->set_default_handler(caf::skip);
  return {
    [](const probe&) {},
    [](int) {},
  };
}

host_sample sample_host() {
  host_sample host{.host = "host-a", .version = "1.2", .wall_us = 5};
  host.process = {.cpu_seconds = 1.5, .resident_bytes = 4096, .descriptors = 7, .start_seconds = 99};
  actor_sample actor{.handled = 12, .epoch = 3, .takeovers = 2, .swaps = 1};
  actor.row = {.id = "controllers/\"odd\\one\"", .role = "controllers/odd", .host = "host-a", .state = actor_state::running,
               .starts = 4, .mailbox_depth = 9, .messages_per_second = 2.5, .last_failure = "it\nbroke\t"};
  actor.times.push_back({.message = "apiserver.WatchBatch", .buckets = {1, 2, 3, 0, 0, 0, 1}, .seconds = 0.25});
  host.actors.push_back(actor);
  host.links.push_back({.peer = "host-b", .state = "slow", .reason = "", .round_trip_us = 1500, .bytes_in = 10, .bytes_out = 20});
  host.refused_links.emplace_back("certificate", 4);
  return host;
}

} // namespace

TEST_CASE("handling times are kept by type of message; skipped messages are not handled") {
  test_system system;
  auto actor = system.sys.spawn(handle_probes);
  auto counters = counters_of(caf::actor_cast<caf::strong_actor_ptr>(actor));
  caf::anon_send(actor, probe{1});
  caf::anon_send(actor, probe{2});
  caf::anon_send(actor, 7);
  caf::anon_send(actor, skipped_probe{});
  system.run();
  auto times = counters->times();
  REQUIRE(times.size() == 2);
  CHECK(times[0].message == "probe");
  CHECK(times[0].count() == 2);
  CHECK(times[0].seconds > 0);
  CHECK(times[1].message == "i32");
  CHECK(times[1].count() == 1);
  CHECK(counters->handled == 3);
  CHECK(counters->received == 4);
  system.kill(actor.address());
}

TEST_CASE("names of message types are short") {
  CHECK(short_type_name("runtime::transport::message<messages::roles::store::CommitRequest>") == "store.CommitRequest");
  CHECK(short_type_name("runtime::directory::role_up") == "directory.role_up");
  CHECK(short_type_name("actors::x::(anonymous namespace)::tick") == "x.tick");
  CHECK(short_type_name("@exit") == "exit");
  CHECK(short_type_name("std::vector<a::b>") == "std.vector");
}

TEST_CASE("types beyond the limit are counted together") {
  message_counters counters;
  // Only CAF's numbered types have keys that are no addresses; there are more of them than the limit.
  REQUIRE(caf::type_nrs > message_types_max + 2);
  for (message_key key = 1; key <= message_types_max + 2; ++key)
    counters.note_handled(key, 1);
  auto times = counters.times();
  REQUIRE(times.size() == message_types_max + 1);
  CHECK(times.back().message == "other");
  CHECK(times.back().count() == 2);
  CHECK(counters.handled == message_types_max + 2);
}

TEST_CASE("an actor's counters survive its restart, and a tenure that begins is a takeover") {
  test_system system;
  auto table = std::make_shared<actor_table>();
  table->add("a", "a", "host-a");
  for (int start = 0; start < 2; ++start) {
    auto actor = system.sys.spawn(handle_probes);
    table->started("a", caf::actor_cast<caf::strong_actor_ptr>(actor), actor_state::running);
    caf::anon_send(actor, probe{});
    system.run();
    CHECK(table->id_of(actor.address()) == "a");
    table->ended("a", actor_state::restarting, "broke");
    system.kill(actor.address());
  }
  table->note_epoch("a", 4);
  table->note_epoch("a", 4);
  table->note_epoch("a", 0);
  table->note_epoch("a", 6);
  table->note_swap("a");
  auto samples = table->samples();
  REQUIRE(samples.size() == 1);
  CHECK(samples[0].handled == 2);
  REQUIRE(samples[0].times.size() == 1);
  CHECK(samples[0].times[0].count() == 2);
  CHECK(samples[0].row.restarts() == 1);
  CHECK(samples[0].epoch == 6);
  CHECK(samples[0].takeovers == 2);
  CHECK(samples[0].swaps == 1);
}

TEST_CASE("a host's measurements survive the control socket") {
  auto sent = sample_host();
  auto lines = control::encode_sample(sent);
  std::vector<control::words> received;
  for (auto& line : lines) {
    auto text = control::encode_line(line);
    received.push_back(control::decode_line(text.substr(0, text.size() - 1)));
  }
  auto back = control::decode_samples(received);
  REQUIRE(back);
  REQUIRE(back->size() == 1);
  auto& host = back->front();
  CHECK(control::encode_sample(host) == lines);
  CHECK(host.actors[0].times[0].buckets == sent.actors[0].times[0].buckets);
  CHECK(host.actors[0].row.last_failure == sent.actors[0].row.last_failure);
  auto twice = received;
  twice.insert(twice.end(), received.begin(), received.end());
  CHECK(control::decode_samples(twice)->size() == 2);
  received[0].pop_back();
  CHECK_FALSE(control::decode_samples(received));
  CHECK_FALSE(control::decode_samples({{"what"}}));
  CHECK(control::decode_samples({})->empty());
}

TEST_CASE("metrics are valid Prometheus text with escaped labels") {
  auto host = sample_host();
  std::string text;
  append_metrics(std::span{&host, 1}, text);
  auto metrics = tests::parse_metrics(text);
  REQUIRE(metrics.problem == "");
  auto& messages = metrics.families.at("troupe_actor_messages_total");
  CHECK(messages.type == "counter");
  REQUIRE(messages.samples.size() == 1);
  CHECK(messages.samples[0].labels.at("actor") == "controllers/\"odd\\one\"");
  CHECK(messages.samples[0].value == 12);
  CHECK(metrics.value("troupe_actor_epoch", {{"role", "controllers/odd"}}) == 3);
  CHECK(metrics.value("troupe_actor_restarts_total", {}) == 3);
  CHECK(metrics.value("troupe_actor_takeovers_total", {}) == 2);
  CHECK(metrics.value("troupe_actor_swaps_total", {}) == 1);
  CHECK(metrics.value("troupe_link_up", {{"peer", "host-b"}}) == 1);
  CHECK(metrics.value("troupe_link_slow", {{"peer", "host-b"}}) == 1);
  CHECK(metrics.value("troupe_link_round_trip_seconds", {}) == Approx(0.0015));
  CHECK(metrics.value("troupe_link_refused_total", {{"reason", "certificate"}}) == 4);
  CHECK(metrics.value("troupe_actor_handler_duration_seconds_count", {{"message", "apiserver.WatchBatch"}}) == 7);
  CHECK(metrics.value("troupe_actor_handler_duration_seconds_bucket", {{"le", "0.001"}}) == 6);
  CHECK(metrics.value("process_resident_memory_bytes", {}) == 4096);
}

TEST_CASE("many actors of one role are summed up beyond the limit") {
  host_sample host{.host = "host-a"};
  for (size_t i = 0; i < metrics_actors_max + 3; ++i) {
    actor_sample actor{.handled = 1};
    actor.row = {.id = "kubelet/" + std::to_string(i), .role = "kubelet", .starts = 2};
    host.actors.push_back(actor);
  }
  std::string text;
  append_metrics(std::span{&host, 1}, text);
  auto metrics = tests::parse_metrics(text);
  REQUIRE(metrics.problem == "");
  CHECK(metrics.families.at("troupe_actor_messages_total").samples.size() == metrics_actors_max + 1);
  CHECK(metrics.value("troupe_actor_messages_total", {{"actor", "others"}}) == 3);
  CHECK(metrics.value("troupe_actor_restarts_total", {{"actor", "others"}}) == 3);
}

TEST_CASE("the process measures itself") {
  auto process = read_process();
  CHECK(process.cpu_seconds > 0);
  CHECK(process.resident_bytes > 1'000'000);
  CHECK(process.descriptors >= 3);
  CHECK(process.start_seconds > 1'600'000'000);
}

TEST_CASE("what a message costs", "[.][bench]") {
  message_counters counters;
  constexpr int rounds = 10'000'000;
  auto begin = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i) {
    auto at = counters.now();
    counters.note_handled(3, counters.now() - at);
  }
  auto ns = std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - begin).count() / rounds;
  WARN("measuring one message: " << ns << " ns");
}
