// What to do about one object, given who owns it and whom it owns. Pure.
#pragma once

#include <string>
#include <vector>

#include "actors/controllers/garbagecollector/ownership_graph.hpp"

namespace actors::controllers::garbagecollector {

struct collection_decision {
  /// Owners to ask the API about first; nothing else is decided then.
  std::vector<owner_link> check;
  /// An owner that exists but is not watched keeps the object: look again later.
  bool check_later = false;
  /// References to owners that are gone or wait to go, while another owner keeps the object.
  std::vector<std::string> drop_owners;
  /// Delete the object: "Background", "Foreground" or "Orphan"; "": do not.
  std::string propagation;
  /// It is being deleted in the foreground: dependents to look at, or the finalizer to remove when none blocks any more.
  std::vector<std::string> wake_dependents;
  /// Dependents that are to forget this owner.
  std::vector<std::string> release_dependents;
  std::string remove_finalizer;
  /// Stop blocking the owners: they and the object wait for each other.
  bool unblock_owners = false;
};

/// Dependents that are released in one look.
inline constexpr size_t released_max = 500;

collection_decision decide_collection(const ownership_graph& graph, const graph_node& node, bool holds_orphan_finalizer,
                                      bool holds_foreground_finalizer);

} // namespace actors::controllers::garbagecollector
