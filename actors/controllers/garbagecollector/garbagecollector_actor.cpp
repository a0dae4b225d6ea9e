// The role: the framework's actor with this controller in it.
#include "actors/controllers/garbagecollector/garbagecollector.hpp"
#include "actors/controllers/garbagecollector/garbagecollector_controller.hpp"
#include "actors/controllers/framework/controller_actor.hpp"

namespace actors::controllers::garbagecollector {

namespace {
const framework::controller_descriptor& descriptor() {
  static const framework::controller_descriptor value{
    .name = "garbagecollector",
    .account = "generic-garbage-collector",
    .summary = "deletes objects whose owners are gone",
    .make = [](const runtime::host::role_context&) -> std::unique_ptr<framework::controller> {
      return std::make_unique<garbagecollector_controller>();
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

} // namespace actors::controllers::garbagecollector
