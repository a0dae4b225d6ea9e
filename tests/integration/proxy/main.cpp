// Runs the tests in a network namespace of their own; without root it says that they are skipped.
#define CATCH_CONFIG_RUNNER
#include "tests/integration/proxy/network.hpp"

#include <catch2/catch.hpp>

#include <cstdio>

int main(int argc, char** argv) {
  if (auto reason = network::enter_own_namespace()) {
    std::printf("SKIPPED: the network of pods and services: %s\n", reason->c_str());
    return 0;
  }
  return Catch::Session().run(argc, argv);
}
