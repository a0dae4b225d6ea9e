// An actor system under CAF's test coordinator: messages run when the test says so.
#pragma once

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

struct test_system {
  struct config : caf::actor_system_config {
    config() {
      set("scheduler.policy", caf::atom("testing"));
      set("logger.console", caf::atom("none"));
    }
  };

  config cfg;
  caf::actor_system sys{cfg};
  caf::scoped_actor self{sys};

  caf::scheduler::test_coordinator& scheduler() {
    return dynamic_cast<caf::scheduler::test_coordinator&>(sys.scheduler());
  }

  /// Runs until no actor has anything to do.
  void run() {
    scheduler().run();
  }

  void advance(std::chrono::milliseconds time) {
    scheduler().advance_time(time);
    run();
  }

  void kill(const caf::actor_addr& who) {
    caf::anon_send_exit(who, caf::exit_reason::kill);
    run();
  }

  ~test_system() {
    run();
  }
};
