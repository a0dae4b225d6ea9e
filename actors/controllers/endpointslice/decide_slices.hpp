// Which slices to create, change and delete so that together they hold the wanted endpoints, with few writes. Pure.
#pragma once

#include <string>
#include <vector>

#include "actors/controllers/endpointslice/endpoint_groups.hpp"

namespace actors::controllers::endpointslice {

/// Endpoints of one slice (upstream's --max-endpoints-per-slice).
inline constexpr size_t endpoints_per_slice_max = 100;

/// A slice that is there. `meta_differs`: its labels are not the wanted ones, it has to be written anyway.
struct present_slice {
  size_t id = 0; // the caller's
  draft ports;
  std::vector<draft> endpoints;
  bool meta_differs = false;
};

struct slice_content {
  draft ports;
  std::vector<draft> endpoints;
};

struct slice_decision {
  std::vector<slice_content> create;
  std::vector<std::pair<size_t, slice_content>> update; // by id
  std::vector<size_t> remove;                           // ids
};

/// Endpoints stay in the slice that they are in; new ones go to slices that are written anyway, then to the fullest with
/// room, then to new ones. A Service without endpoints keeps one empty slice.
slice_decision decide_slices(std::vector<endpoint_group> wanted, std::vector<present_slice> present);

} // namespace actors::controllers::endpointslice
