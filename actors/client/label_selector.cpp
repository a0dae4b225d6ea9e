// Matching of LabelSelectors.
#include "actors/client/label_selector.hpp"

#include <algorithm>

namespace actors::client {

namespace {

bool equal(const flatbuffers::String* left, const flatbuffers::String* right) {
  const auto view = [](const flatbuffers::String* text) {
    return text == nullptr ? std::string_view{} : std::string_view{text->c_str(), text->size()};
  };
  return view(left) == view(right);
}

bool has_key(const label_entries* labels, const char* key) {
  return labels != nullptr && labels->LookupByKey(key) != nullptr;
}

bool requirement_holds(const messages::api::meta::v1::LabelSelectorRequirement& wanted, const label_entries* labels) {
  const bool present = has_key(labels, wanted.key()->c_str());
  const auto* value = label_value(labels, wanted.key()->c_str());
  const auto listed = [&] {
    return wanted.values() != nullptr && std::any_of(wanted.values()->begin(), wanted.values()->end(),
                                                     [&](const auto* item) { return equal(item, value); });
  };
  const std::string_view op{wanted.operator_()->c_str(), wanted.operator_()->size()};
  if (op == "In")
    return present && listed();
  if (op == "NotIn")
    return !present || !listed();
  if (op == "Exists")
    return present;
  if (op == "DoesNotExist")
    return !present;
  return false; // the API admits no other operator
}

bool has_all(const label_entries* wanted, const label_entries* labels) {
  return std::all_of(wanted->begin(), wanted->end(), [&](const auto* item) {
    return has_key(labels, item->key()->c_str()) && equal(label_value(labels, item->key()->c_str()), item->value());
  });
}

} // namespace

const flatbuffers::String* label_value(const label_entries* labels, const char* key) {
  if (labels == nullptr)
    return nullptr;
  const auto* found = labels->LookupByKey(key);
  return found == nullptr ? nullptr : found->value();
}

bool selects(const messages::api::meta::v1::LabelSelector* selector, const label_entries* labels) {
  if (selector == nullptr)
    return false;
  if (selector->matchLabels() != nullptr && !has_all(selector->matchLabels(), labels))
    return false;
  return selector->matchExpressions() == nullptr ||
         std::all_of(selector->matchExpressions()->begin(), selector->matchExpressions()->end(),
                     [&](const auto* item) { return requirement_holds(*item, labels); });
}

bool selects(const label_entries* wanted, const label_entries* labels) {
  return wanted != nullptr && wanted->size() > 0 && has_all(wanted, labels);
}

std::string selector_text(const messages::api::meta::v1::LabelSelector* selector) {
  std::string result;
  const auto add = [&](const std::string& term) { result += (result.empty() ? "" : ",") + term; };
  if (selector == nullptr)
    return result;
  if (selector->matchLabels() != nullptr)
    for (const auto* item : *selector->matchLabels())
      add(item->key()->str() + "=" + (item->value() == nullptr ? "" : item->value()->str()));
  if (selector->matchExpressions() != nullptr)
    for (const auto* item : *selector->matchExpressions()) {
      const std::string key = item->key()->str();
      const std::string op = item->operator_()->str();
      if (op == "Exists") {
        add(key);
      } else if (op == "DoesNotExist") {
        add("!" + key);
      } else {
        std::string values;
        if (item->values() != nullptr)
          for (const auto* value : *item->values())
            values += (values.empty() ? "" : ",") + value->str();
        add(key + (op == "In" ? " in (" : " notin (") + values + ")");
      }
    }
  return result;
}

} // namespace actors::client
