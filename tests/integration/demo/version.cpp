// Another version of the ReplicaSet controller for tools/demo to swap in: the built-in rules under another name.
#include "actors/controllers/replicaset/replicaset_controller.hpp"
#include "runtime/hotswap/plugin.hpp"

TROUPE_PLUGIN("controllers/replicaset", "demo 1",
              [](const runtime::hotswap::role_context& context) -> std::unique_ptr<runtime::hotswap::swappable> {
                return std::make_unique<actors::controllers::replicaset::replicaset_controller>(context.clock);
              })
