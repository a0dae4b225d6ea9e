#include "actors/host/simulation/shrink.hpp"

#include "runtime/placement/duration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace actors::host::simulation {

namespace {

constexpr size_t runs_max = 200;

std::set<std::string> checkers_of(const run_result& result) {
  std::set<std::string> names;
  for (const auto& each : result.violations)
    names.insert(each.checker);
  return names;
}

/// Everything that is one step smaller, the largest steps first.
std::vector<scenario> smaller(const scenario& plan) {
  std::vector<scenario> result;
  const auto add = [&](auto change) {
    auto next = plan;
    change(next);
    result.push_back(std::move(next));
  };
  for (size_t i = 0; i < plan.faults.size(); ++i)
    add([&](scenario& next) { next.faults.erase(next.faults.begin() + static_cast<long>(i)); });
  if (plan.run > milliseconds{2'000})
    add([](scenario& next) { next.run /= 2; });
  for (size_t i = 0; plan.workloads.size() > 1 && i < plan.workloads.size(); ++i)
    add([&](scenario& next) { next.workloads.erase(next.workloads.begin() + static_cast<long>(i)); });
  for (size_t i = 0; i < plan.workloads.size(); ++i) {
    if (plan.workloads[i].name == "mix")
      for (const char* part : {"rollouts", "scale", "endpoints", "namespaces", "nodes", "registers"})
        add([&](scenario& next) { next.workloads[i].name = part; });
    if (plan.workloads[i].count > 1)
      add([&](scenario& next) { next.workloads[i].count /= 2; });
  }
  if (plan.shape.nodes > plan.shape.hosts)
    add([](scenario& next) { next.shape.nodes = next.shape.hosts; });
  if (plan.run > milliseconds{2'000})
    add([](scenario& next) { next.run = next.run * 4 / 5; });
  return result;
}

} // namespace

shrunk shrink(const scenario& plan, const run_options& options, const run_result& failed,
              const std::function<void(const scenario&)>& on_step) {
  const auto wanted = checkers_of(failed);
  shrunk best{plan, failed};
  for (bool progress = true; progress && best.runs < runs_max;) {
    progress = false;
    for (auto& next : smaller(best.plan)) {
      if (++best.runs > runs_max)
        break;
      auto result = run(next, options);
      const auto found = checkers_of(result);
      if (std::none_of(found.begin(), found.end(), [&](const auto& name) { return wanted.count(name) > 0; }))
        continue;
      best.plan = std::move(next);
      best.result = std::move(result);
      on_step(best.plan);
      progress = true;
      break;
    }
  }
  return best;
}

std::string to_yaml(const scenario& plan) {
  using runtime::placement::to_text;
  std::string text = "apiVersion: troupe.dev/v1\nkind: Scenario\n";
  if (!plan.description.empty())
    text += fmt::format("description: \"{}\"\n", plan.description);
  text += fmt::format("cluster: {{ hosts: {}, nodes: {}, apiservers: {}, singletonHosts: {}, history: {}s }}\n", plan.shape.hosts,
                      plan.shape.nodes, plan.shape.apiservers, plan.shape.singleton_hosts, plan.shape.history_seconds);
  text += fmt::format("run: {}\nsettle: {}\nquiet: {}\n", to_text(plan.run), to_text(plan.settle), to_text(plan.quiet));
  if (!plan.workloads.empty())
    text += "workloads:\n";
  for (const auto& each : plan.workloads)
    text += fmt::format("  - {{ name: {}, count: {}, every: {} }}\n", each.name, each.count, to_text(each.every));
  if (!plan.faults.empty())
    text += "faults:\n";
  for (const auto& each : plan.faults)
    text += fmt::format("  - {{ name: {}, every: {}, lasts: {}, of: \"{}\", oneIn: {}, at: {} }}\n", each.name, to_text(each.every),
                        to_text(each.lasts), each.of, each.one_in, each.at);
  if (!plan.checkers.empty())
    text += fmt::format("checkers: [{}]\n", fmt::join(plan.checkers, ", "));
  return text;
}

} // namespace actors::host::simulation
