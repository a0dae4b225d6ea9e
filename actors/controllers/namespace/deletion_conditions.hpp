// What a namespace's status says about its deletion. Pure.
#pragma once

#include <map>
#include <string>

#include "actors/client/informer.hpp"

namespace actors::controllers::namespaces {

/// What is still there, counted.
struct remaining_content {
  std::map<std::string, int64_t> by_resource;  // "pods." or "deployments.apps", as upstream writes them
  std::map<std::string, int64_t> by_finalizer;
  bool empty() const { return by_resource.empty(); }
};

/// The conditions of `present` (an array or null) brought up to date; those of others are kept.
client::draft deletion_conditions(const client::draft& present, const remaining_content& content, int64_t now_seconds);

} // namespace actors::controllers::namespaces
