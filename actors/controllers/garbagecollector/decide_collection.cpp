// Background, foreground, orphan.
#include "actors/controllers/garbagecollector/decide_collection.hpp"

#include <algorithm>

namespace actors::controllers::garbagecollector {

namespace {

/// Owners that keep an object, that are gone, and that wait for it to go.
struct owner_groups {
  std::vector<std::string> solid, gone, waiting;
};

/// An owner in another namespace is none: references do not cross namespaces.
bool can_own(const graph_node& owner, const graph_node& node) {
  return owner.name_space().empty() || owner.name_space() == node.name_space();
}

owner_groups group_owners(const ownership_graph& graph, const graph_node& node, collection_decision& decision) {
  owner_groups result;
  for (const auto& link : node.owners()) {
    const graph_node* owner = graph.find(link.uid);
    if (owner == nullptr || (!owner->is_virtual() && !can_own(*owner, node)) ||
        (owner->is_virtual() && owner->checked == presence::absent)) {
      result.gone.push_back(link.uid);
    } else if (!owner->is_virtual()) {
      (owner->foreground ? result.waiting : result.solid).push_back(link.uid);
    } else if (resource_of_owner(link) == nullptr) {
      result.solid.push_back(link.uid); // nobody here can say that it is gone
    } else if (owner->checked == presence::present) {
      result.solid.push_back(link.uid);
      decision.check_later = true;
    } else {
      decision.check.push_back(link);
    }
  }
  return result;
}

bool blocks(const graph_node& dependent, std::string_view owner) {
  return std::any_of(dependent.owners().begin(), dependent.owners().end(),
                     [&](const auto& link) { return link.uid == owner && link.blocks; });
}

void finish_foreground(const ownership_graph& graph, const graph_node& node, collection_decision& decision) {
  bool blocked = false;
  for (const auto& uid : node.dependents) {
    const graph_node* dependent = graph.find(uid);
    if (dependent == nullptr || dependent->is_virtual())
      continue;
    blocked |= blocks(*dependent, node.uid);
    if (!dependent->deleting)
      decision.wake_dependents.emplace_back(uid);
  }
  if (!blocked)
    decision.remove_finalizer = "foregroundDeletion";
}

void finish_orphan(const graph_node& node, collection_decision& decision) {
  for (const auto& uid : node.dependents)
    if (decision.release_dependents.size() < released_max)
      decision.release_dependents.emplace_back(uid);
  if (node.dependents.empty())
    decision.remove_finalizer = "orphan";
}

} // namespace

collection_decision decide_collection(const ownership_graph& graph, const graph_node& node, bool holds_orphan_finalizer,
                                      bool holds_foreground_finalizer) {
  collection_decision decision;
  if (node.is_virtual())
    return decision;
  if (node.orphaning) {
    finish_orphan(node, decision);
    return decision;
  }
  if (node.foreground) {
    finish_foreground(graph, node, decision);
    return decision;
  }
  if (node.deleting || node.owners().empty())
    return decision;
  const auto owners = group_owners(graph, node, decision);
  if (!decision.check.empty())
    return decision;
  if (!owners.solid.empty()) {
    decision.drop_owners = owners.gone;
    decision.drop_owners.insert(decision.drop_owners.end(), owners.waiting.begin(), owners.waiting.end());
    return decision;
  }
  decision.check_later = false;
  if (!owners.waiting.empty() && !node.dependents.empty()) {
    decision.unblock_owners = std::any_of(node.dependents.begin(), node.dependents.end(), [&](const auto& uid) {
      const auto* dependent = graph.find(uid);
      return dependent != nullptr && dependent->foreground;
    });
    decision.propagation = "Foreground";
    return decision;
  }
  decision.propagation = holds_orphan_finalizer ? "Orphan" : holds_foreground_finalizer ? "Foreground" : "Background";
  return decision;
}

} // namespace actors::controllers::garbagecollector
