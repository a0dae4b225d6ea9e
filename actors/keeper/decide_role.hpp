// What a host's keeper does about a singleton role: pure, of what the placement wants, who owns the role, and which hosts
// are there. Every host decides alike and alone; the compare-and-swap on the role's epoch settles who was first.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace actors::keeper {

/// A host, as seen from here.
enum class presence : uint8_t {
  up,      ///< reachable, from here or from a host that is reachable from here
  lost,    ///< nobody here reaches it
  unknown, ///< too early to say: this host has just started
};

/// From the Role's spec: the placement's wish.
struct role_wish {
  std::vector<std::string> hosts; ///< the preferred one first
  int64_t generation = 0;         ///< of the placement that last changed `hosts`
};

/// From the Role's status. Epoch 0: it was never owned.
struct role_owner {
  std::string host;
  int64_t epoch = 0;
  int64_t generation = 0; ///< of the wish under which it took over
};

/// The instance on this host.
struct local_instance {
  bool running = false;
  int64_t epoch = 0;   ///< 0: a standby
  bool synced = false; ///< warmed up
};

enum class action : uint8_t {
  none,
  start_standby, ///< start it, to warm up before it takes over
  take_over,     ///< raise the epoch, start it if it does not run, let it act
  stop,
};

using presence_of = std::function<presence(const std::string& host)>;

/// - The owner goes on until another took over, or until this process lost it (a restart): then it takes over anew.
/// - Without a living owner, the first host of the list that is there takes over at once.
/// - With one, the first host takes over only if the placement's wish is newer than the owner's tenure (a move), and only
///   when its own instance is warm. So a host that comes back does not take its roles back by itself.
action decide_role(const std::string& self, const role_wish& wish, const role_owner& owner, const local_instance& local,
                   const presence_of& see);

} // namespace actors::keeper
