// The table's contents and the differences between two states of it.
#include "actors/proxy/nftables/rule_book.hpp"

#include "actors/proxy/nftables/batch.hpp"
#include "actors/proxy/nftables/fixed_rules.hpp"

#include <algorithm>

namespace actors::proxy::nftables {
namespace {

const compiled_rules no_rules;

// Sets and chains that `after` needs. Chains come before rules, since rules name chains and sets.
void add_objects(batch& commands, const compiled_rules& before, const compiled_rules& after) {
  for (const auto& [name, definition] : after.sets)
    if (!before.sets.contains(name))
      commands.add_set(name, definition);
  for (const auto& [name, rules] : after.chains)
    if (!before.chains.contains(name))
      commands.add_chain(name);
}

// Rules that changed; chains that are gone are emptied so that nothing they name is in use.
void write_rules(batch& commands, const compiled_rules& before, const compiled_rules& after) {
  for (const auto& [name, rules] : before.chains)
    if (auto now = after.chains.find(name); now == after.chains.end() || now->second != rules)
      commands.flush_chain(name);
  for (const auto& [name, rules] : after.chains)
    if (auto old = before.chains.find(name); old == before.chains.end() || old->second != rules)
      for (const auto& rule : rules)
        commands.add_rule(name, rule);
}

void delete_objects(batch& commands, const compiled_rules& before, const compiled_rules& after) {
  for (const auto& [name, rules] : before.chains)
    if (!after.chains.contains(name))
      commands.delete_chain(name);
  for (const auto& [name, definition] : before.sets)
    if (!after.sets.contains(name))
      commands.delete_set(name);
}

} // namespace

rule_book::rule_book(table_settings settings) : settings_(std::move(settings)) {}

std::optional<std::string> rule_book::verdict_of(const element_key& key) const {
  auto found = elements_.find(key);
  return found == elements_.end() ? std::nullopt : std::optional(found->second.begin()->second);
}

void rule_book::remember(const element_key& key, verdicts& before) const {
  before.try_emplace(key, verdict_of(key));
}

void rule_book::release(const tracker::port_key& key, const compiled_rules& rules, verdicts& before) {
  for (const auto& [element, verdict] : rules.elements) {
    remember(element, before);
    auto found = elements_.find(element);
    found->second.erase(key);
    if (found->second.empty())
      elements_.erase(found);
  }
}

void rule_book::claim(const tracker::port_key& key, const compiled_rules& rules, verdicts& before) {
  for (const auto& [element, verdict] : rules.elements) {
    remember(element, before);
    elements_[element][key] = verdict;
  }
}

std::string rule_book::apply(const tracker::model_delta& delta) {
  std::vector<std::pair<compiled_rules, compiled_rules>> changes;
  verdicts before;
  for (const auto& [key, rules] : delta) {
    auto old = ports_.extract(key);
    auto& change = changes.emplace_back(old ? std::move(old.mapped()) : no_rules,
                                        rules ? compile(key, *rules, settings_) : no_rules);
    release(key, change.first, before);
    claim(key, change.second, before);
    if (rules)
      ports_.emplace(key, change.second);
  }
  std::vector<element_key> gone;
  std::map<element_key, std::string> added;
  for (const auto& [key, old] : before) {
    auto now = verdict_of(key);
    if (now == old)
      continue;
    if (old)
      gone.push_back(key);
    if (now)
      added.emplace(key, *std::move(now));
  }
  batch commands(settings_.table);
  for (const auto& [old, now] : changes)
    add_objects(commands, old, now);
  for (const auto& [old, now] : changes)
    write_rules(commands, old, now);
  commands.delete_elements(gone);
  commands.add_elements(added);
  for (const auto& [old, now] : changes)
    delete_objects(commands, old, now);
  return commands.take();
}

bool rule_book::has_affinity() const {
  return std::any_of(ports_.begin(), ports_.end(),
                     [](const auto& port) { return !port.second.sets.empty(); });
}

std::string rule_book::render(const remembered_clients& clients) const {
  batch commands(settings_.table);
  commands.replace_table();
  add_fixed_rules(commands, settings_);
  for (const auto& [key, rules] : ports_)
    add_objects(commands, no_rules, rules);
  for (const auto& [key, rules] : ports_)
    write_rules(commands, no_rules, rules);
  std::map<element_key, std::string> elements;
  for (const auto& [key, wanted] : elements_)
    elements.emplace(key, wanted.begin()->second);
  commands.add_elements(elements);
  for (const auto& [key, rules] : ports_)
    for (const auto& [set, definition] : rules.sets)
      if (auto found = clients.find(set); found != clients.end())
        commands.add_elements({{{set, found->second}, ""}});
  return commands.take();
}

} // namespace actors::proxy::nftables
