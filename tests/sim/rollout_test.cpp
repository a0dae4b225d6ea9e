// The control plane from one seed: a rollout on hollow nodes, without and with crashes, is the same run twice.
#include <catch2/catch.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

#include "messages/api/apps/v1/deployment_generated.h"
#include "messages/api/core/v1/pod_generated.h"
#include "tests/sim/cluster.hpp"
#include "tests/sim/driver.hpp"

namespace {

using namespace tests::sim;
using actors::client::draft;

draft web(int replicas, std::string_view image) {
  const draft labels = draft::make_object({{"app", "web"}});
  const draft container = draft::make_object({{"name", "web"}, {"image", image}});
  return draft::make_object({
    {"apiVersion", "apps/v1"},
    {"kind", "Deployment"},
    {"metadata", draft::make_object({{"name", "web"}, {"namespace", "default"}})},
    {"spec", draft::make_object({
               {"replicas", replicas},
               {"selector", draft::make_object({{"matchLabels", labels}})},
               {"template", draft::make_object({{"metadata", draft::make_object({{"labels", labels}})},
                                                {"spec", draft::make_object({{"containers", draft::make_array({container})}})}})},
             })},
  });
}

struct outcome {
  uint64_t hash = 0;
  uint64_t steps = 0;
  std::string state;
};

/// A deployment of five, then a new image; `crashes`: roles are killed on the way, chosen by the seed.
outcome run(uint64_t seed, bool crashes) {
  cluster sim{seed, 4};
  auto handle = sim.system().spawn<driver>(sim.context("driver", "driver"));
  auto& self = *static_cast<driver*>(caf::actor_cast<caf::abstract_actor*>(handle));
  std::mt19937_64 chance{seed};
  const auto ready = [&](const char* image) {
    const auto* item = self.deployments->find("default/web");
    if (item == nullptr)
      return false;
    const auto& deployment = item->as<messages::api::apps::v1::Deployment>();
    int with_image = 0;
    for (const auto& [key, pod] : self.pods->entries())
      with_image += pod.as<messages::api::core::v1::Pod>().spec()->containers()->Get(0)->image()->str() == image ? 1 : 0;
    const auto* status = deployment.status();
    return status != nullptr && status->availableReplicas() == 5 && status->updatedReplicas() == 5 && status->replicas() == 5 &&
           with_image == 5 && self.pods->size() == 5;
  };
  const auto crash_some = [&](const std::function<bool()>& done) {
    for (int i = 0; crashes && i < 6; ++i) {
      const uint64_t pause = 50 + chance() % 400;
      const uint64_t until = sim.steps() + pause;
      sim.run_until([&] { return done() || sim.steps() >= until; }, std::chrono::seconds{60});
      const auto roles = sim.roles();
      sim.crash(roles[chance() % roles.size()]);
    }
  };
  REQUIRE(sim.run_until([&] { return self.nodes != nullptr && self.api.synced() && self.nodes->size() == 4; }, std::chrono::seconds{60}));
  // The namespace appears with the apiserver; until then the API refuses, and the client tries again.
  bool created = false;
  const std::function<void()> create = [&] {
    self.api.create(actors::client::deployments, web(5, "web:v1"), [&](const actors::client::api_result& result) {
      created |= result.ok() || result.already_exists();
      if (!created)
        self.api.after(std::chrono::milliseconds{100}, create);
    });
  };
  self.api.after(std::chrono::milliseconds{0}, create); // runs on the driver's actor
  REQUIRE(sim.run_until([&] { return created; }, std::chrono::seconds{60}));
  crash_some([&] { return ready("web:v1"); });
  {
    INFO("seed " << seed);
    REQUIRE(sim.run_until([&] { return ready("web:v1"); }, std::chrono::seconds{600}));
  }
  bool changed = false;
  const draft patch = draft::make_object(
    {{"spec", draft::make_object({{"template", draft::make_object({{"spec", draft::make_object({{"containers",
      draft::make_array({draft::make_object({{"name", "web"}, {"image", "web:v2"}})})}})}})}})}});
  const std::function<void()> change = [&] {
    self.api.patch(actors::client::deployments, "", "default", "web", actors::client::protocol::PatchKind::strategic_merge, patch,
                   [&](const actors::client::api_result& result) {
                     changed |= result.ok();
                     if (!changed)
                       self.api.after(std::chrono::milliseconds{100}, change);
                   });
  };
  self.api.after(std::chrono::milliseconds{0}, change);
  REQUIRE(sim.run_until([&] { return changed; }, std::chrono::seconds{60}));
  crash_some([&] { return ready("web:v2"); });
  {
    INFO("seed " << seed);
    REQUIRE(sim.run_until([&] { return ready("web:v2"); }, std::chrono::seconds{600}));
  }
  outcome result{sim.trace_hash(), sim.steps(), sim.state()};
  caf::anon_send_exit(handle, caf::exit_reason::kill);
  return result;
}

/// SIM_SEEDS=FIRST-LAST runs those instead, e.g. to replay one that failed (SIM_SEEDS=17-17) or to search for more.
std::pair<uint64_t, uint64_t> seeds() {
  const char* asked = std::getenv("SIM_SEEDS");
  if (asked == nullptr)
    return {1, 10};
  unsigned long first = 0, last = 0;
  if (std::sscanf(asked, "%lu-%lu", &first, &last) != 2 || first > last)
    FAIL("SIM_SEEDS is FIRST-LAST, not " << asked);
  return {first, last};
}

} // namespace

TEST_CASE("a rollout on hollow nodes is the same run twice for one seed") {
  const auto first = run(7, false);
  const auto second = run(7, false);
  fmt::print("seed 7: {} steps, trace hash {:016x}\n", first.steps, first.hash);
  CHECK(first.hash == second.hash);
  CHECK(first.state == second.state);
  CHECK(run(8, false).hash != first.hash);
}

TEST_CASE("a rollout ends well whatever role crashes on the way") {
  const auto [first_seed, last_seed] = seeds();
  for (uint64_t seed = first_seed; seed <= last_seed; ++seed) {
    CAPTURE(seed);
    const auto first = run(seed, true);
    fmt::print("seed {}: {} steps, trace hash {:016x}\n", seed, first.steps, first.hash);
    if (seed <= 2) {
      const auto second = run(seed, true);
      CHECK(first.hash == second.hash);
      CHECK(first.state == second.state);
    }
  }
}
