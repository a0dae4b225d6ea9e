// A whole cluster in one deterministic process: the real actors under CAF's test coordinator, a virtual clock, engines in
// memory, hollow nodes. One seed decides the order of messages and every random choice.
#pragma once

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>

#include "runtime/host/role.hpp"
#include "runtime/seams/actor_clock.hpp"
#include "storage/memory/memory_engine.hpp"

namespace tests::sim {

class cluster {
public:
  struct config : caf::actor_system_config {
    config();
  };

  explicit cluster(uint64_t seed, int hollow_nodes);
  ~cluster();
  cluster(const cluster&) = delete;

  caf::actor_system& system() { return system_; }
  runtime::host::role_context context(const std::string& id, const std::string& role);

  /// Runs messages in the seed's order, and lets time pass when nothing is left to do, until `done` or until
  /// `limit` of virtual time has passed; true: done.
  bool run_until(const std::function<bool()>& done, std::chrono::seconds limit);
  /// Ends a role as a crash would and starts it anew, as its supervisor would.
  void crash(const std::string& id);
  std::vector<std::string> roles() const;

  /// Of every step: which actor ran, and when.
  uint64_t trace_hash() const { return hash_; }
  uint64_t steps() const { return steps_; }
  /// What the shards hold, as text: key, revision; sorted.
  std::string state();

private:
  void start(const std::string& id);
  void mix(uint64_t value);

  config config_;
  caf::actor_system system_{config_};
  std::mt19937_64 order_;
  runtime::seams::clock_ptr clock_;
  runtime::seams::random_ptr random_;
  runtime::directory::handle directory_;
  std::map<std::string, std::shared_ptr<storage::engine>> engines_;
  std::map<std::string, std::function<caf::strong_actor_ptr()>> starters_;
  std::map<std::string, caf::strong_actor_ptr> running_;
  uint64_t hash_ = 1469598103934665603ull;
  uint64_t steps_ = 0;
};

} // namespace tests::sim
