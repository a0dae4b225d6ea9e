// The role: the framework's actor with this controller in it.
#include "actors/controllers/framework/controller_actor.hpp"
#include "actors/controllers/deployment/deployment.hpp"
#include "actors/controllers/deployment/deployment_controller.hpp"

namespace actors::controllers::deployment {

namespace {
const framework::controller_descriptor& descriptor() {
  static const framework::controller_descriptor value{
    .name = "deployment",
    .account = "deployment-controller",
    .summary = "rolls out and scales the ReplicaSets of each Deployment",
    .make = [](const runtime::host::role_context& context) -> std::unique_ptr<framework::controller> {
      return std::make_unique<deployment_controller>(context.clock);
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

} // namespace actors::controllers::deployment
