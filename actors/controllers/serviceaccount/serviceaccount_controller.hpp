// The controller: keys are names of namespaces.
#pragma once

#include "actors/controllers/framework/controller.hpp"

namespace actors::controllers::serviceaccount {

class serviceaccount_controller final : public framework::controller {
public:
  void start(framework::setup& tools) override;
  framework::sync_plan sync(const std::string& key) override;

private:
  client::object_cache* namespaces_ = nullptr;
  client::object_cache* accounts_ = nullptr;
};

} // namespace actors::controllers::serviceaccount
