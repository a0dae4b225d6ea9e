// Several apiservers with their HTTPS fronts over one set of store shards in memory. Commands come line by line:
// "start N", "kill N"; each is answered with "done". Ends with its input.
//
//   apiservers_under_test FOLDER PUBLIC_ADDRESS PORT...
#include <caf/all.hpp>

#include <filesystem>
#include <iostream>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "actors/apiserver/apiserver.hpp"
#include "actors/store/store.hpp"
#include "runtime/protocols/register.hpp"
#include "runtime/seams/clock.hpp"
#include "runtime/seams/random.hpp"
#include "storage/memory/memory_engine.hpp"

namespace {

struct config : caf::actor_system_config {
  config() {
    set("logger.console", caf::atom("none"));
    runtime::protocols::register_messages(*this);
  }
};

struct apiservers {
  caf::actor_system& system;
  std::filesystem::path folder;
  std::string public_address;
  std::vector<std::string> ports;
  runtime::seams::clock_ptr clock = std::make_shared<runtime::seams::system_clock>();
  runtime::directory::handle directory = runtime::directory::spawn(system, "all", {});
  std::map<size_t, caf::strong_actor_ptr> running;
  std::vector<caf::strong_actor_ptr> shards;
  std::filesystem::path shared = {}; // api-ca.crt, api-ca.key

  void start_shards() {
    for (const std::string name : {"events", "leases", "main", "pods"}) {
      actors::store::shard_options options;
      options.shard = name;
      options.open = [engine = std::shared_ptr<storage::engine>(storage::memory::open())] { return engine; };
      options.clock = clock;
      options.on_ready = [this, name](const caf::strong_actor_ptr& self) {
        caf::anon_send(directory, runtime::directory::register_role{"store/" + name, self, {}});
      };
      shards.push_back(caf::actor_cast<caf::strong_actor_ptr>(actors::store::spawn_shard(system, options)));
    }
  }

  void start(size_t index) {
    runtime::host::role_context context;
    context.host = "host-" + std::to_string(index);
    context.id = "apiserver/" + context.host;
    context.role = "apiserver";
    context.directory = directory;
    context.clock = clock;
    context.random = std::make_shared<runtime::seams::system_random>();
    context.data = folder / context.host;
    context.pki = shared;
    context.settings.set("address", "127.0.0.1:" + ports.at(index));
    context.settings.set("publicAddress", public_address);
    running[index] = actors::apiserver::describe().spawn(system, context);
  }

  /// The first one makes a CA, which is then given to all, as `troupe pki init` does for hosts.
  void start_all() {
    start(0);
    const auto first = folder / "host-0";
    for (int tries = 0; !std::filesystem::exists(first / "admin.kubeconfig"); ++tries) {
      if (tries == 1'000)
        throw std::runtime_error("the first apiserver does not start");
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    shared = folder / "shared";
    std::filesystem::create_directories(shared);
    for (const std::string end : {".crt", ".key"})
      std::filesystem::copy_file(first / "pki" / ("ca" + end), shared / ("api-ca" + end));
    for (size_t i = 1; i < ports.size(); ++i)
      start(i);
  }

  void kill(size_t index) {
    caf::scoped_actor self{system};
    const auto found = running.extract(index);
    if (found.empty())
      return;
    self->monitor(caf::actor_cast<caf::actor>(found.mapped()));
    caf::anon_send_exit(caf::actor_cast<caf::actor>(found.mapped()), caf::exit_reason::kill);
    self->receive([](const caf::down_msg&) {});
  }
};

int run(caf::actor_system& system, int argc, char** argv) {
  if (argc < 4) {
    std::cerr << "usage: apiservers_under_test FOLDER PUBLIC_ADDRESS PORT...\n";
    return 2;
  }
  apiservers all{system, argv[1], argv[2], {argv + 3, argv + argc}};
  all.start_shards();
  all.start_all();
  std::string command;
  size_t index = 0;
  while (std::cin >> command >> index) {
    command == "kill" ? all.kill(index) : all.start(index);
    std::cout << "done" << std::endl;
  }
  while (!all.running.empty())
    all.kill(all.running.begin()->first);
  for (const auto& shard : all.shards)
    caf::anon_send_exit(caf::actor_cast<caf::actor>(shard), caf::exit_reason::kill);
  caf::anon_send_exit(all.directory, caf::exit_reason::kill);
  return 0;
}

} // namespace

int main(int argc, char** argv) {
  config settings;
  caf::actor_system system{settings};
  return run(system, argc, argv);
}
