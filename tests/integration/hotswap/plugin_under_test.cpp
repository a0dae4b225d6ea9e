// Versions of the counting controller; what is wrong with each is chosen by a definition.
#include <thread>

#include "runtime/hotswap/plugin.hpp"
#include "tests/integration/hotswap/counting_controller.hpp"

#ifdef OF_ANOTHER_BUILD
#undef TROUPE_ABI
#define TROUPE_ABI "troupe 0.0.1, headers 0, of another build"
#endif

namespace {

using hotswap_test::counting_controller;
namespace framework = actors::controllers::framework;

class version_under_test final : public counting_controller {
public:
  version_under_test() : counting_controller(VERSION_NAME) {
#ifdef THROWS_IN_CONSTRUCTOR
    throw std::runtime_error("no such colour");
#endif
  }

  void start(framework::setup& tools) override {
    counting_controller::start(tools);
#ifdef WATCHES_MORE
    tools.api.watch(actors::client::nodes);
#endif
#ifdef THROWS_ON_AN_OBJECT
    tools.api.watch(actors::client::pods).on_change([](const std::string& key, const auto*, const auto*) {
      throw std::runtime_error("cannot bear " + key);
    });
#endif
  }

  framework::sync_plan sync(const std::string& key) override {
#ifdef THROWS_IN_SYNC
    throw std::runtime_error("cannot decide on " + key);
#endif
#ifdef IS_SLOW
    std::this_thread::sleep_for(std::chrono::milliseconds{100}); // too slow for the stream that a build with sanitizers gets, too
#endif
    return counting_controller::sync(key);
  }

#ifdef REJECTS_STATE
  bool import_state(std::string_view) override { return false; }
#endif
};

} // namespace

#ifndef ROLE_NAME
#define ROLE_NAME hotswap_test::role
#endif

TROUPE_PLUGIN(ROLE_NAME, VERSION_NAME, [](const runtime::hotswap::role_context&) -> std::unique_ptr<runtime::hotswap::swappable> {
  return std::make_unique<version_under_test>();
})
