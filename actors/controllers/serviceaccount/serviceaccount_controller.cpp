// The account of pods that name none.
#include "actors/controllers/serviceaccount/serviceaccount_controller.hpp"

#include "actors/controllers/framework/pods.hpp"
#include "messages/api/core/v1/namespace_generated.h"

namespace actors::controllers::serviceaccount {

using client::draft;
using client::entry;
using framework::text;

namespace {
constexpr const char* account_name = "default";
}

void serviceaccount_controller::start(framework::setup& tools) {
  namespaces_ = &tools.api.watch(client::namespaces);
  accounts_ = &tools.api.watch(client::serviceaccounts);
  namespaces_->on_change([enqueue = tools.enqueue](const std::string& key, const entry*, const entry* after) {
    if (after != nullptr)
      enqueue(key);
  });
  accounts_->on_change([enqueue = tools.enqueue](const std::string&, const entry* before, const entry* after) {
    if (after == nullptr && text(before->metadata->name()) == account_name)
      enqueue(std::string{text(before->metadata->namespace_())});
  });
}

framework::sync_plan serviceaccount_controller::sync(const std::string& name_space) {
  framework::sync_plan plan;
  const entry* item = namespaces_->find(name_space);
  if (item == nullptr || item->metadata->deletionTimestamp().has_value())
    return plan;
  const auto* status = item->as<messages::api::core::v1::Namespace>().status();
  const bool active = status == nullptr || text(status->phase()) != "Terminating";
  if (!active || accounts_->find(client::object_key(name_space, account_name)) != nullptr)
    return plan;
  auto create = framework::operation::create(
    client::serviceaccounts,
    draft::make_object({{"apiVersion", "v1"},
                        {"kind", "ServiceAccount"},
                        {"metadata", draft::make_object({{"name", account_name}, {"namespace", name_space}})}}));
  create.tolerated = {409}; // somebody else was faster
  plan.operations.push_back(std::move(create));
  return plan;
}

} // namespace actors::controllers::serviceaccount
