// Hosts of these tests: threads in network namespaces of their own, joined by a switch in a further one, each with a
// bridge for pods, a stand-in for one pod, and the network writer of the role. All of it vanishes with the process.
#pragma once

#include "actors/podnetwork/kernel/kernel_network.hpp"
#include "tests/integration/proxy/pod.hpp"

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace hosts {

namespace plan = actors::podnetwork::plan;

// A thread with a network namespace; `run` works in there.
class place {
public:
  place();
  ~place();
  place(const place&) = delete;
  place& operator=(const place&) = delete;

  void run(std::function<void()> work); // what it throws comes back
  void shell(const std::string& command) {
    run([&] { network::shell(command); });
  }
  std::string output_of(const std::string& command);
  int id() const { return id_; } // of the thread, for `ip link ... netns`

private:
  void live();

  std::mutex mutex_;
  std::condition_variable wake_, done_;
  std::deque<std::function<void()>> work_;
  bool ending_ = false;
  int id_ = 0;
  std::thread thread_;
};

// Joins places; answers as router between its segments.
class network_switch : public place {
public:
  network_switch();
  // A segment with a bridge; the switch itself has `address`, so that its segments reach each other.
  void add_segment(const std::string& bridge, const std::string& address_and_bits);
  // `place` gets up0 with the address, plugged into `bridge`.
  void plug(place& place, const std::string& bridge, const std::string& port, const std::string& address_and_bits);
};

// Host number N has a pod with the address 10.244.N.2.
class host : public place {
public:
  host(int number, std::string address);
  ~host();

  // Starts the role's writer; the role of an earlier call has crashed.
  void start(plan::mode how);
  void crash() { run([this] { writer_.reset(); }); }
  actors::podnetwork::network_report reconcile(const std::vector<plan::node_view>& nodes);
  void take_back();

  plan::node_view node(plan::mode how = plan::mode::routes) const;
  std::string own_routes() { return output_of("ip route show proto 116"); }

  const std::string name;
  const std::string address;
  const std::string pod_address;
  std::unique_ptr<network::pod> pod;

private:
  int number_;
  std::unique_ptr<actors::podnetwork::kernel::kernel_network> writer_;
};

plan::network_settings settings_for(const std::string& node, plan::mode how);

} // namespace hosts
