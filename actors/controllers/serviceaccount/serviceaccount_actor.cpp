// The role: the framework's actor with this controller in it.
#include "actors/controllers/serviceaccount/serviceaccount.hpp"
#include "actors/controllers/serviceaccount/serviceaccount_controller.hpp"
#include "actors/controllers/framework/controller_actor.hpp"

namespace actors::controllers::serviceaccount {

namespace {
const framework::controller_descriptor& descriptor() {
  static const framework::controller_descriptor value{
    .name = "serviceaccount",
    .account = "service-account-controller",
    .summary = "keeps the ServiceAccount default in every namespace",
    .make = [](const runtime::host::role_context&) -> std::unique_ptr<framework::controller> {
      return std::make_unique<serviceaccount_controller>();
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

} // namespace actors::controllers::serviceaccount
