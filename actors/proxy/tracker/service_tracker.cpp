// Services and EndpointSlices to rules.
#include "actors/proxy/tracker/service_tracker.hpp"

#include "actors/proxy/tracker/select_targets.hpp"

namespace actors::proxy::tracker {

void apply_delta(rule_model& model, const model_delta& delta) {
  for (const auto& [key, rules] : delta) {
    if (rules)
      model.insert_or_assign(key, *rules);
    else
      model.erase(key);
  }
}

service_tracker::service_tracker(std::string node_name) : node_name_(std::move(node_name)) {}

void service_tracker::put(service changed) {
  auto& known = services_[changed.key];
  if (known == changed)
    return;
  dirty_.insert(changed.key);
  known = std::move(changed);
}

void service_tracker::erase_service(const object_key& key) {
  if (services_.erase(key) > 0)
    dirty_.insert(key);
}

void service_tracker::put(endpoint_slice changed) {
  auto& known = slices_[changed.key];
  if (known == changed)
    return;
  detach(known); // the label may name another service than before
  const object_key owner{changed.key.name_space, changed.service_name};
  if (!owner.name.empty()) {
    slices_of_[owner].insert(changed.key);
    dirty_.insert(owner);
  }
  known = std::move(changed);
}

void service_tracker::erase_slice(const object_key& key) {
  if (auto found = slices_.find(key); found != slices_.end()) {
    detach(found->second);
    slices_.erase(found);
  }
}

void service_tracker::detach(const endpoint_slice& slice) {
  const object_key owner{slice.key.name_space, slice.service_name};
  auto found = slices_of_.find(owner);
  if (found == slices_of_.end())
    return;
  found->second.erase(slice.key);
  if (found->second.empty())
    slices_of_.erase(found);
  dirty_.insert(owner);
}

std::vector<std::pair<port_key, port_rules>> service_tracker::decide(const object_key& key) const {
  std::vector<std::pair<port_key, port_rules>> result;
  auto owner = services_.find(key);
  if (owner == services_.end())
    return result;
  const auto address = proxied_address(owner->second);
  if (!address)
    return result;
  std::vector<const endpoint_slice*> slices;
  if (auto found = slices_of_.find(key); found != slices_of_.end())
    for (const auto& slice : found->second)
      slices.push_back(&slices_.at(slice));
  for (const auto& port : owner->second.ports) {
    const auto candidates = resolve_candidates(slices, port.name, port.protocol, node_name_);
    result.emplace_back(port_key{key, port.name},
                        decide_port_rules(owner->second, *address, port, candidates));
  }
  return result;
}

model_delta service_tracker::take_delta() {
  model_delta delta;
  for (const auto& key : dirty_) {
    std::set<port_key> gone;
    for (auto it = model_.lower_bound({key, ""}); it != model_.end() && it->first.service == key; ++it)
      gone.insert(it->first);
    for (auto& [port, rules] : decide(key)) {
      gone.erase(port);
      auto known = model_.find(port);
      if (known == model_.end() || known->second != rules)
        delta.emplace_back(port, std::move(rules));
    }
    for (const auto& port : gone)
      delta.emplace_back(port, std::nullopt);
  }
  dirty_.clear();
  apply_delta(model_, delta);
  return delta;
}

} // namespace actors::proxy::tracker
