// The controller: watches, keys (of Services), and the plan for one Endpoints object.
#pragma once

#include "actors/controllers/framework/controller.hpp"

namespace actors::controllers::endpoints {

class endpoints_controller final : public framework::controller {
public:
  void start(framework::setup& tools) override;
  framework::sync_plan sync(const std::string& key) override;

private:
  client::object_cache* services_ = nullptr;
  client::object_cache* pods_ = nullptr;
  client::object_cache* endpoints_ = nullptr;
};

} // namespace actors::controllers::endpoints
