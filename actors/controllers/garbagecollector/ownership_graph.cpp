// Nodes and links.
#include "actors/controllers/garbagecollector/ownership_graph.hpp"

#include <algorithm>

#include "actors/controllers/framework/pods.hpp"

namespace actors::controllers::garbagecollector {

using client::entry;
using framework::text;

namespace {

owner_links owners_of(const entry& item) {
  owner_links result;
  if (const auto* owners = item.metadata->ownerReferences())
    for (const auto* owner : *owners)
      result.push_back({std::string{text(owner->uid())}, std::string{text(owner->apiVersion())}, std::string{text(owner->kind())},
                        std::string{text(owner->name())}, owner->blockOwnerDeletion().value_or(false)});
  return result;
}

bool has_finalizer(const entry& item, std::string_view wanted) {
  const auto* finalizers = item.metadata->finalizers();
  return finalizers != nullptr &&
         std::any_of(finalizers->begin(), finalizers->end(), [&](const auto* finalizer) { return text(finalizer) == wanted; });
}

} // namespace

const client::resource* resource_of_owner(const owner_link& owner) {
  for (const auto* what : client::owning_resources)
    if (what->kind == owner.kind && what->api_version() == owner.api_version)
      return what;
  return nullptr;
}

std::string_view graph_node::name_space() const {
  const auto slash = key ? key->text().find('/') : std::string::npos;
  return slash == std::string::npos ? std::string_view{} : std::string_view{key->text()}.substr(0, slash);
}

std::string_view graph_node::name() const {
  return key ? std::string_view{key->text()}.substr(key->text().find('/') + 1) : std::string_view{}; // npos + 1 is 0
}

graph_node& ownership_graph::node_of(const std::string& uid) {
  const auto found = nodes_.try_emplace(uid).first; // references to nodes, and to their uids, stay valid
  found->second.uid = found->first;
  return found->second;
}

const graph_node* ownership_graph::find(std::string_view uid) const {
  const auto found = nodes_.find(uid);
  return found == nodes_.end() ? nullptr : &found->second;
}

void ownership_graph::unlink(const std::string& owner, std::string_view dependent, std::vector<std::string>& affected) {
  const auto found = nodes_.find(owner);
  if (found == nodes_.end())
    return;
  found->second.dependents.erase(dependent);
  if (found->second.foreground || found->second.orphaning)
    affected.push_back(owner); // it may have waited for this one
  if (found->second.is_virtual() && found->second.dependents.empty())
    nodes_.erase(found);
}

void ownership_graph::link(graph_node& node, owner_links owners, std::vector<std::string>& affected) {
  const std::string_view uid = node.uid;
  const auto before = std::exchange(node.links, nullptr);
  if (!owners.empty()) {
    auto& told = node_of(owners.front().uid).told;
    if (!told || *told != owners)
      told = std::make_shared<const owner_links>(owners);
    node.links = told;
  }
  for (const auto& owner : before ? *before : owner_links{})
    if (std::none_of(owners.begin(), owners.end(), [&](const auto& other) { return other.uid == owner.uid; }))
      unlink(owner.uid, uid, affected);
  for (const auto& owner : owners) {
    auto& target = node_of(owner.uid);
    target.dependents.insert(uid);
    if (target.foreground || target.orphaning)
      affected.push_back(owner.uid);
    if (target.is_virtual() || target.foreground)
      affected.emplace_back(uid);
  }
}

std::vector<std::string> ownership_graph::put(const client::resource& what, const entry& item) {
  std::vector<std::string> affected;
  const std::string uid{text(item.metadata->uid())};
  if (uid.empty())
    return affected;
  auto& node = node_of(uid);
  const bool was_foreground = node.foreground;
  node.what = &what;
  const auto key = client::object_key(text(item.metadata->namespace_()), text(item.metadata->name()));
  if (!node.key || node.key->text() != key)
    node.key.emplace(key);
  node.deleting = item.metadata->deletionTimestamp().has_value();
  node.foreground = node.deleting && has_finalizer(item, "foregroundDeletion");
  node.orphaning = node.deleting && has_finalizer(item, "orphan");
  if (node.foreground || node.orphaning)
    affected.push_back(uid);
  if (node.foreground && !was_foreground)
    affected.insert(affected.end(), node.dependents.begin(), node.dependents.end());
  auto owners = owners_of(item);
  if (owners != node.owners()) {
    affected.push_back(uid);
    link(node, std::move(owners), affected);
  }
  return affected;
}

std::vector<std::string> ownership_graph::erase(const entry& item) {
  std::vector<std::string> affected;
  const auto found = nodes_.find(std::string{text(item.metadata->uid())});
  if (found == nodes_.end())
    return affected;
  graph_node& node = found->second;
  affected.assign(node.dependents.begin(), node.dependents.end());
  link(node, {}, affected);
  if (node.dependents.empty()) {
    nodes_.erase(found);
    return affected;
  }
  graph_node gone{.uid = node.uid, .dependents = std::move(node.dependents), .told = node.told, .checked = presence::absent};
  node = std::move(gone);
  return affected;
}

void ownership_graph::check(const std::string& uid, presence result) {
  const auto found = nodes_.find(uid);
  if (found != nodes_.end() && found->second.is_virtual())
    found->second.checked = result;
}

} // namespace actors::controllers::garbagecollector
