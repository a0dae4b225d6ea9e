// Who owns whom, by uid, kept up to date change by change. An owner that is referred to but was not seen is a virtual node.
#pragma once

#include <optional>
#include <set>
#include <string>
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

struct graph_node {
  std::string uid;
  const client::resource* what = nullptr; // nullptr: virtual
  std::string name_space, name;
  std::vector<owner_link> owners;
  bool deleting = false;
  bool foreground = false; // is being deleted and waits for its dependents
  bool orphaning = false;  // is being deleted and lets its dependents go first
  std::set<std::string> dependents;
  presence checked = presence::unchecked; // of a virtual node
  bool is_virtual() const { return what == nullptr; }
};

class ownership_graph {
public:
  /// An object was added or changed. Returns the uids that have to be looked at.
  std::vector<std::string> put(const client::resource& what, const client::entry& item);
  /// An object is gone.
  std::vector<std::string> erase(const client::entry& item);
  /// What the API said about a virtual owner; without effect once a watch shows it.
  void check(const std::string& uid, presence result);

  const graph_node* find(const std::string& uid) const;
  size_t size() const { return nodes_.size(); }

private:
  void link(graph_node& node, std::vector<owner_link> owners, std::vector<std::string>& affected);
  void unlink(const std::string& owner, const std::string& dependent, std::vector<std::string>& affected);

  std::unordered_map<std::string, graph_node> nodes_;
};

/// The resource of an owner reference; nullptr: a kind that is not known here.
const client::resource* resource_of_owner(const owner_link& owner);

} // namespace actors::controllers::garbagecollector
