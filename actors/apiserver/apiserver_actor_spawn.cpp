// The actor without its front.
#include "actors/apiserver/apiserver.hpp"
#include "actors/apiserver/apiserver_actor.hpp"

namespace actors::apiserver {

caf::strong_actor_ptr spawn_without_front(caf::actor_system& system, const runtime::host::role_context& context) {
  return caf::actor_cast<caf::strong_actor_ptr>(system.spawn<apiserver>(context, front_factory{}));
}

} // namespace actors::apiserver
