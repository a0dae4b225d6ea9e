// The troupe program with roles made for the test: one that owns a port, one that fails, one that does not stop.
#include "actors/host/commands.hpp"
#include "runtime/host/local_roles.hpp"
#include "runtime/placement/placement.hpp"
#include "runtime/telemetry/metered.hpp"

#include <arpa/inet.h>
#include <cstring>
#include <sys/socket.h>
#include <unistd.h>

using namespace runtime;
using host::role_context;
using self_ptr_base = telemetry::metered<caf::event_based_actor>;

namespace {

/// Says when it ends, so that the test sees the order.
struct lifetime {
  telemetry::logger log;
  int socket = -1;
  ~lifetime() {
    log.info("released");
    if (socket >= 0)
      close(socket);
  }
};

using self_ptr = caf::stateful_actor<lifetime, self_ptr_base>*;

caf::behavior steady(self_ptr self, const role_context& ctx) {
  self->state.log = ctx.log;
  return {[](int) {}};
}

caf::behavior front(self_ptr self, const role_context& ctx) {
  self->state.log = ctx.log;
  auto address = ctx.settings.text("address");
  auto colon = address.rfind(':');
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_port = htons(static_cast<uint16_t>(std::stoi(address.substr(colon + 1))));
  inet_pton(AF_INET, address.substr(0, colon).c_str(), &in.sin_addr);
  self->state.socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (bind(self->state.socket, reinterpret_cast<sockaddr*>(&in), sizeof in) != 0)
    throw std::runtime_error("bind " + address + ": " + std::strerror(errno));
  host::announce_ready(ctx, caf::actor_cast<caf::strong_actor_ptr>(self));
  return {[](int) {}};
}

caf::behavior crashing(self_ptr self, const role_context& ctx) {
  self->state.log = ctx.log;
  self->delayed_send(self, std::chrono::milliseconds(1), 1);
  return {[](int) { throw std::runtime_error("it always breaks"); }};
}

caf::behavior stubborn(self_ptr self, const role_context& ctx) {
  self->state.log = ctx.log;
  self->set_exit_handler([](caf::exit_msg&) {});
  return {[](int) {}};
}

/// Starts the singletons of this host at once, where the real keeper first agrees with the others.
caf::behavior keeper(self_ptr self, const role_context& ctx) {
  self->state.log = ctx.log;
  if (auto roles = ctx.roles.lock())
    for (auto& role : ctx.boot->value.of_host(ctx.host))
      if (!role.hosts.empty())
        roles->start(role, nullptr);
  return {[](int) {}};
}

template <caf::behavior (*Run)(self_ptr, const role_context&), caf::spawn_options Options = caf::no_spawn_options>
caf::strong_actor_ptr spawn(caf::actor_system& system, const role_context& ctx) {
  return caf::actor_cast<caf::strong_actor_ptr>(system.spawn<Options>(Run, ctx));
}

std::vector<host::role_descriptor> roles() {
  using namespace placement;
  using host::start_phase;
  return {{.spec = {.name = "store",
                    .naming = instance_naming::per_shard,
                    .settings = {{.name = "shards", .type = setting_type::choices,
                                  .otherwise = std::vector<std::string>{"pods", "main"}, .choices = {"pods", "main"}}},
                    .required = true},
           .phase = start_phase::store,
           .spawn = spawn<steady, caf::detached>},
          {.spec = {.name = "apiserver",
                    .naming = instance_naming::per_host,
                    .settings = {{.name = "address", .type = setting_type::address, .required = true}}},
           .phase = start_phase::apiserver,
           .ready = host::readiness::when_registered,
           .start_failure_is_fatal = true,
           .spawn = spawn<front>},
          {.spec = {.name = "keeper", .naming = instance_naming::per_host},
           .phase = start_phase::keeper,
           .implicit = true,
           .spawn = spawn<keeper>},
          {.spec = {.name = "scheduler"}, .phase = start_phase::scheduler, .spawn = spawn<steady>},
          {.spec = {.name = "crashing"}, .phase = start_phase::kubelet, .spawn = spawn<crashing>},
          {.spec = {.name = "stubborn"},
           .phase = start_phase::kubelet,
           .shutdown = std::chrono::milliseconds(300),
           .spawn = spawn<stubborn>}};
}

} // namespace

int main(int argc, char** argv) {
  return actors::host::run({argv + 1, argv + argc}, roles());
}
