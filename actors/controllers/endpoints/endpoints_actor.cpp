// The role: the framework's actor with this controller in it.
#include "actors/controllers/endpoints/endpoints.hpp"
#include "actors/controllers/endpoints/endpoints_controller.hpp"
#include "actors/controllers/framework/controller_actor.hpp"

namespace actors::controllers::endpoints {

namespace {
const framework::controller_descriptor& descriptor() {
  static const framework::controller_descriptor value{
    .name = "endpoints",
    .account = "endpoint-controller",
    .summary = "keeps the Endpoints object of each Service",
    .make = [](const runtime::host::role_context&) -> std::unique_ptr<framework::controller> {
      return std::make_unique<endpoints_controller>();
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

} // namespace actors::controllers::endpoints
