// The seam between the proxy's decisions and the machine's packet filter: nftables on a real node, memory in
// simulations and on hollow nodes. Used from one thread, the writer actor's.
#pragma once

#include "actors/proxy/tracker/rule_model.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace actors::proxy {

struct write_report {
  std::optional<std::string> error;  // nullopt: the rules are what the model says
  bool complete = false;             // everything was written anew, not only the change
  std::vector<std::string> warnings; // what went wrong besides the rules (conntrack, sysctl)
};

class rule_writer {
public:
  virtual ~rule_writer() = default;

  // Takes `delta` over and brings the rules in step, atomically. The first call, and each one after an error,
  // writes everything; so after an error call it again, with an empty delta if nothing new has come.
  virtual write_report write(const tracker::model_delta& delta) = 0;

  // Looks whether the rules are still there. False makes the next write a complete one.
  virtual bool verify() = 0;
};

// Called on the writer's thread. May throw.
using rule_writer_factory = std::function<std::unique_ptr<rule_writer>()>;

} // namespace actors::proxy
