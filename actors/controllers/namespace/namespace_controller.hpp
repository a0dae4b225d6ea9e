// The controller: keys are names of namespaces; only those that are being deleted are looked at.
#pragma once

#include <set>
#include <unordered_map>

#include "actors/controllers/framework/controller.hpp"
#include "actors/controllers/namespace/deletion_conditions.hpp"
#include "runtime/seams/clock.hpp"

namespace actors::controllers::namespaces {

class namespace_controller final : public framework::controller {
public:
  /// Deletions in one look at a namespace; the rest follows when these have been seen to happen.
  static constexpr size_t removals_max = 500;

  explicit namespace_controller(runtime::seams::clock_ptr clock) : clock_(std::move(clock)) {}

  void start(framework::setup& tools) override;
  framework::sync_plan sync(const std::string& name) override;

private:
  /// Deletes what `cache` shows of the namespace and counts it.
  void empty_out(const client::object_cache& cache, const std::string& name, remaining_content& content, framework::sync_plan& plan) const;
  /// The last check, against the store instead of the caches: writes that were under way when the deletion began.
  void sweep(const std::string& name, const std::string& uid, framework::sync_plan& plan);
  void add_status(const client::entry& item, const remaining_content& content, framework::sync_plan& plan) const;

  runtime::seams::clock_ptr clock_;
  std::function<void(const std::string&)> enqueue_;
  client::object_cache* namespaces_ = nullptr;
  client::object_cache* pods_ = nullptr;
  std::vector<client::object_cache*> others_;
  /// By uid of a namespace that is being swept: the resources whose answer is missing. Empty: it may go.
  std::unordered_map<std::string, std::set<const client::resource*>> unswept_;
};

} // namespace actors::controllers::namespaces
