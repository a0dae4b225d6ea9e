// Walks the YAML of a scenario and collects every problem with its place.
#include "actors/host/simulation/scenario.hpp"

#include "runtime/placement/duration.hpp"
#include "runtime/placement/nearest.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

namespace actors::host::simulation {

namespace {

using runtime::placement::problem;
using names = std::vector<std::string>;

constexpr size_t problems_max = 20;
constexpr size_t entries_max = 32;

class reader {
public:
  explicit reader(const scenario_words& words) : words_(words) {
  }

  scenario_result read(std::string_view text) {
    if (text.size() > scenario_bytes_max) {
      result_.problems.push_back({.message = fmt::format("is larger than {} bytes", scenario_bytes_max)});
      return std::move(result_);
    }
    try {
      read_document(YAML::Load(std::string{text}));
    } catch (const YAML::Exception& e) {
      result_.problems.push_back({e.mark.line + 1, e.mark.column + 1, e.msg});
    }
    auto& problems = result_.problems;
    std::stable_sort(problems.begin(), problems.end(), [](const problem& a, const problem& b) {
      return std::pair{a.line, a.column} < std::pair{b.line, b.column};
    });
    if (problems.size() > problems_max)
      problems.resize(problems_max);
    return std::move(result_);
  }

private:
  void add(const YAML::Node& at, std::string message, std::string hint = {}) {
    const auto mark = at.Mark();
    result_.problems.push_back({mark.line + 1, mark.column + 1, std::move(message), std::move(hint)});
  }

  /// Reports fields that are not `allowed` and returns whether this is a map at all.
  bool open(const YAML::Node& node, const std::string& what, const names& allowed) {
    if (!node.IsMap()) {
      add(node, what + " must be a map");
      return false;
    }
    names seen;
    for (const auto& item : node) {
      const auto key = item.first.Scalar();
      if (std::find(allowed.begin(), allowed.end(), key) == allowed.end())
        add(item.first, fmt::format("{} has no field `{}`", what, key), runtime::placement::nearest(key, allowed));
      else if (std::find(seen.begin(), seen.end(), key) != seen.end())
        add(item.first, fmt::format("field `{}` is there twice", key));
      seen.push_back(key);
    }
    return true;
  }

  void number(const YAML::Node& parent, const char* field, int min, int max, int& into) {
    const auto node = parent[field];
    if (!node)
      return;
    int value = 0;
    const auto text = node.IsScalar() ? node.Scalar() : std::string{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (text.empty() || error != std::errc{} || end != text.data() + text.size() || value < min || value > max)
      add(node, fmt::format("field `{}` must be a whole number from {} to {}", field, min, max));
    else
      into = value;
  }

  void time(const YAML::Node& parent, const char* field, milliseconds min, milliseconds max, milliseconds& into) {
    const auto node = parent[field];
    if (!node)
      return;
    const auto value = node.IsScalar() ? runtime::placement::parse_duration(node.Scalar()) : std::nullopt;
    if (!value || *value < min || *value > max)
      add(node, fmt::format("field `{}` must be a duration from {} to {}, for example 10s", field,
                            runtime::placement::to_text(min), runtime::placement::to_text(max)));
    else
      into = *value;
  }

  bool known(const YAML::Node& node, const char* what, const names& all) {
    const auto text = node.IsScalar() ? node.Scalar() : std::string{};
    if (std::find(all.begin(), all.end(), text) != all.end())
      return true;
    add(node, fmt::format("there is no {} `{}`: {}", what, text, fmt::join(all, ", ")),
        runtime::placement::nearest(text, all));
    return false;
  }

  /// The entries of a list whose items are names, or maps with `name`.
  template <class Read>
  void list(const YAML::Node& root, const char* field, const char* what, const names& all, const names& fields, Read read) {
    const auto node = root[field];
    if (!node)
      return;
    if (!node.IsSequence() || node.size() > entries_max)
      return add(node, fmt::format("field `{}` must be a list of at most {} entries", field, entries_max));
    for (const auto& item : node) {
      if (item.IsScalar()) {
        if (known(item, what, all))
          read(item.Scalar(), YAML::Node{YAML::NodeType::Map});
        continue;
      }
      if (!open(item, std::string{"a "} + what, fields))
        continue;
      if (!item["name"])
        add(item, fmt::format("field `name` is missing: which {} is it?", what));
      else if (known(item["name"], what, all))
        read(item["name"].Scalar(), item);
    }
  }

  void read_document(const YAML::Node& root) {
    if (!open(root, "a scenario", {"apiVersion", "kind", "description", "cluster", "run", "settle", "quiet", "workloads",
                                   "faults", "checkers"}))
      return;
    for (const auto& [name, value] : {std::pair{"apiVersion", "troupe.dev/v1"}, std::pair{"kind", "Scenario"}}) {
      if (!root[name])
        add(root, fmt::format("field `{}` is missing: it must be {}", name, value));
      else if (!root[name].IsScalar() || root[name].Scalar() != value)
        add(root[name], fmt::format("field `{}` must be {}", name, value));
    }
    auto& value = result_.value;
    if (const auto text = root["description"]; text && text.IsScalar())
      value.description = text.Scalar();
    if (const auto cluster = root["cluster"])
      read_cluster(cluster);
    time(root, "run", milliseconds{100}, milliseconds{86'400'000}, value.run);
    time(root, "settle", milliseconds{1'000}, milliseconds{3'600'000}, value.settle);
    time(root, "quiet", milliseconds{0}, milliseconds{3'600'000}, value.quiet);
    list(root, "workloads", "workload", words_.workloads, {"name", "count", "every"},
         [&](const std::string& name, const YAML::Node& node) {
           workload_entry entry{.name = name};
           number(node, "count", 1, 1'000, entry.count);
           time(node, "every", milliseconds{10}, milliseconds{600'000}, entry.every);
           value.workloads.push_back(entry);
         });
    list(root, "faults", "fault", words_.faults, {"name", "every", "lasts", "of", "oneIn", "at"},
         [&](const std::string& name, const YAML::Node& node) {
           fault_entry entry{.name = name};
           time(node, "every", milliseconds{10}, milliseconds{600'000}, entry.every);
           time(node, "lasts", milliseconds{1}, milliseconds{600'000}, entry.lasts);
           number(node, "oneIn", 2, 100'000'000, entry.one_in);
           number(node, "at", 0, 100'000'000, entry.at);
           if (const auto of = node["of"]) {
             if (of.IsScalar())
               entry.of = of.Scalar();
             else
               add(of, "field `of` must be a text: the beginning of a role's id, a host or a shard");
           }
           value.faults.push_back(entry);
         });
    list(root, "checkers", "checker", words_.checkers, {"name"},
         [&](const std::string& name, const YAML::Node&) { value.checkers.push_back(name); });
  }

  void read_cluster(const YAML::Node& node) {
    if (!open(node, "`cluster`", {"hosts", "nodes", "apiservers", "history", "singletonHosts"}))
      return;
    auto& shape = result_.value.shape;
    number(node, "hosts", 1, 9, shape.hosts);
    number(node, "nodes", 1, 5'000, shape.nodes);
    number(node, "apiservers", 1, 9, shape.apiservers);
    number(node, "singletonHosts", 0, 9, shape.singleton_hosts);
    milliseconds history{shape.history_seconds * 1'000};
    time(node, "history", milliseconds{10'000}, milliseconds{86'400'000}, history);
    shape.history_seconds = history.count() / 1'000;
    if (shape.apiservers > shape.hosts)
      add(node, fmt::format("{} apiservers need as many hosts, and there are {}", shape.apiservers, shape.hosts));
    if (shape.singleton_hosts > shape.hosts)
      add(node, fmt::format("`singletonHosts` is {}, and there are {} hosts", shape.singleton_hosts, shape.hosts));
  }

  const scenario_words& words_;
  scenario_result result_;
};

} // namespace

scenario_result parse_scenario(std::string_view text, const scenario_words& words) {
  return reader{words}.read(text);
}

scenario_result read_scenario(const std::filesystem::path& file, const scenario_words& words) {
  std::ifstream in{file};
  if (!in) {
    scenario_result result;
    result.problems.push_back({.message = "cannot be read"});
    return result;
  }
  std::ostringstream text;
  text << in.rdbuf();
  auto result = parse_scenario(text.str(), words);
  result.value.name = file.stem().string();
  return result;
}

} // namespace actors::host::simulation
