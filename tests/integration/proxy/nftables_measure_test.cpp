// What 1,000 services of 10 endpoints cost. Not part of a normal run: `proxy_nftables_test "[measure]" -s`.
#include "actors/proxy/nftables/table_writer.hpp"
#include "tests/unit/actors/proxy/samples.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdio>

using namespace samples;
using namespace actors::proxy::nftables;

namespace {

constexpr int services = 1000;
constexpr int endpoints = 10;

endpoint_slice slice_of(int number, int first) {
  std::vector<endpoint> list;
  for (int i = 0; i < endpoints; ++i)
    list.push_back(
      at(("10.244." + std::to_string(number / 25) + '.' + std::to_string(number % 25 * endpoints + i + first))
           .c_str()));
  const auto name = "s" + std::to_string(number);
  return slice(std::move(list), name.c_str(), name.c_str());
}

template <class Action>
double milliseconds(Action action) {
  const auto start = std::chrono::steady_clock::now();
  action();
  return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
}

} // namespace

TEST_CASE("1,000 services of 10 endpoints", "[.][measure]") {
  const table_settings settings{"troupe-test", "10.244.0.0/16", ""};
  service_tracker tracker("node-a");
  for (int i = 0; i < services; ++i) {
    const auto address = "10.96." + std::to_string(i / 250) + '.' + std::to_string(i % 250 + 1);
    tracker.put(web(("s" + std::to_string(i)).c_str(), address.c_str()));
    tracker.put(slice_of(i, 0));
  }
  model_delta all;
  std::printf("decide %d services: %.1f ms\n", services, milliseconds([&] { all = tracker.take_delta(); }));
  {
    table_writer writer(settings);
    std::printf("first load: %.0f ms\n", milliseconds([&] { REQUIRE_FALSE(writer.write(all).error); }));
  }
  table_writer writer(settings);
  std::printf("atomic replace at a restart: %.0f ms\n",
              milliseconds([&] { REQUIRE_FALSE(writer.write(all).error); }));
  for (int i = 0; i < 5; ++i) {
    tracker.put(slice_of(i * 100, 1));
    std::printf("one endpoint changed: %.1f ms\n",
                milliseconds([&] { REQUIRE_FALSE(writer.write(tracker.take_delta()).error); }));
  }
  std::printf("verify: %.1f ms\n", milliseconds([&] { REQUIRE(writer.verify()); }));
  REQUIRE_FALSE(remove_rules(settings));
}
