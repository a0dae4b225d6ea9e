// Taints of a node.
#include "actors/apiserver/registry/core/node/taints.hpp"

#include <set>
#include <utility>

#include "actors/apiserver/registry/meta/labels.hpp"
#include "actors/apiserver/registry/meta/names.hpp"

namespace actors::apiserver::registry::core::node {

void validate_taint_effect(std::string_view effect, bool may_be_empty, const path& field, field_errors& out) {
  if (effect.empty() && !may_be_empty)
    out.push_back(required(field));
  else if (effect != "NoSchedule" && effect != "PreferNoSchedule" && effect != "NoExecute")
    out.push_back(not_supported(field, effect, {"NoSchedule", "PreferNoSchedule", "NoExecute"}));
}

void validate_taints(const draft& taints, const path& field, field_errors& out) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (size_t i = 0; i < taints.size(); ++i) {
    auto& taint = taints.items()[i];
    auto at = field.index(i);
    auto key = taint.get("key").str();
    auto effect = taint.get("effect").str();
    meta::validate_label_key(key, at.child("key"), out);
    meta::add(out, at.child("value"), taint.get("value"), meta::check_label_value(taint.get("value").str()));
    validate_taint_effect(effect, false, at.child("effect"), out);
    if (!seen.emplace(key, effect).second) {
      out.push_back(duplicate(at, taint));
      out.back().detail = "taints must be unique by key and effect pair";
    }
  }
}

} // namespace actors::apiserver::registry::core::node
