#include "actors/store/simulation/spawn_shard.hpp"

#include "actors/store/store.hpp"

namespace actors::store {

namespace {

/// So small that an apiserver that stands still falls behind.
constexpr int64_t backlog_max = 30;
constexpr size_t window_max = 4;
/// So small that the copy of a simulated shard takes several pages, and is asked for while it lacks some.
constexpr size_t page_bytes = 12 * 1'024;
constexpr size_t page_bytes_min = 2 * 1'024;
constexpr int64_t lag_max = 16;

} // namespace

caf::strong_actor_ptr spawn_simulated_shard(caf::actor_system& system, const runtime::host::role_context& context,
                                            simulated_shard parts) {
  auto options = options_of(context, std::move(parts.open));
  options.own_threads = false;
  options.commits_lone_writes = false; // a slow disk is a committer that waits
  options.bounds.watch_backlog_max = backlog_max;
  options.bounds.watch_window_max = window_max;
  options.bounds.copy_page_bytes = page_bytes;
  options.bounds.copy_page_bytes_min = page_bytes_min;
  options.bounds.hand_over_lag_max = lag_max;
  options.on_part = [context, told = std::move(parts.on_committer)](const std::string& name, const caf::strong_actor_ptr& part) {
    runtime::host::enroll_part(context, name, part);
    told(part);
  };
  return caf::actor_cast<caf::strong_actor_ptr>(spawn_shard(system, std::move(options)));
}

} // namespace actors::store
