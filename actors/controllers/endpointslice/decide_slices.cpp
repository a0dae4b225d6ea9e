// Placing endpoints in slices.
#include "actors/controllers/endpointslice/decide_slices.hpp"

#include <algorithm>
#include <map>

namespace actors::controllers::endpointslice {

namespace {

/// The pod behind an endpoint; addresses can be taken over by another pod.
std::string identity_of(const draft& endpoint) {
  const auto& addresses = endpoint.get("addresses").items();
  std::string result{addresses.empty() ? std::string_view{} : addresses.front().str()};
  return result.append("/").append(endpoint.at({"targetRef", "uid"}).str());
}

struct open_slice {
  present_slice slice;
  bool changed = false;
};

/// Takes the endpoints that `slice` already holds out of `wanted`; drops and refreshes the others.
open_slice keep_wanted(present_slice slice, std::map<std::string, draft>& wanted) {
  open_slice result;
  std::vector<draft> kept;
  result.changed = slice.meta_differs;
  for (auto& endpoint : slice.endpoints) {
    const auto found = wanted.find(identity_of(endpoint));
    if (found == wanted.end()) {
      result.changed = true;
      continue;
    }
    result.changed |= !(found->second == endpoint);
    kept.push_back(std::move(found->second));
    wanted.erase(found);
  }
  slice.endpoints = std::move(kept);
  result.slice = std::move(slice);
  return result;
}

void fill(open_slice& target, std::vector<draft>& rest) {
  while (!rest.empty() && target.slice.endpoints.size() < endpoints_per_slice_max) {
    target.slice.endpoints.push_back(std::move(rest.back()));
    rest.pop_back();
    target.changed = true;
  }
}

/// What is left of `rest` is less than a slice: into the fullest unchanged slice that takes all of it.
void fill_unchanged(std::vector<open_slice>& slices, std::vector<draft>& rest) {
  open_slice* best = nullptr;
  for (auto& slice : slices) {
    const size_t count = slice.slice.endpoints.size();
    if (!slice.changed && count + rest.size() <= endpoints_per_slice_max &&
        (best == nullptr || count > best->slice.endpoints.size()))
      best = &slice;
  }
  if (best != nullptr)
    fill(*best, rest);
}

void place_group(endpoint_group group, std::vector<present_slice> present, slice_decision& decision) {
  std::map<std::string, draft> wanted;
  std::vector<std::string> order;
  for (auto& endpoint : group.endpoints) {
    order.push_back(identity_of(endpoint));
    wanted.emplace(order.back(), std::move(endpoint));
  }
  std::vector<open_slice> slices;
  for (auto& slice : present)
    slices.push_back(keep_wanted(std::move(slice), wanted));
  std::vector<draft> rest; // new endpoints, the last one first
  for (auto key = order.rbegin(); key != order.rend(); ++key)
    if (const auto found = wanted.find(*key); found != wanted.end()) {
      rest.push_back(std::move(found->second));
      wanted.erase(found);
    }
  for (auto& slice : slices)
    if (slice.changed)
      fill(slice, rest);
  while (!rest.empty()) {
    if (rest.size() < endpoints_per_slice_max)
      fill_unchanged(slices, rest);
    if (rest.empty())
      break;
    open_slice added{{.ports = group.ports}};
    fill(added, rest);
    decision.create.push_back({std::move(added.slice.ports), std::move(added.slice.endpoints)});
  }
  for (auto& slice : slices) {
    if (slice.slice.endpoints.empty())
      decision.remove.push_back(slice.slice.id);
    else if (slice.changed)
      decision.update.emplace_back(slice.slice.id, slice_content{std::move(slice.slice.ports), std::move(slice.slice.endpoints)});
  }
}

/// A slice that would be deleted takes the place of one that would be created: one write instead of two.
void recycle(slice_decision& decision) {
  while (!decision.create.empty() && !decision.remove.empty()) {
    decision.update.emplace_back(decision.remove.back(), std::move(decision.create.back()));
    decision.remove.pop_back();
    decision.create.pop_back();
  }
}

} // namespace

slice_decision decide_slices(std::vector<endpoint_group> wanted, std::vector<present_slice> present) {
  const bool placeholder_stays = wanted.empty() && present.size() == 1 && present[0].endpoints.empty() &&
                                 present[0].ports.empty() && !present[0].meta_differs;
  if (placeholder_stays)
    return {};
  slice_decision result;
  std::map<std::string, std::vector<present_slice>> by_ports;
  for (auto& slice : present)
    by_ports[port_key(slice.ports)].push_back(std::move(slice));
  for (auto& group : wanted) {
    const auto key = port_key(group.ports);
    auto slices = std::move(by_ports[key]);
    by_ports.erase(key);
    place_group(std::move(group), std::move(slices), result);
  }
  for (const auto& [key, slices] : by_ports)
    for (const auto& slice : slices)
      result.remove.push_back(slice.id);
  if (wanted.empty())
    result.create.push_back({draft::make_array(), {}});
  recycle(result);
  return result;
}

} // namespace actors::controllers::endpointslice
