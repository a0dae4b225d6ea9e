// What the HTTP front may ask of the hosts behind it: what is measured of them, and what their operators can do. Every
// function can be called from any thread and does not block; callbacks come on another thread, exactly once.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/control/protocol.hpp"
#include "runtime/telemetry/host_sample.hpp"

namespace actors::apiserver {

class cluster_port {
public:
  using samples = std::vector<runtime::telemetry::host_sample>;

  virtual ~cluster_port() = default;

  /// All hosts that answer in time, this one first.
  virtual void measure(std::function<void(samples)> done) = 0;

  /// A command of this host's control socket (runtime/control/command_table.hpp).
  virtual void command(runtime::control::words request, std::function<void(runtime::control::reply)> done) = 0;
};

} // namespace actors::apiserver
