// The same seed is the same run, within a process and in another one.
#include "tests/sim/known.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdio>
#include <memory>
#include <set>

namespace {

using namespace tests::sim;

constexpr uint64_t seeds = 20;

scenario short_scenario() {
  auto plan = load("config/simulation/everything.yaml");
  plan.run = std::chrono::seconds{10};
  plan.settle = std::chrono::seconds{1}; // what comes of it is the other tests' business
  plan.quiet = std::chrono::seconds{0};
  return plan;
}

std::string hashes() {
  std::string result;
  const auto plan = short_scenario();
  for (uint64_t seed = 1; seed <= seeds; ++seed) {
    const auto one = run(plan, {.seed = seed, .known = known_roles()});
    result += fmt::format("seed {} hash {:016x} steps {} commits {}\n", seed, one.hash, one.steps, one.commits);
  }
  return result;
}

std::string output_of(const std::string& command) {
  std::unique_ptr<FILE, int (*)(FILE*)> pipe{popen(command.c_str(), "r"), pclose};
  REQUIRE(pipe != nullptr);
  std::string result;
  std::array<char, 4'096> buffer;
  while (const auto size = fread(buffer.data(), 1, buffer.size(), pipe.get()))
    result.append(buffer.data(), size);
  return result;
}

TEST_CASE("the hashes of twenty seeds", "[.hashes]") {
  fmt::print("{}", hashes());
}

TEST_CASE("twenty seeds give the same trace within a process and in another") {
  const auto first = hashes();
  CHECK(hashes() == first);
  const auto other = output_of(std::filesystem::read_symlink("/proc/self/exe").string() + " '[.hashes]'");
  CHECK(other.find(first) != other.npos);
  std::set<std::string> different;
  size_t begin = 0;
  for (auto end = first.find('\n'); end != first.npos; begin = end + 1, end = first.find('\n', begin))
    different.insert(first.substr(first.find("hash", begin), 21));
  CHECK(different.size() == seeds);
}

} // namespace
