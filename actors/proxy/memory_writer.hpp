// Rules that exist only in memory: for simulations and hollow nodes.
#pragma once

#include "actors/proxy/rule_writer.hpp"

namespace actors::proxy {

class memory_writer final : public rule_writer {
public:
  write_report write(const tracker::model_delta& delta) override {
    tracker::apply_delta(model_, delta);
    return {{}, std::exchange(complete_, false), {}};
  }
  bool verify() override { return true; }
  const tracker::rule_model& model() const { return model_; }

private:
  tracker::rule_model model_;
  bool complete_ = true;
};

} // namespace actors::proxy
