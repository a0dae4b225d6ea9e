// A node with what its pods take, and all nodes with the pods that are bound or about to be.
#pragma once

#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "actors/scheduler/cache/pod_info.hpp"
#include "messages/api/core/v1/node_generated.h"

namespace actors::scheduler::cache {

using messages::api::core::v1::Node;

struct node_info {
  std::string name;
  client::object_buffer object; // empty: pods are bound to a node that is not known (yet)
  resources allocatable;
  int64_t pods_max = 0;
  resources requested;
  resources nonzero_requested;
  std::map<host_port, int> host_ports;
  int64_t pods = 0;
  std::map<int32_t, int64_t> priorities; // of its pods, with their number

  /// Of its pods; the highest there is when it has none.
  int32_t lowest_priority() const {
    return priorities.empty() ? std::numeric_limits<int32_t>::max() : priorities.begin()->first;
  }
  bool known() const { return static_cast<bool>(object); }
  const Node& node() const { return *object.root<Node>(); }
};

/// Fed by events; every change costs the size of the change. A pod that was assumed (its binding is under way) counts like a bound
/// one until the event of the binding arrives, or until it is forgotten.
class cluster_cache {
public:
  void set_node(const std::string& name, const client::entry& item);
  void remove_node(const std::string& name);
  /// Bound pods only; replaces what is known of the pod.
  void set_pod(const std::shared_ptr<const pod_info>& pod);
  void remove_pod(const std::string& key);
  void assume(const std::shared_ptr<const pod_info>& pod, const std::string& node);
  void forget(const std::string& key);
  bool is_assumed(const std::string& key) const;

  const std::map<std::string, node_info>& nodes() const { return nodes_; }
  size_t known_nodes() const { return known_nodes_; }

private:
  using loads = std::map<pod_load, size_t>; // and how many pods have it
  /// Most pods of a cluster are placed, and nothing else of them is of interest.
  struct placed {
    loads::iterator load;
    node_info* node;
    bool assumed;
  };
  void place(const pod_info& pod, const std::string& node, bool assumed);
  void count(node_info& node, const pod_load& pod, int sign);
  void drop_if_unused(const std::string& name);

  std::map<std::string, node_info> nodes_;
  loads loads_;
  std::unordered_map<client::shared_key, placed, client::shared_key::hash, std::equal_to<>> pods_;
  size_t known_nodes_ = 0;
};

} // namespace actors::scheduler::cache
