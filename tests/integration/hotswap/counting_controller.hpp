// A controller that tells by its writes which version made them, and what it knows. Compiled into the test as the built-in
// version, and with other settings into the plugins.
#pragma once

#include <fmt/format.h>

#include "actors/controllers/framework/controller.hpp"

namespace hotswap_test {

namespace client = actors::client;
namespace framework = actors::controllers::framework;
using client::draft;

inline constexpr const char* role = "controllers/counting";

/// For each pod one patch: {"metadata":{"annotations":{"by":..,"syncs":..,"known":..}}}.
class counting_controller : public framework::controller {
public:
  explicit counting_controller(std::string version) : version_(std::move(version)) {}

  void start(framework::setup& tools) override {
    pods_ = &tools.api.watch(client::pods);
    pods_->on_change([enqueue = tools.enqueue](const std::string& key, const auto*, const auto* after) {
      if (after != nullptr)
        enqueue(key);
    });
  }

  framework::sync_plan sync(const std::string& key) override {
    framework::sync_plan plan;
    if (pods_->find(key) == nullptr)
      return plan;
    ++syncs_;
    auto [name_space, name] = client::split_key(key);
    const draft notes = draft::make_object(
      {{"by", version_}, {"syncs", std::to_string(syncs_)}, {"known", std::to_string(pods_->size())}});
    plan.operations.push_back(framework::operation::patch(
      client::pods, name_space, name, client::protocol::PatchKind::merge,
      draft::make_object({{"metadata", draft::make_object({{"annotations", notes}})}})));
    return plan;
  }

  std::string export_state() const override { return std::to_string(syncs_); }
  bool import_state(std::string_view state) override {
    syncs_ = state.empty() ? 0 : std::stoll(std::string{state});
    return true;
  }

private:
  std::string version_;
  int64_t syncs_ = 0;
  client::object_cache* pods_ = nullptr;
};

} // namespace hotswap_test
