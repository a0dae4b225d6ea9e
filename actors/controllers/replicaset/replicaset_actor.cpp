// The role: the framework's actor with this controller in it.
#include "actors/controllers/framework/controller_actor.hpp"
#include "actors/controllers/replicaset/replicaset.hpp"
#include "actors/controllers/replicaset/replicaset_controller.hpp"

namespace actors::controllers::replicaset {

namespace {
const framework::controller_descriptor& descriptor() {
  static const framework::controller_descriptor value{
    .name = "replicaset",
    .account = "replicaset-controller",
    .summary = "keeps the wanted number of pods of each ReplicaSet",
    .make = [](const runtime::host::role_context& context) -> std::unique_ptr<framework::controller> {
      return std::make_unique<replicaset_controller>(context.clock);
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

} // namespace actors::controllers::replicaset
