// Keeps what is known of Services and EndpointSlices and says which rules they ask for. Cost follows
// the change: only services touched since the last delta are decided again. No CAF, no thread of its own.
#pragma once

#include "actors/proxy/tracker/rule_model.hpp"

#include <map>
#include <set>
#include <string>

namespace actors::proxy::tracker {

class service_tracker {
public:
  explicit service_tracker(std::string node_name);

  void put(service changed);
  void erase_service(const object_key& key);
  void put(endpoint_slice changed);
  void erase_slice(const object_key& key);

  bool changed() const { return !dirty_.empty(); }
  // The service ports whose rules differ from those of the last delta.
  model_delta take_delta();
  // All rules as of the last delta.
  const rule_model& model() const { return model_; }
  size_t services() const { return services_.size(); }

private:
  std::vector<std::pair<port_key, port_rules>> decide(const object_key& key) const;
  void detach(const endpoint_slice& slice);

  const std::string node_name_;
  std::map<object_key, service> services_;
  std::map<object_key, endpoint_slice> slices_;
  std::map<object_key, std::set<object_key>> slices_of_; // service -> its slices
  std::set<object_key> dirty_;
  rule_model model_;
};

} // namespace actors::proxy::tracker
