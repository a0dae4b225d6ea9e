#include "runtime/host/system_config.hpp"

#include "runtime/seams/random.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <thread>

namespace runtime::host {

namespace {

/// CAF derives a node's id from MAC addresses and the process id: two containers, or a restart with the same
/// process id, would be one node to their peers. This module replaces it with a random one. It must come after
/// the middleman, hence the id of a module that we never load.
class random_node_id final : public caf::actor_system::module {
public:
  explicit random_node_id(caf::actor_system& system) : system_(system) {
  }

  void start() override {
  }
  void stop() override {
  }

  void init(caf::actor_system_config&) override {
    seams::system_random random;
    caf::node_id::default_data::host_id_type host;
    random.fill(host.data(), host.size());
    const_cast<caf::node_id&>(system_.node()) = caf::make_node_id(static_cast<uint32_t>(random.uint64()), host);
  }

  id_t id() const override {
    return opencl_manager;
  }

  void* subtype_ptr() override {
    return this;
  }

private:
  caf::actor_system& system_;
};

} // namespace

system_config::system_config(size_t threads) {
  // Measured: three times the remote requests of work stealing.
  set("scheduler.policy", caf::atom("sharing"));
  // One for each processor, not CAF's four at least: nothing blocks on them, and what waits for a processor anyway only costs switches.
  set("scheduler.max-threads", threads > 0 ? threads : std::max<size_t>(2, std::thread::hardware_concurrency()));
  module_factories.push_back([](caf::actor_system& system) { return new random_node_id{system}; });
}

} // namespace runtime::host
