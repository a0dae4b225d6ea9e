// `troupe top` as a pure function of what was measured.
#include "actors/host/commands/top_table.hpp"

#include <catch2/catch.hpp>

using namespace actors::host::commands;
using namespace runtime::telemetry;

namespace {

actor_sample actor(const std::string& id, const std::string& parent, uint64_t handled, double seconds, uint64_t mailbox = 0) {
  actor_sample result{.parent = parent, .handled = handled};
  result.row = {.id = id, .role = id, .state = actor_state::running, .starts = 1, .mailbox_depth = mailbox,
                .messages_per_second = static_cast<double>(handled)};
  result.times.push_back({.message = "a.Ping", .buckets = {handled}, .seconds = seconds});
  return result;
}

host_sample host(int64_t wall_us, std::vector<actor_sample> actors) {
  return {.host = "host-a", .version = "1", .wall_us = wall_us, .actors = std::move(actors)};
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> result;
  for (size_t at = 0; at < text.size();) {
    auto end = text.find('\n', at);
    result.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return result;
}

} // namespace

TEST_CASE("top takes rates and times from the time between two samples") {
  auto before = host(1'000'000, {actor("slow", "", 100, 1.0), actor("busy", "", 1000, 0.5)});
  auto now = host(3'000'000, {actor("slow", "", 110, 1.1, 7), actor("busy", "", 2000, 0.6)});
  auto lines = lines_of(render_top(std::span{&now, 1}, std::span{&before, 1}, {}));
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] == "1 host, 2 actors, 505 messages/s, 7 waiting, 0 MiB");
  CHECK(lines[2].starts_with("ACTOR  HOST"));
  CHECK(lines[3].starts_with("busy"));
  CHECK(lines[3].find("500.0") != std::string::npos);   // 1000 messages in 2 s
  CHECK(lines[3].find("100.0us") != std::string::npos); // 0.1 s for 1000
  CHECK(lines[3].ends_with("a.Ping"));
  CHECK(lines[4].find("10.0ms") != std::string::npos);
  for (auto order : {top_order::latency, top_order::mailbox})
    CHECK(lines_of(render_top(std::span{&now, 1}, std::span{&before, 1}, {.order = order}))[3].starts_with("slow"));
}

TEST_CASE("top without an earlier sample shows the host's own rate, and after a host's restart does not show less than nothing") {
  auto now = host(3'000'000, {actor("a", "", 10, 0.001)});
  CHECK(lines_of(render_top(std::span{&now, 1}, {}, {}))[3].find(" 10.0") != std::string::npos);
  auto before = host(1'000'000, {actor("a", "", 9999, 5)});
  auto text = render_top(std::span{&now, 1}, std::span{&before, 1}, {});
  CHECK(text.find("100.0us") != std::string::npos);
  CHECK(text.find('-') < text.find("ACTOR") + 500);
}

TEST_CASE("top fits the terminal") {
  std::vector<actor_sample> many;
  for (int i = 0; i < 50; ++i)
    many.push_back(actor("actor-" + std::to_string(i), "", 1, 0));
  auto now = host(1, many);
  auto lines = lines_of(render_top(std::span{&now, 1}, {}, {.lines = 20, .columns = 30}));
  CHECK(lines.size() == 19);
  for (auto& line : lines)
    CHECK(line.size() <= 30);
  CHECK(parse_top_order("busy") == top_order::busy);
  CHECK_FALSE(parse_top_order("name"));
}
