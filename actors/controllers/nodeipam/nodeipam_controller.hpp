// The controller. Keys: names of nodes.
#pragma once

#include <set>
#include <unordered_map>

#include "actors/controllers/framework/controller.hpp"
#include "actors/controllers/nodeipam/range_allocator.hpp"

namespace actors::controllers::nodeipam {

class nodeipam_controller final : public framework::controller {
public:
  /// Throws std::invalid_argument when the cluster's network cannot be divided.
  nodeipam_controller(const std::string& cluster_cidr, int mask_size, runtime::telemetry::logger log);

  void start(framework::setup& tools) override;
  framework::sync_plan sync(const std::string& name) override;

private:
  struct node_ranges {
    std::vector<ipv4_network> shown;      // what the Node says
    std::optional<ipv4_network> reserved; // what we chose for it, as long as the Node does not say so
  };

  void on_node(const std::string& name, const client::entry* after);
  void report_overlaps(const std::string& name, const node_ranges& node) const;
  void release_reserved(node_ranges& node);
  /// Ranges are there again: those who wait for one are looked at.
  void wake_waiting();
  std::optional<ipv4_network> choose_range(const std::string& name);

  runtime::telemetry::logger log_;
  range_allocator ranges_;
  std::function<void(const std::string&)> enqueue_;
  client::object_cache* nodes_ = nullptr;
  std::unordered_map<std::string, node_ranges> states_;
  std::set<std::string> waiting_; // nodes without a range, whose Event was recorded
};

} // namespace actors::controllers::nodeipam
