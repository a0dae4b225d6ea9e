#include "actors/store/store.hpp"

#include "actors/store/decide_leftover.hpp"
#include "runtime/host/placement_file.hpp"
#include "runtime/host/shard_folder.hpp"
#include "runtime/protocols/register.hpp"
#include "storage/lmdb/lmdb_engine.hpp"

#include <filesystem>
#include <mutex>
#include <set>
#include <thread>

namespace actors::store {

namespace {

// "store/pods" -> "pods"
std::string shard_of(const std::string& id) { return id.substr(id.find('/') + 1); }

// An empty folder becomes a new shard only when the cluster is made: before a placement was ever in force on this host. After that the
// shard's data is on another host, and this is to be a copy of it. A host alone has no other.
bool is_elsewhere(const runtime::host::role_context& ctx) {
  return ctx.mesh != nullptr && runtime::host::has_placement(ctx.data);
}

// In the directory the highest epoch counts: a former shard has the one before its successor's.
int64_t epoch_of(const storage::owner_record& owner) {
  return owner.state == storage::owner_state::handed_over ? owner.epoch - 1 : owner.epoch;
}

// The stores that this process has opened before. Any thread.
class opened_folders {
public:
  bool contains(const std::filesystem::path& folder) const {
    std::lock_guard held(mutex_);
    return folders_.contains(folder);
  }
  void add(const std::filesystem::path& folder) {
    std::lock_guard held(mutex_);
    folders_.insert(folder);
  }

private:
  mutable std::mutex mutex_;
  std::set<std::filesystem::path> folders_;
};

caf::strong_actor_ptr spawn_role(caf::actor_system& system, const runtime::host::role_context& ctx) {
  static const auto before = std::make_shared<opened_folders>();
  auto open = [ctx, folder = runtime::host::shard_folder(ctx.data, shard_of(ctx.id))]() -> std::shared_ptr<storage::engine> {
    storage::lmdb::options how{.folder = folder};
    how.as_copy = is_elsewhere(ctx);
    // A host does not start on a damaged value: its apiserver would read it at once, and never be up. A shard that is started again
    // is there for those who have read it before.
    how.check_values = !before->contains(folder);
    std::shared_ptr<storage::engine> engine = storage::lmdb::open(how);
    before->add(folder);
    return engine;
  };
  return caf::actor_cast<caf::strong_actor_ptr>(spawn_shard(system, options_of(ctx, std::move(open))));
}

// A committer that ends may hold the folder until its sync returns.
std::shared_ptr<storage::engine> open_released(const std::filesystem::path& folder) {
  for (const auto until = std::chrono::steady_clock::now() + limits{}.open_wait_max;;) {
    try {
      return storage::lmdb::open({folder});
    } catch (const storage::error& e) {
      if (e.code() != storage::error_code::locked || std::chrono::steady_clock::now() >= until)
        throw;
      std::this_thread::sleep_for(limits{}.open_retry);
    }
  }
}

// After this host has lost the shard to another one.
void take_back(const runtime::host::role_context& ctx) {
  const auto shard = shard_of(ctx.id);
  const auto folder = runtime::host::shard_folder(ctx.data, shard);
  if (!runtime::host::has_shard_folder(ctx.data, shard))
    return;
  const auto owner = open_released(folder)->owner();
  const auto aside = runtime::host::former_shard_folder(ctx.data, shard);
  switch (decide_leftover(owner.state)) {
    case leftover::set_aside:
      std::filesystem::remove_all(aside);
      std::filesystem::rename(folder, aside);
      ctx.log.info("the data that was handed over is set aside", {{"folder", aside.string()}, {"to", owner.peer}});
      return;
    case leftover::remove:
      std::filesystem::remove_all(folder);
      ctx.log.info("the copy that was given up is removed", {{"shard", shard}, {"from", owner.peer}});
      return;
    case leftover::stay:
      ctx.log.warning("the folder stays: its data is not on another host", {{"folder", folder.string()}});
      return;
  }
}

} // namespace

shard_options options_of(const runtime::host::role_context& ctx, std::function<std::shared_ptr<storage::engine>()> open) {
  shard_options options;
  options.shard = shard_of(ctx.id);
  options.host = ctx.host;
  options.random = ctx.random;
  auto opened = std::make_shared<std::weak_ptr<storage::engine>>();
  options.open = [open = std::move(open), opened] {
    auto engine = open();
    *opened = engine;
    return engine;
  };
  options.bounds.history_seconds = ctx.settings.integer("history", options.bounds.history_seconds);
  if (ctx.revisions)
    options.revision = ctx.revisions->of(options.shard);
  options.clock = ctx.clock;
  options.log = ctx.log;
  options.on_part = [ctx](const std::string& name, const caf::strong_actor_ptr& part) {
    runtime::host::enroll_part(ctx, name, part);
  };
  options.find_source = [ctx](const caf::strong_actor_ptr& self) {
    caf::anon_send(ctx.directory, runtime::directory::subscribe{ctx.id, self});
  };
  options.on_ready = [ctx, opened](const caf::strong_actor_ptr& self) {
    const auto engine = opened->lock();
    const auto epoch = engine ? epoch_of(engine->owner()) : 0;
    caf::anon_send(ctx.directory, runtime::directory::register_role{ctx.id, self, {}, epoch});
  };
  return options;
}

runtime::host::role_descriptor describe() {
  using runtime::placement::setting_type;
  runtime::host::role_descriptor role;
  role.spec.name = "store";
  role.spec.summary = "keeps objects durably, one actor per shard, and pushes changes to apiservers";
  role.spec.naming = runtime::placement::instance_naming::per_shard;
  role.spec.required = true;
  const std::vector<std::string> shards{"pods", "events", "leases", "main"};
  role.spec.settings = {
    {.name = "engine",
     .type = setting_type::choice,
     .help = "how objects are stored",
     .otherwise = std::string("lmdb"),
     .choices = {"lmdb"}},
    {.name = "shards",
     .type = setting_type::choices,
     .help = "which shards this host has",
     .otherwise = shards,
     .choices = shards},
    {.name = "history",
     .type = setting_type::integer,
     .help = "seconds that past revisions are kept for watches and paginated lists",
     .otherwise = int64_t{300},
     .min = 10,
     .max = 86'400},
  };
  role.phase = runtime::host::start_phase::store;
  role.ready = runtime::host::readiness::when_registered;
  role.start_failure_is_fatal =
    true; // a disk that cannot be opened, a folder in use: the operator waits for the reason
  role.restart = runtime::supervision::restart_policy::permanent;
  role.shutdown = std::chrono::seconds(10);
  role.spawn = spawn_role;
  role.take_back = take_back;
  return role;
}

} // namespace actors::store
