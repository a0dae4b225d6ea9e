// The role: the framework's actor with this controller in it.
#include "actors/controllers/nodelifecycle/nodelifecycle.hpp"
#include "actors/controllers/nodelifecycle/nodelifecycle_controller.hpp"
#include "actors/controllers/framework/controller_actor.hpp"

namespace actors::controllers::nodelifecycle {

namespace {
const framework::controller_descriptor& descriptor() {
  static const framework::controller_descriptor value{
    .name = "nodelifecycle",
    .account = "node-controller",
    .summary = "notices lost nodes, taints them and evicts their pods",
    .make = [](const runtime::host::role_context& context) -> std::unique_ptr<framework::controller> {
      return std::make_unique<nodelifecycle_controller>(context.clock);
    },
  };
  return value;
}
} // namespace

runtime::host::role_descriptor describe() {
  return framework::describe(descriptor(), [](caf::actor_system& system, const runtime::host::role_context& context) {
    return caf::actor_cast<caf::strong_actor_ptr>(system.spawn<framework::controller_actor>(context, descriptor()));
  });
}

} // namespace actors::controllers::nodelifecycle
