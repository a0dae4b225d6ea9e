// The subsets of a Service's Endpoints object. Pure.
#pragma once

#include <vector>

#include "actors/controllers/framework/service_pods.hpp"

namespace actors::controllers::endpoints {

/// Addresses of one Endpoints object; more are cut off and the object says so.
inline constexpr size_t addresses_max = 1000;

struct subsets_result {
  client::draft subsets; // an array in canonical order: equal inputs give equal drafts
  bool truncated = false;
};

/// `pods`: all that the selector selects. Addresses with the same ports share a subset; ready ones are kept first.
subsets_result build_subsets(const framework::Service& service, const std::vector<const framework::Pod*>& pods);

} // namespace actors::controllers::endpoints
