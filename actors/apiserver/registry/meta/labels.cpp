// Labels and label selectors.
#include "actors/apiserver/registry/meta/labels.hpp"

#include <algorithm>
#include <map>

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/names.hpp"

namespace actors::apiserver::registry::meta {

namespace {

bool contains_text(const draft& list, std::string_view text) {
  auto& items = list.items();
  return std::any_of(items.begin(), items.end(), [&](auto& item) { return item.str() == text; });
}

void validate_expression(const draft& expression, const path& field, field_errors& out) {
  auto op = expression.get("operator").str();
  auto& values = expression.get("values");
  if (op == "In" || op == "NotIn") {
    if (values.empty())
      out.push_back(required(field.child("values"), "must be specified when `operator` is 'In' or 'NotIn'"));
  } else if (op == "Exists" || op == "DoesNotExist") {
    if (!values.empty())
      out.push_back(forbidden(field.child("values"),
                              "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"));
  } else {
    out.push_back(invalid(field.child("operator"), op, "not a valid selector operator"));
  }
  validate_label_key(expression.get("key").str(), field.child("key"), out);
  for (size_t i = 0; i < values.size(); ++i)
    add(out, field.child("values").index(i), values.items()[i], check_label_value(values.items()[i].str()));
}

bool expression_matches(const draft& expression, const draft& labels) {
  auto op = expression.get("operator").str();
  auto* value = labels.find(expression.get("key").str());
  bool in = value && contains_text(expression.get("values"), value->str());
  if (op == "In")
    return in;
  if (op == "NotIn")
    return !in;
  if (op == "Exists")
    return value != nullptr;
  return op == "DoesNotExist" && !value;
}

std::string join_values(const draft& values) {
  std::vector<std::string_view> sorted;
  for (auto& value : values.items())
    sorted.push_back(value.str());
  std::sort(sorted.begin(), sorted.end());
  std::string out;
  for (auto& value : sorted)
    out.append(out.empty() ? "" : ",").append(value);
  return out;
}

} // namespace

void validate_label_key(std::string_view key, const path& field, field_errors& out) {
  add(out, field, key, check_label_key(key));
}

void validate_labels(const draft& labels, const path& field, field_errors& out) {
  for (auto& [key, value] : labels.members()) {
    validate_label_key(key, field, out);
    add(out, field, value, check_label_value(value.str()));
  }
}

void validate_label_selector(const draft& selector, const path& field, field_errors& out) {
  validate_labels(selector.get("matchLabels"), field.child("matchLabels"), out);
  auto& expressions = selector.get("matchExpressions").items();
  for (size_t i = 0; i < expressions.size(); ++i)
    validate_expression(expressions[i], field.child("matchExpressions").index(i), out);
}

bool is_empty_selector(const draft& selector) {
  return selector.get("matchLabels").empty() && selector.get("matchExpressions").empty();
}

bool selector_matches(const draft& selector, const draft& labels) {
  for (auto& [key, value] : selector.get("matchLabels").members()) {
    auto* found = labels.find(key);
    if (!found || found->str() != value.str())
      return false;
  }
  auto& expressions = selector.get("matchExpressions").items();
  return std::all_of(expressions.begin(), expressions.end(),
                     [&](auto& expression) { return expression_matches(expression, labels); });
}

std::string format_labels(const draft& labels) {
  std::map<std::string_view, std::string_view> sorted;
  for (auto& [key, value] : labels.members())
    sorted.emplace(key, value.str());
  std::string out;
  for (auto& [key, value] : sorted)
    out.append(out.empty() ? "" : ",").append(key).append("=").append(value);
  return out.empty() ? "<none>" : out;
}

std::string format_selector(const draft& selector) {
  // Requirements are shown sorted by key.
  std::multimap<std::string, std::string> parts;
  for (auto& [key, value] : selector.get("matchLabels").members())
    parts.emplace(key, key + "=" + std::string(value.str()));
  for (auto& expression : selector.get("matchExpressions").items()) {
    std::string key(expression.get("key").str());
    auto op = expression.get("operator").str();
    std::string text = key;
    if (op == "In")
      text += " in (" + join_values(expression.get("values")) + ")";
    else if (op == "NotIn")
      text += " notin (" + join_values(expression.get("values")) + ")";
    else if (op == "DoesNotExist")
      text = "!" + key;
    parts.emplace(key, text);
  }
  std::string out;
  for (auto& [key, text] : parts)
    out.append(out.empty() ? "" : ",").append(text);
  return out.empty() ? "<none>" : out;
}

} // namespace actors::apiserver::registry::meta
