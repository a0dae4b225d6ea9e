// The simulation's kernel: one actor system under CAF's test coordinator, in which a seed decides whose message is handled
// next and time passes only when nobody has anything left to do. Knows which simulated host an actor belongs to, so
// that hosts can be frozen and actors slowed down. Not thread-safe: everything runs on the thread that calls it.
#pragma once

#include "runtime/simulation/dice.hpp"
#include "runtime/simulation/ids.hpp"

#include <caf/all.hpp>
#include <caf/scheduler/test_coordinator.hpp>

#include <functional>
#include <map>
#include <string>
#include <vector>

namespace runtime::simulation {

/// What the actor that runs next is; for faults that strike at a certain message.
struct next_step {
  caf::scheduled_actor* actor = nullptr;
  host_id host = nowhere;
};

class kernel {
public:
  struct config : caf::actor_system_config {
    config();
  };
  using time_point = caf::actor_clock::time_point;
  using event = std::function<void()>;

  explicit kernel(uint64_t seed);
  ~kernel();
  kernel(const kernel&) = delete;

  caf::actor_system& system() {
    return system_;
  }
  uint64_t seed() const {
    return seed_;
  }
  time_point now() {
    return coordinator().clock().now();
  }
  /// Since the start.
  duration elapsed() {
    return now() - start_;
  }

  // -- time and order
  /// Runs `what` between two steps, `delay` from now. Events of one moment run in the order in which they were made.
  void after(duration delay, event what);
  /// One message of one actor, chosen by the seed; when nobody has one, time moves on to what comes next, but not
  /// beyond `until`. False: nothing is left to do before `until`, which is the time now.
  bool step(time_point until);
  /// Until `done`, or until `limit` has passed; true: done. `done` is asked before each step.
  bool run_until(const std::function<bool()>& done, duration limit);
  void run_for(duration time);
  /// Called before each step; may kill the actor or anything else. Empty: nothing.
  void before_each_step(std::function<void(const next_step&)> hook) {
    hook_ = std::move(hook);
  }

  // -- hosts
  host_id add_host();
  /// What `what` spawns belongs to `host`; so do its own children, and theirs.
  void on_host(host_id host, const std::function<void()>& what);
  host_id host_of(caf::actor_id actor) const;
  /// The actors of `host` handle no message until it is thawed; its timers fire then.
  void freeze(host_id host);
  void thaw(host_id host);
  bool frozen(host_id host) const {
    return host < frozen_.size() && frozen_[host];
  }
  /// Each message costs that actor so much time, as a slow disk does; 0: none.
  void slow_down(caf::actor_id actor, duration per_message);
  /// Runs what the actors of `host` have to do now, and nobody else's.
  void drain(host_id host);
  /// Ends every actor of `host`, also those that no supervisor knows.
  void end_actors(host_id host);

  // -- the trace
  /// Of every step: who ran, and when.
  uint64_t trace_hash() const {
    return hash_;
  }
  void mix(uint64_t value) {
    hash_ = (hash_ ^ value) * 1099511628211ull;
  }
  uint64_t steps() const {
    return steps_;
  }

private:
  caf::scheduler::test_coordinator& coordinator() {
    return *coordinator_;
  }
  bool runnable(const caf::resumable* job) const;
  /// Index of the next job; npos: none may run.
  size_t choose();
  void run(size_t index);
  void adopt_new_actors(host_id host);
  bool pass_time(time_point until);
  void meet(const caf::scheduled_actor& actor);
  void kill_met(host_id host, bool all);

  uint64_t seed_;
  config config_;
  caf::actor_system system_{config_};
  caf::scheduler::test_coordinator* coordinator_;
  dice order_;
  time_point start_;
  std::multimap<time_point, event> calendar_;
  std::vector<host_id> host_by_actor_; // by actor id
  std::vector<bool> frozen_{false};    // by host
  std::map<caf::actor_id, caf::actor_addr> met_; // weak: every actor that ran and may live
  std::vector<bool> is_met_;                     // by actor id
  size_t met_looked_ = 1'000;                    // how many there may be before the ended ones are forgotten
  std::map<caf::actor_id, duration> pace_;
  std::map<caf::actor_id, time_point> busy_;
  size_t frozen_count_ = 0;
  std::function<void(const next_step&)> hook_;
  uint64_t hash_ = 1469598103934665603ull;
  uint64_t steps_ = 0;
};

} // namespace runtime::simulation
