#include "actors/host/simulation/sieve.hpp"

#include "actors/host/simulation/faults.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace actors::host::simulation {

namespace {

struct fault_class {
  const char* fault;
  const char* title;
  milliseconds lasts;
};

constexpr fault_class classes[] = {
  {"crash-at", "intermediate state", milliseconds{0}},
  {"stale-at", "stale state", milliseconds{3'000}},
  {"unobserved-at", "unobserved state", milliseconds{2'000}},
};

std::vector<std::string> roles_of(std::span<const runtime::host::role_descriptor> known) {
  std::vector<std::string> result;
  for (const auto& role : known)
    if (role.spec.name.starts_with("controllers/") || role.spec.name == "scheduler")
      result.push_back(role.spec.name);
  return result;
}

scenario with_fault(const scenario& plan, const std::string& role, const fault_class& kind, int at) {
  auto result = plan;
  result.faults = {{.name = kind.fault, .lasts = kind.lasts, .of = role, .at = at}};
  return result;
}

sieve_cell try_cell(const scenario& plan, const sieve_options& options, const std::string& role, const fault_class& kind, int messages) {
  sieve_cell cell{.role = role, .fault = kind.fault, .messages = messages};
  const int tried = options.per_cell == 0 ? messages : std::min(messages, options.per_cell);
  for (int i = 0; i < tried; ++i) {
    const int at = 1 + static_cast<int>(static_cast<int64_t>(i) * messages / tried);
    auto changed = with_fault(plan, role, kind, at);
    auto result = run(changed, {.seed = options.seed, .known = options.known});
    ++cell.runs;
    cell.strikes += result.strikes.empty() ? 0 : 1;
    if (!result.violations.empty())
      cell.failures.emplace_back(std::move(changed), std::move(result));
  }
  return cell;
}

} // namespace

std::vector<sieve_cell> sieve(const scenario& plan, const sieve_options& options,
                              const std::function<void(const sieve_cell&)>& on_cell) {
  std::vector<sieve_cell> result;
  for (const auto& role : roles_of(options.known)) {
    const auto undisturbed = run(with_fault(plan, role, classes[0], 0), {.seed = options.seed, .known = options.known});
    const auto count = undisturbed.probes.find(message_probe(role));
    const int messages = count == undisturbed.probes.end() ? 0 : static_cast<int>(count->second);
    for (const auto& kind : classes) {
      result.push_back(try_cell(plan, options, role, kind, messages));
      on_cell(result.back());
    }
  }
  return result;
}

std::string render(const std::vector<sieve_cell>& cells) {
  std::string text = fmt::format("{:32}", "role");
  for (const auto& kind : classes)
    text += fmt::format("{:>30}", kind.title);
  text += fmt::format("\n{:32}", "");
  for (size_t i = 0; i < std::size(classes); ++i)
    text += fmt::format("{:>30}", "tried/messages failed");
  for (size_t i = 0; i < cells.size(); ++i) {
    if (i % std::size(classes) == 0)
      text += fmt::format("\n{:32}", cells[i].role);
    text += fmt::format("{:>30}", fmt::format("{}/{} {}", cells[i].strikes, cells[i].messages, cells[i].failures.size()));
  }
  return text + "\n";
}

} // namespace actors::host::simulation
