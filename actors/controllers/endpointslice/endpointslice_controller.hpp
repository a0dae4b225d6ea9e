// The controller: watches, keys (of Services), and the plan for the slices of one Service.
#pragma once

#include "actors/controllers/endpointslice/decide_slices.hpp"
#include "actors/controllers/framework/controller.hpp"

namespace actors::controllers::endpointslice {

class endpointslice_controller final : public framework::controller {
public:
  void start(framework::setup& tools) override;
  framework::sync_plan sync(const std::string& key) override;

private:
  /// The selected pods with their zones; those whose node is not known are left out, as nobody can vouch for them.
  std::vector<located_pod> locate_pods(const client::entry& item, const framework::Service& service) const;
  /// The Service's slices by number; those of an earlier Service of that name are removed by `plan`.
  std::vector<const client::entry*> own_slices(const std::string& key, const client::entry& item, framework::sync_plan& plan) const;

  client::object_cache* services_ = nullptr;
  client::object_cache* pods_ = nullptr;
  client::object_cache* slices_ = nullptr;
  client::object_cache* nodes_ = nullptr;
};

} // namespace actors::controllers::endpointslice
