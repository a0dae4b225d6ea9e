// What every test of this folder begins with.
#pragma once

#include <catch2/catch.hpp>

#include "actors/host/role_table.hpp"
#include "actors/host/simulation/run.hpp"

namespace tests::sim {

using namespace actors::host::simulation;

inline const std::vector<runtime::host::role_descriptor>& known_roles() {
  static const auto roles = actors::host::role_table();
  return roles;
}

/// Paths are relative to the repository's root, where the tests run.
inline scenario load(const std::string& file) {
  auto read = read_scenario(file, known_words());
  for (const auto& problem : read.problems)
    FAIL_CHECK(runtime::placement::render(file, problem));
  REQUIRE(read.problems.empty());
  return read.value;
}

inline std::string text_of(const std::vector<violation>& violations) {
  std::string result;
  for (const auto& each : violations)
    result += each.checker + ": " + each.text + "\n";
  return result;
}

inline bool found_by(const run_result& result, const std::string& checker) {
  for (const auto& each : result.violations)
    if (each.checker == checker)
      return true;
  return false;
}

} // namespace tests::sim
