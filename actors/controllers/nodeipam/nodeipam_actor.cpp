// The role: the framework's actor with this controller in it.
#include "actors/controllers/nodeipam/nodeipam.hpp"
#include "actors/controllers/nodeipam/nodeipam_controller.hpp"
#include "actors/controllers/framework/controller_actor.hpp"

namespace actors::controllers::nodeipam {

namespace {

constexpr int64_t mask_size_default = 24;

const framework::controller_descriptor& descriptor() {
  static const framework::controller_descriptor value{
    .name = "nodeipam",
    .account = "node-controller", // shared with nodelifecycle, as upstream
    .summary = "gives each node its range of pod addresses",
    .make = [](const runtime::host::role_context& context) -> std::unique_ptr<framework::controller> {
      return std::make_unique<nodeipam_controller>(
        context.cluster.pod_cidr, static_cast<int>(context.settings.integer("nodeCIDRMaskSize", mask_size_default)), context.log);
    },
  };
  return value;
}
} // namespace

runtime::host::role_descriptor describe() {
  auto result = framework::describe(descriptor(), [](caf::actor_system& system, const runtime::host::role_context& context) {
    return caf::actor_cast<caf::strong_actor_ptr>(system.spawn<framework::controller_actor>(context, descriptor()));
  });
  result.spec.settings = {{.name = "nodeCIDRMaskSize",
                           .type = runtime::placement::setting_type::integer,
                           .help = "prefix length of a node's range",
                           .otherwise = mask_size_default,
                           .min = 8,
                           .max = range_allocator::mask_size_max}};
  return result;
}

} // namespace actors::controllers::nodeipam
