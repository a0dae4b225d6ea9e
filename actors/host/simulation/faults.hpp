// What goes wrong in a scenario, by name. Each strikes again and again while the world is working; what it did is put right when
// the faults end, so that what is left wrong then is a bug.
#pragma once

#include "actors/host/simulation/world.hpp"

#include <span>

namespace actors::host::simulation {

struct fault_kind {
  const char* name;
  const char* summary;
  void (*start)(world&, const fault_entry&);
};

std::span<const fault_kind> fault_kinds();

/// How the probe is called that counts the messages of a role that a `...-at` fault is about.
std::string message_probe(const std::string& role);

/// The watches of consumers whose role's id begins with `of` (or is `of`, when `exact`), on the way from another host's apiserver: held back, so that
/// they see an old state, or broken off, so that they never see the states in between.
class watch_delay {
public:
  watch_delay(world& on, std::string of, bool exact = false);
  void hold();
  /// What was held back arrives, in order.
  void release();
  /// What was held back is lost, and each watch ends with code 410.
  void break_off();
  uint64_t held() const {
    return total_;
  }

private:
  struct kept {
    caf::strong_actor_ptr sender, target;
    caf::message_id id;
    caf::message content;
  };
  verdict see(const delivery& item);

  world& on_;
  std::string of_;
  bool exact_ = false;
  bool holding_ = false;
  std::vector<kept> kept_;
  uint64_t total_ = 0;
};

} // namespace actors::host::simulation
