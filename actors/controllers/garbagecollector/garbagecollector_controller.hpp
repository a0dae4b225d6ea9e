// The controller: keys are uids of objects.
#pragma once

#include <map>

#include "actors/controllers/framework/controller.hpp"
#include "actors/controllers/garbagecollector/decide_collection.hpp"

namespace actors::controllers::garbagecollector {

class garbagecollector_controller final : public framework::controller {
public:
  /// After this long the API is asked again about an owner that exists but is not watched.
  static constexpr std::chrono::milliseconds recheck_delay{30'000};

  void start(framework::setup& tools) override;
  framework::sync_plan sync(const std::string& uid) override;
  const ownership_graph& graph() const { return graph_; }

private:
  void on_change(const client::object_cache& cache, const client::entry* before, const client::entry* after);
  const client::entry* entry_of(const graph_node& node) const;
  framework::operation ask_about(const owner_link& owner, const graph_node& dependent);
  framework::operation drop_owners(const graph_node& node, const std::vector<std::string>& owners) const;
  framework::operation unblock_owners(const graph_node& node) const;
  framework::operation remove_finalizer(const graph_node& node, const client::entry& item, std::string_view finalizer) const;

  std::function<void(const std::string&)> enqueue_;
  std::map<const client::resource*, client::object_cache*> caches_;
  ownership_graph graph_;
};

} // namespace actors::controllers::garbagecollector
