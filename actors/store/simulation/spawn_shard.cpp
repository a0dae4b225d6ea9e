#include "actors/store/simulation/spawn_shard.hpp"

#include "actors/store/store.hpp"

namespace actors::store {

caf::strong_actor_ptr spawn_simulated_shard(caf::actor_system& system, const runtime::host::role_context& context,
                                            std::shared_ptr<simulated_disk> disk,
                                            std::function<void(const caf::strong_actor_ptr&)> on_committer) {
  shard_options options;
  options.shard = context.id.substr(context.id.find('/') + 1);
  options.open = [disk = std::move(disk)] { return disk->open(); };
  options.bounds.history_seconds = context.settings.integer("history", options.bounds.history_seconds);
  options.own_threads = false;
  options.clock = context.clock;
  options.log = context.log;
  options.on_part = [context, told = std::move(on_committer)](const std::string& name, const caf::strong_actor_ptr& part) {
    runtime::host::enroll_part(context, name, part);
    told(part);
  };
  options.on_ready = [context](const caf::strong_actor_ptr& self) { runtime::host::announce_ready(context, self); };
  return caf::actor_cast<caf::strong_actor_ptr>(spawn_shard(system, std::move(options)));
}

} // namespace actors::store
