// What a pod says about where it may run.
#include "actors/apiserver/registry/pod_template/scheduling.hpp"

#include <set>
#include <utility>

#include "actors/apiserver/registry/core/node/taints.hpp"
#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/labels.hpp"
#include "actors/apiserver/registry/meta/names.hpp"

namespace actors::apiserver::registry::pod_template {

namespace {

constexpr std::string_view required_list = "requiredDuringSchedulingIgnoredDuringExecution";
constexpr std::string_view preferred_list = "preferredDuringSchedulingIgnoredDuringExecution";

std::string join(const meta::complaints& all) {
  std::string out;
  for (auto& complaint : all)
    out.append(out.empty() ? "" : ";").append(complaint);
  return out;
}

void validate_node_expression(const draft& expression, bool check_values, const path& field,
                              field_errors& out) {
  auto op = expression.get("operator").str();
  auto& values = expression.get("values");
  if (op == "In" || op == "NotIn") {
    if (values.empty())
      out.push_back(required(field.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (op == "Exists" || op == "DoesNotExist") {
    if (!values.empty())
      out.push_back(forbidden(field.child("values"),
                              "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else if (op == "Gt" || op == "Lt") {
    if (values.size() != 1)
      out.push_back(
        required(field.child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'"));
  } else {
    out.push_back(invalid(field.child("operator"), op, "not a valid selector operator"));
  }
  meta::validate_label_key(expression.get("key").str(), field.child("key"), out);
  for (size_t i = 0; check_values && i < values.size(); ++i)
    meta::add(out, field.child("values").index(i), values.items()[i],
              meta::check_label_value(values.items()[i].str()));
}

void validate_node_field(const draft& requirement, const path& field, field_errors& out) {
  auto op = requirement.get("operator").str();
  auto key = requirement.get("key").str();
  auto& values = requirement.get("values");
  if (op != "In" && op != "NotIn")
    out.push_back(invalid(field.child("operator"), op, "not a valid selector operator"));
  else if (values.size() != 1)
    out.push_back(
      required(field.child("values"),
               "must be only one value when `operator` is 'In' or 'NotIn' for node field selector"));
  if (key != "metadata.name")
    return out.push_back(invalid(field.child("key"), key, "not a valid field selector key"));
  for (size_t i = 0; i < values.size(); ++i)
    meta::add(out, field.child("values").index(i), values.items()[i],
              meta::check_dns1123_subdomain(values.items()[i].str()));
}

void validate_node_term(const draft& term, bool check_values, const path& field, field_errors& out) {
  auto& expressions = term.get("matchExpressions").items();
  for (size_t i = 0; i < expressions.size(); ++i)
    validate_node_expression(expressions[i], check_values, field.child("matchExpressions").index(i), out);
  auto& fields = term.get("matchFields").items();
  for (size_t i = 0; i < fields.size(); ++i)
    validate_node_field(fields[i], field.child("matchFields").index(i), out);
}

void validate_weight(const draft& term, const path& field, field_errors& out) {
  auto weight = term.get("weight").integer();
  if (weight <= 0 || weight > 100)
    out.push_back(invalid(field.child("weight"), weight, "must be in the range 1-100"));
}

void validate_node_affinity(const draft& affinity, const path& field, field_errors& out) {
  if (has(affinity, required_list)) {
    auto terms_field = field.child(required_list, "nodeSelectorTerms");
    auto& terms = affinity.get(required_list).get("nodeSelectorTerms").items();
    if (terms.empty())
      out.push_back(required(terms_field, "must have at least one node selector term"));
    for (size_t i = 0; i < terms.size(); ++i)
      validate_node_term(terms[i], true, terms_field.index(i), out);
  }
  auto& preferred = affinity.get(preferred_list).items();
  for (size_t i = 0; i < preferred.size(); ++i) {
    auto at = field.child(preferred_list).index(i);
    validate_weight(preferred[i], at, out);
    validate_node_term(preferred[i].get("preference"), false, at.child("preference"), out);
  }
}

void validate_label_keys(const draft& term, std::string_view list, const path& field, field_errors& out) {
  auto& keys = term.get(list).items();
  if (keys.empty())
    return;
  if (!has(term, "labelSelector"))
    return out.push_back(forbidden(field.child(list), "must not be specified when labelSelector is not set"));
  for (size_t i = 0; i < keys.size(); ++i)
    meta::validate_label_key(keys[i].str(), field.child(list).index(i), out);
}

void validate_pod_term(const draft& term, const path& field, field_errors& out) {
  meta::validate_label_selector(term.get("labelSelector"), field.child("labelSelector"), out);
  meta::validate_label_selector(term.get("namespaceSelector"), field.child("namespaceSelector"), out);
  for (auto& name : term.get("namespaces").items())
    meta::add(out, field.child("namespace"), name, meta::check_dns1123_label(name.str()));
  validate_label_keys(term, "matchLabelKeys", field, out);
  validate_label_keys(term, "mismatchLabelKeys", field, out);
  std::set<std::string_view> mismatched;
  for (auto& key : term.get("mismatchLabelKeys").items())
    mismatched.insert(key.str());
  auto& matched = term.get("matchLabelKeys").items();
  for (size_t i = 0; i < matched.size(); ++i)
    if (mismatched.contains(matched[i].str()))
      out.push_back(invalid(field.child("matchLabelKeys").index(i), matched[i],
                            "exists in both matchLabelKeys and mismatchLabelKeys"));
  auto topology = term.get("topologyKey").str();
  if (topology.empty())
    out.push_back(required(field.child("topologyKey"), "can not be empty"));
  meta::validate_label_key(topology, field.child("topologyKey"), out);
}

void validate_pod_affinity(const draft& affinity, const path& field, field_errors& out) {
  auto& required_terms = affinity.get(required_list).items();
  for (size_t i = 0; i < required_terms.size(); ++i)
    validate_pod_term(required_terms[i], field.child(required_list).index(i), out);
  auto& preferred = affinity.get(preferred_list).items();
  for (size_t i = 0; i < preferred.size(); ++i) {
    auto at = field.child(preferred_list).index(i);
    validate_weight(preferred[i], at, out);
    validate_pod_term(preferred[i].get("podAffinityTerm"), at.child("podAffinityTerm"), out);
  }
}

void validate_inclusion(const draft& constraint, std::string_view key, const path& field, field_errors& out) {
  if (!has(constraint, key))
    return;
  auto policy = constraint.get(key).str();
  if (policy != "Honor" && policy != "Ignore")
    out.push_back(not_supported(field.child(key), policy, {"Honor", "Ignore"}));
}

void validate_min_domains(const draft& constraint, const path& field, field_errors& out) {
  if (!has(constraint, "minDomains"))
    return;
  auto& count = constraint.get("minDomains");
  std::string action(constraint.get("whenUnsatisfiable").str());
  if (count.integer() <= 0)
    out.push_back(invalid(field.child("minDomains"), count, "must be greater than zero"));
  if (action != "DoNotSchedule")
    out.push_back(invalid(field.child("minDomains"), count,
                          "can only use minDomains if whenUnsatisfiable=DoNotSchedule, not " + action));
}

void validate_spread_keys(const draft& constraint, const path& field, field_errors& out) {
  auto& keys = constraint.get("matchLabelKeys").items();
  if (keys.empty())
    return;
  auto& selector = constraint.get("labelSelector");
  if (selector.is_null())
    out.push_back(forbidden(field, "must not be specified when labelSelector is not set"));
  std::set<std::string_view> selected;
  for (auto& [key, value] : selector.get("matchLabels").members())
    selected.insert(key);
  for (auto& expression : selector.get("matchExpressions").items())
    selected.insert(expression.get("key").str());
  for (size_t i = 0; i < keys.size(); ++i) {
    meta::validate_label_key(keys[i].str(), field.index(i), out);
    if (selected.contains(keys[i].str()))
      out.push_back(invalid(field.index(i), keys[i], "exists in both matchLabelKeys and labelSelector"));
  }
}

} // namespace

void validate_affinity(const draft& affinity, const path& field, field_errors& out) {
  validate_node_affinity(affinity.get("nodeAffinity"), field.child("nodeAffinity"), out);
  for (std::string_view list : {"podAffinity", "podAntiAffinity"})
    validate_pod_affinity(affinity.get(list), field.child(list), out);
}

void validate_tolerations(const draft& tolerations, const path& field, field_errors& out) {
  for (size_t i = 0; i < tolerations.size(); ++i) {
    auto& toleration = tolerations.items()[i];
    auto at = field.index(i);
    auto key = toleration.get("key").str();
    auto op = toleration.get("operator").str();
    auto value = toleration.get("value").str();
    auto effect = toleration.get("effect").str();
    if (!key.empty())
      meta::validate_label_key(key, at.child("key"), out);
    else if (op != "Exists")
      out.push_back(invalid(
        at.child("operator"), op,
        "operator must be Exists when `key` is empty, which means \"match all values and all keys\""));
    if (has(toleration, "tolerationSeconds") && effect != "NoExecute")
      out.push_back(
        invalid(at.child("effect"), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set"));
    if (op.empty() || op == "Equal") {
      auto complaints = meta::check_label_value(value);
      if (!complaints.empty())
        out.push_back(invalid(at.child("operator"), value, join(complaints)));
    } else if (op == "Exists") {
      if (!value.empty())
        out.push_back(
          invalid(at.child("operator"), value, "value must be empty when `operator` is 'Exists'"));
    } else {
      out.push_back(not_supported(at.child("operator"), op, {"Equal", "Exists"}));
    }
    if (!effect.empty())
      core::node::validate_taint_effect(effect, true, at.child("effect"), out);
  }
}

void validate_topology_spread(const draft& constraints, const path& field, field_errors& out) {
  for (size_t i = 0; i < constraints.size(); ++i) {
    auto& constraint = constraints.items()[i];
    auto at = field.index(i);
    auto skew = constraint.get("maxSkew").integer();
    auto key = constraint.get("topologyKey").str();
    auto action = constraint.get("whenUnsatisfiable").str();
    if (skew <= 0)
      out.push_back(invalid(at.child("maxSkew"), skew, "must be greater than zero"));
    if (key.empty())
      out.push_back(required(at.child("topologyKey"), "can not be empty"));
    if (action != "DoNotSchedule" && action != "ScheduleAnyway")
      out.push_back(
        not_supported(at.child("whenUnsatisfiable"), action, {"DoNotSchedule", "ScheduleAnyway"}));
    for (size_t j = i + 1; j < constraints.size(); ++j) {
      auto& other = constraints.items()[j];
      if (other.get("topologyKey").str() != key || other.get("whenUnsatisfiable").str() != action)
        continue;
      out.push_back(duplicate(at.child("{topologyKey, whenUnsatisfiable}"),
                              "{" + std::string(key) + ", " + std::string(action) + "}"));
      break;
    }
    validate_min_domains(constraint, at, out);
    validate_inclusion(constraint, "nodeAffinityPolicy", at, out);
    validate_inclusion(constraint, "nodeTaintsPolicy", at, out);
    validate_spread_keys(constraint, at.child("matchLabelKeys"), out);
    meta::validate_label_selector(constraint.get("labelSelector"), at.child("labelSelector"), out);
  }
}

void validate_gates(const draft& spec, const path& field, field_errors& out) {
  auto& readiness = spec.get("readinessGates").items();
  for (size_t i = 0; i < readiness.size(); ++i)
    meta::validate_label_key(readiness[i].get("conditionType").str(),
                             field.child("readinessGates").index(i).child("conditionType"), out);
  std::set<std::string_view> seen;
  auto& gates = spec.get("schedulingGates").items();
  for (size_t i = 0; i < gates.size(); ++i) {
    auto name = gates[i].get("name").str();
    auto at = field.child("schedulingGates").index(i);
    meta::validate_label_key(name, at, out);
    if (!seen.insert(name).second)
      out.push_back(duplicate(at, name));
  }
}

} // namespace actors::apiserver::registry::pod_template
