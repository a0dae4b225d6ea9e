// Wiring, and the loop that owns order and time.
#include "tests/sim/cluster.hpp"

#include <fmt/format.h>

#include "actors/apiserver/apiserver.hpp"
#include "actors/controllers/deployment/deployment.hpp"
#include "actors/controllers/replicaset/replicaset.hpp"
#include "actors/kubelet/kubelet.hpp"
#include "actors/scheduler/scheduler.hpp"
#include "actors/store/store.hpp"
#include "runtime/protocols/register.hpp"

namespace tests::sim {

namespace {
constexpr int64_t start_us = 1'767'225'600'000'000; // 2026-01-01
constexpr const char* shards[] = {"events", "leases", "main", "pods"};
} // namespace

cluster::config::config() {
  set("scheduler.policy", caf::atom("testing"));
  set("logger.console", caf::atom("none"));
  runtime::protocols::register_messages(*this);
}

cluster::cluster(uint64_t seed, int hollow_nodes)
    : order_(seed), clock_(std::make_shared<runtime::seams::actor_clock>(system_, start_us)),
      random_(std::make_shared<runtime::seams::seeded_random>(seed)) {
  directory_ = runtime::directory::spawn(system_, "sim", {});
  for (const char* shard : shards) {
    const std::string id = std::string{"store/"} + shard;
    engines_[id] = storage::memory::open();
    starters_[id] = [this, id, shard = std::string{shard}] {
      actors::store::shard_options options;
      options.shard = shard;
      options.open = [engine = engines_[id]] { return engine; };
      options.own_threads = false;
      options.clock = clock_;
      options.on_ready = [this, id](const caf::strong_actor_ptr& self) {
        caf::anon_send(directory_, runtime::directory::register_role{id, self, {}});
      };
      return caf::actor_cast<caf::strong_actor_ptr>(actors::store::spawn_shard(system_, options));
    };
  }
  starters_["apiserver/sim"] = [this] {
    return actors::apiserver::spawn_without_front(system_, context("apiserver/sim", "apiserver"));
  };
  const auto add = [this](const std::string& id, const runtime::host::role_descriptor& role, std::map<std::string, runtime::placement::setting_value, std::less<>> settings) {
    starters_[id] = [this, id, role, settings] {
      auto own = context(id, role.spec.name);
      own.settings = runtime::placement::role_settings{settings};
      return role.spawn(system_, own);
    };
  };
  add("controllers/deployment", actors::controllers::deployment::describe(), {});
  add("controllers/replicaset", actors::controllers::replicaset::describe(), {});
  add("scheduler", actors::scheduler::describe(), {});
  for (int64_t i = 0; i < hollow_nodes; ++i)
    add(fmt::format("kubelet/hollow-{}", i), actors::kubelet::describe(),
        {{"node", fmt::format("hollow-{}", i)}, {"hollowIndex", i}});
  for (const auto& [id, starter] : starters_)
    start(id);
}

cluster::~cluster() {
  for (auto& [id, handle] : running_)
    caf::anon_send_exit(caf::actor_cast<caf::actor>(handle), caf::exit_reason::kill);
  running_.clear();
  caf::anon_send_exit(directory_, caf::exit_reason::kill);
  directory_ = nullptr;
  auto& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  while (scheduler.has_job())
    scheduler.run_once();
  starters_.clear();
}

runtime::host::role_context cluster::context(const std::string& id, const std::string& role) {
  runtime::host::role_context result;
  result.id = id;
  result.role = role;
  result.host = "sim";
  result.directory = directory_;
  result.clock = clock_;
  result.random = random_;
  return result;
}

void cluster::start(const std::string& id) {
  running_[id] = starters_[id]();
}

void cluster::crash(const std::string& id) {
  caf::anon_send_exit(caf::actor_cast<caf::actor>(running_.at(id)), caf::exit_reason::kill);
  // A shard's successor opens the same engine, so the predecessor must have ended.
  auto& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  while (scheduler.has_job())
    scheduler.run_once();
  start(id);
}

std::vector<std::string> cluster::roles() const {
  std::vector<std::string> result;
  for (const auto& [id, handle] : running_)
    result.push_back(id);
  return result;
}

void cluster::mix(uint64_t value) {
  hash_ = (hash_ ^ value) * 1099511628211ull;
}

bool cluster::run_until(const std::function<bool()>& done, std::chrono::seconds limit) {
  auto& scheduler = dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler());
  const auto deadline = scheduler.clock().now() + limit;
  while (!done()) {
    if (scheduler.has_job()) {
      auto& jobs = scheduler.jobs;
      std::swap(jobs[0], jobs[order_() % jobs.size()]);
      if (const auto* actor = dynamic_cast<caf::abstract_actor*>(jobs[0]))
        mix(actor->id());
      mix(static_cast<uint64_t>(scheduler.clock().now().time_since_epoch().count()));
      scheduler.run_once();
      ++steps_;
      continue;
    }
    if (scheduler.clock().now() >= deadline || !scheduler.clock().has_pending_timeout())
      return false;
    scheduler.trigger_timeout();
  }
  return true;
}

std::string cluster::state() {
  std::string result;
  for (const auto& [id, engine] : engines_) {
    std::string after;
    for (bool more = true; more;) {
      const auto page = engine->range("/", after, 500, 0);
      for (const auto& record : page.records) {
        result += fmt::format("{} {} {} {}\n", record.key, record.created, record.modified, record.value.size());
        after = record.key;
      }
      more = page.more;
    }
  }
  return result;
}

} // namespace tests::sim
