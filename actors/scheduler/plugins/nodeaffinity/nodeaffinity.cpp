// Node selectors and node affinity.
#include "actors/scheduler/plugins/nodeaffinity/nodeaffinity.hpp"

#include <algorithm>
#include <charconv>

#include "actors/client/label_selector.hpp"

namespace actors::scheduler::plugins::nodeaffinity {

namespace {

using cache::text;
using messages::api::core::v1::NodeAffinity;
using messages::api::core::v1::NodeSelectorRequirement;
using messages::api::core::v1::NodeSelectorTerm;

std::optional<int64_t> number(std::string_view value) {
  int64_t result = 0;
  const auto [end, code] = std::from_chars(value.data(), value.data() + value.size(), result);
  if (code != std::errc{} || end != value.data() + value.size())
    return std::nullopt;
  return result;
}

/// `value` nullopt: the node has no such label.
bool holds(const NodeSelectorRequirement& wanted, std::optional<std::string_view> value) {
  const auto listed = [&] {
    return wanted.values() != nullptr && std::any_of(wanted.values()->begin(), wanted.values()->end(),
                                                     [&](const auto* item) { return text(item) == *value; });
  };
  const auto compared = [&](bool greater) {
    if (!value || wanted.values() == nullptr || wanted.values()->size() != 1)
      return false;
    const auto left = number(*value), right = number(text(wanted.values()->Get(0)));
    return left && right && (greater ? *left > *right : *left < *right);
  };
  const auto op = text(wanted.operator_());
  if (op == "In")
    return value && listed();
  if (op == "NotIn")
    return !value || !listed();
  if (op == "Exists")
    return value.has_value();
  if (op == "DoesNotExist")
    return !value;
  if (op == "Gt")
    return compared(true);
  if (op == "Lt")
    return compared(false);
  return false;
}

/// A term without requirements matches nothing.
bool matches(const NodeSelectorTerm& term, const node_info& node) {
  const auto* labels = node.node().metadata()->labels();
  const bool has_expressions = term.matchExpressions() != nullptr && term.matchExpressions()->size() > 0;
  const bool has_fields = term.matchFields() != nullptr && term.matchFields()->size() > 0;
  if (!has_expressions && !has_fields)
    return false;
  if (has_expressions)
    for (const auto* wanted : *term.matchExpressions()) {
      const bool present = labels != nullptr && labels->LookupByKey(wanted->key()->c_str()) != nullptr;
      const auto value = present ? std::optional{text(client::label_value(labels, wanted->key()->c_str()))} : std::nullopt;
      if (!holds(*wanted, value))
        return false;
    }
  if (has_fields)
    for (const auto* wanted : *term.matchFields()) // the API admits metadata.name only
      if (text(wanted->key()) != "metadata.name" || !holds(*wanted, std::string_view{node.name}))
        return false;
  return true;
}

/// The nodes that a term names in metadata.name; nullopt: it names none. What it demands of them holds together.
std::optional<std::set<std::string>> names_of(const NodeSelectorTerm& term) {
  std::optional<std::set<std::string>> result;
  if (term.matchFields() == nullptr)
    return result;
  for (const auto* wanted : *term.matchFields()) {
    if (text(wanted->key()) != "metadata.name" || text(wanted->operator_()) != "In" || wanted->values() == nullptr)
      continue;
    std::set<std::string> named;
    for (const auto* value : *wanted->values())
      if (std::string name{text(value)}; !result || result->contains(name))
        named.insert(std::move(name));
    result = std::move(named);
  }
  return result;
}

const NodeAffinity* affinity_of(const pod_info& pod) {
  const auto* spec = pod.pod().spec();
  return spec == nullptr || spec->affinity() == nullptr ? nullptr : spec->affinity()->nodeAffinity();
}

} // namespace

std::optional<std::set<std::string>> only(const pod_info& pod) {
  const auto* affinity = affinity_of(pod);
  const auto* required = affinity == nullptr ? nullptr : affinity->requiredDuringSchedulingIgnoredDuringExecution();
  if (required == nullptr || required->nodeSelectorTerms() == nullptr || required->nodeSelectorTerms()->size() == 0)
    return std::nullopt;
  std::set<std::string> all;
  for (const auto* term : *required->nodeSelectorTerms()) {
    const auto names = names_of(*term);
    if (!names)
      return std::nullopt; // terms are alternatives, and this one may match any node
    all.insert(names->begin(), names->end());
  }
  return all;
}

refusal filter(const pod_info& pod, const node_info& node) {
  static const refusal refused{{"node(s) didn't match Pod's node affinity/selector"}, true};
  const auto* spec = pod.pod().spec();
  if (spec != nullptr && spec->nodeSelector() != nullptr && spec->nodeSelector()->size() > 0 &&
      !client::selects(spec->nodeSelector(), node.node().metadata()->labels()))
    return refused;
  const auto* affinity = affinity_of(pod);
  const auto* required = affinity == nullptr ? nullptr : affinity->requiredDuringSchedulingIgnoredDuringExecution();
  if (required == nullptr)
    return {};
  const auto* terms = required->nodeSelectorTerms();
  if (terms != nullptr && std::any_of(terms->begin(), terms->end(), [&](const auto* term) { return matches(*term, node); }))
    return {};
  return refused;
}

int64_t score(const pod_info& pod, const node_info& node) {
  const auto* affinity = affinity_of(pod);
  const auto* preferred = affinity == nullptr ? nullptr : affinity->preferredDuringSchedulingIgnoredDuringExecution();
  int64_t result = 0;
  if (preferred != nullptr)
    for (const auto* term : *preferred)
      if (term->preference() != nullptr && matches(*term->preference(), node))
        result += term->weight();
  return result;
}

} // namespace actors::scheduler::plugins::nodeaffinity
