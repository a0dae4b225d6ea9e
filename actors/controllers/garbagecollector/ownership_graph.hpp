// Who owns whom, by uid, kept up to date change by change. An owner that is referred to but was not seen is a virtual node.
#pragma once

#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "actors/client/informer.hpp"

namespace actors::controllers::garbagecollector {

/// One owner reference.
struct owner_link {
  std::string uid, api_version, kind, name;
  bool blocks = false; // blockOwnerDeletion
  bool operator==(const owner_link&) const = default;
};

/// What is known of an owner that no watch shows.
enum class presence { unchecked, present, absent };

using owner_links = std::vector<owner_link>;

struct graph_node {
  std::string_view uid; // as the graph has it
  const client::resource* what = nullptr; // nullptr: virtual
  std::optional<client::shared_key> key;  // as caches have it; nothing: virtual
  std::shared_ptr<const owner_links> links; // null: none; what many objects have in common is there once
  bool deleting = false;
  bool foreground = false; // is being deleted and waits for its dependents
  bool orphaning = false;  // is being deleted and lets its dependents go first
  std::set<std::string_view> dependents; // as their nodes have it
  std::shared_ptr<const owner_links> told; // the links of the dependent that was seen last
  presence checked = presence::unchecked; // of a virtual node
  bool is_virtual() const { return what == nullptr; }
  std::string_view name_space() const;
  std::string_view name() const;
  const owner_links& owners() const {
    static const owner_links none;
    return links ? *links : none;
  }
};

class ownership_graph {
public:
  /// An object was added or changed. Returns the uids that have to be looked at.
  std::vector<std::string> put(const client::resource& what, const client::entry& item);
  /// An object is gone.
  std::vector<std::string> erase(const client::entry& item);
  /// What the API said about a virtual owner; without effect once a watch shows it.
  void check(const std::string& uid, presence result);

  const graph_node* find(std::string_view uid) const;
  size_t size() const { return nodes_.size(); }

private:
  void link(graph_node& node, owner_links owners, std::vector<std::string>& affected);
  void unlink(const std::string& owner, std::string_view dependent, std::vector<std::string>& affected);

  struct hash {
    using is_transparent = void;
    size_t operator()(std::string_view uid) const { return std::hash<std::string_view>{}(uid); }
  };
  graph_node& node_of(const std::string& uid);

  std::unordered_map<std::string, graph_node, hash, std::equal_to<>> nodes_;
};

/// The resource of an owner reference; nullptr: a kind that is not known here.
const client::resource* resource_of_owner(const owner_link& owner);

} // namespace actors::controllers::garbagecollector
