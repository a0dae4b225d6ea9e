// The role: the framework's actor with this controller in it.
#include "actors/controllers/podgc/podgc.hpp"
#include "actors/controllers/framework/controller_actor.hpp"
#include "actors/controllers/podgc/podgc_controller.hpp"

namespace actors::controllers::podgc {

namespace {

constexpr const char* threshold_setting = "terminatedPodGCThreshold";

const framework::controller_descriptor& descriptor() {
  static const framework::controller_descriptor value{
    .name = "podgc",
    .account = "pod-garbage-collector",
    .summary = "removes pods of nodes that are gone, and finished pods beyond a number",
    .make = [](const runtime::host::role_context& context) -> std::unique_ptr<framework::controller> {
      return std::make_unique<podgc_controller>(
        context.clock, context.log, context.settings.integer(threshold_setting, terminated_threshold_default));
    },
  };
  return value;
}
} // namespace

runtime::host::role_descriptor describe() {
  auto result = framework::describe(descriptor(), [](caf::actor_system& system, const runtime::host::role_context& context) {
    return caf::actor_cast<caf::strong_actor_ptr>(system.spawn<framework::controller_actor>(context, descriptor()));
  });
  result.spec.settings = {{.name = threshold_setting,
                           .type = runtime::placement::setting_type::integer,
                           .help = "finished pods that are kept; the oldest beyond are deleted. 0: all are kept",
                           .otherwise = terminated_threshold_default,
                           .min = 0,
                           .max = terminated_threshold_max}};
  return result;
}

} // namespace actors::controllers::podgc
