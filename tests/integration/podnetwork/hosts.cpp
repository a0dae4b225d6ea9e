// Namespaces by unshare, links with the `ip` program.
#include "tests/integration/podnetwork/hosts.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <future>
#include <stdexcept>

namespace hosts {

place::place() : thread_([this] { live(); }) {
  run([this] {
    if (unshare(CLONE_NEWNET) != 0)
      throw std::runtime_error("no network namespace");
    id_ = static_cast<int>(syscall(SYS_gettid));
    network::shell("ip link set lo up");
  });
}

place::~place() {
  {
    std::lock_guard lock(mutex_);
    ending_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void place::live() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [this] { return ending_ || !work_.empty(); });
    if (work_.empty())
      return;
    auto next = std::move(work_.front());
    work_.pop_front();
    lock.unlock();
    next();
    lock.lock();
  }
}

void place::run(std::function<void()> work) {
  std::packaged_task<void()> task(std::move(work));
  auto result = task.get_future();
  {
    std::lock_guard lock(mutex_);
    work_.push_back([&task] { task(); });
  }
  wake_.notify_all();
  result.get();
}

std::string place::output_of(const std::string& command) {
  std::string result;
  run([&] { result = network::output_of(command); });
  return result;
}

network_switch::network_switch() { shell("echo 1 > /proc/sys/net/ipv4/ip_forward"); }

void network_switch::add_segment(const std::string& bridge, const std::string& address_and_bits) {
  shell("ip link add name " + bridge + " type bridge && ip addr add " + address_and_bits + " dev " + bridge +
        " && ip link set " + bridge + " up");
}

void network_switch::plug(place& place, const std::string& bridge, const std::string& port,
                          const std::string& address_and_bits) {
  shell("ip link add name " + port + " type veth peer name up0 netns " + std::to_string(place.id()) + " && ip link set " +
        port + " master " + bridge + " up");
  place.shell("ip addr add " + address_and_bits + " dev up0 && ip link set up0 up");
}

host::host(int number, std::string host_address)
    : name(std::string(1, static_cast<char>('a' + number))),
      address(std::move(host_address)),
      pod_address("10.244." + std::to_string(number) + ".2"),
      number_(number) {
  const auto range = "10.244." + std::to_string(number) + ".";
  run([&] {
    network::shell("ip link add name pods type bridge && ip addr add " + range + "1/24 dev pods && ip link set pods up");
    pod = std::make_unique<network::pod>("pod-" + name, "veth-pod", range + "2/24", range + "1");
    network::shell("ip link set veth-pod master pods && bridge link set dev veth-pod hairpin on");
  });
}

host::~host() {
  run([this] {
    writer_.reset();
    pod.reset();
  });
}

void host::start(plan::mode how) {
  run([&] {
    writer_ = std::make_unique<actors::podnetwork::kernel::kernel_network>(settings_for(name, how));
  });
}

actors::podnetwork::network_report host::reconcile(const std::vector<plan::node_view>& nodes) {
  actors::podnetwork::network_report report;
  run([&] { report = writer_->reconcile(nodes); });
  return report;
}

void host::take_back() {
  run([this] {
    writer_.reset();
    if (auto error = actors::podnetwork::kernel::remove_network(settings_for(name, plan::mode::routes).table); !error.empty())
      throw std::runtime_error(error);
  });
}

plan::node_view host::node(plan::mode how) const {
  return {name, runtime::net::parse_ipv4(address),
          {*runtime::net::parse_ipv4_network("10.244." + std::to_string(number_) + ".0/24")},
          plan::transport_name(settings_for(name, how)), false};
}

plan::network_settings settings_for(const std::string& node, plan::mode how) {
  plan::network_settings result;
  result.node = node;
  result.cluster = *runtime::net::parse_ipv4_network("10.244.0.0/16");
  result.how = how;
  result.table = "troupe-test-pods";
  return result;
}

} // namespace hosts
