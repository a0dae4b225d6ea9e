// Hashing and comparing pod templates.
#include "actors/controllers/deployment/pod_template_hash.hpp"

#include <algorithm>

#include "messages/codec/json.hpp"

namespace actors::controllers::deployment {

namespace {

using messages::codec::draft;

void sort_members(draft& value) {
  if (value.is_object()) {
    auto& members = value.members();
    std::sort(members.begin(), members.end(), [](const auto& left, const auto& right) { return left.first < right.first; });
    for (auto& [name, member] : members)
      sort_members(member);
  } else if (value.is_array()) {
    for (auto& item : value.items())
      sort_members(item);
  }
}

void drop_hash(draft& pod_template) {
  auto* metadata = pod_template.find("metadata");
  auto* labels = metadata == nullptr ? nullptr : metadata->find("labels");
  if (labels == nullptr)
    return;
  labels->erase(hash_label);
  if (labels->empty())
    metadata->erase("labels");
}

uint32_t fnv1a(std::string_view bytes, uint32_t hash) {
  for (const unsigned char byte : bytes)
    hash = (hash ^ byte) * 16777619u;
  return hash;
}

} // namespace

std::string pod_template_hash(const draft& pod_template, std::optional<int32_t> collisions) {
  draft sorted = pod_template;
  drop_hash(sorted);
  sort_members(sorted);
  std::string json;
  messages::codec::encode_json(sorted, json);
  uint32_t hash = fnv1a(json, 2166136261u);
  if (collisions)
    hash = fnv1a(std::to_string(*collisions), hash);
  // Names must not form words: digits become letters and digits without vowels.
  constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::string result = std::to_string(hash);
  for (char& c : result)
    c = alphabet[static_cast<unsigned char>(c) % alphabet.size()];
  return result;
}

bool equal_templates(const draft& left, const draft& right) {
  if (left.kind() != right.kind() || !(left.get("spec") == right.get("spec")))
    return false;
  const auto rest = [](const draft& of) { // next to nothing: the spec is compared as it is
    auto result = draft::make_object();
    for (const auto& [name, member] : of.members())
      if (name != "spec")
        result.set(name, member);
    drop_hash(result);
    return result;
  };
  return rest(left) == rest(right);
}

} // namespace actors::controllers::deployment
