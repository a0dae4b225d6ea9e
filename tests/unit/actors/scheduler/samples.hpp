// Pods and nodes written as JSON, as the scheduler sees them.
#pragma once

#include "actors/scheduler/decide_node.hpp"
#include "tests/unit/actors/client/samples.hpp"

namespace samples {

namespace scheduler = actors::scheduler;
using client_samples::client::draft;
using client_samples::json;

inline actors::client::entry entry_of(const actors::client::resource& what, const draft& object) {
  auto buffer = client_samples::packed(what.type(), object);
  const auto* metadata = messages::codec::metadata_of(what.type(), buffer);
  return {std::move(buffer), 1, metadata};
}

/// default/<name>; `spec` as JSON, containers included.
inline draft pod_object(std::string_view name, std::string_view spec) {
  draft object = json(R"({"apiVersion":"v1","kind":"Pod","metadata":{"namespace":"default"}})");
  object["metadata"].set("name", name);
  object["metadata"].set("uid", fmt::format("uid-{}", name));
  object["metadata"].set("generation", 1);
  object.set("spec", json(spec));
  return object;
}

using pod_ptr = std::shared_ptr<const scheduler::cache::pod_info>;
inline pod_ptr make_pod(std::string_view name, std::string_view spec) {
  return std::make_shared<const scheduler::cache::pod_info>(scheduler::cache::make_pod_info(
    fmt::format("default/{}", name), entry_of(actors::client::pods, pod_object(name, spec))));
}

/// A pod with one container that requests `requests` (JSON), and `more` members of its spec.
inline pod_ptr pod_with(std::string_view name, std::string_view requests, std::string_view more = "") {
  return make_pod(name, fmt::format(R"({{"containers":[{{"name":"main","image":"web","resources":{{"requests":{}}}}}]{}{}}})", requests,
                                    more.empty() ? "" : ",", more));
}

/// A ready node of 4 cpus and 8Gi for 110 pods; `more` members of the object, as JSON: R"("spec":{...})".
inline draft node_object(std::string_view name, std::string_view more = "",
                         std::string_view allocatable = R"({"cpu":"4","memory":"8Gi","pods":"110"})") {
  draft object = json(fmt::format(R"({{"apiVersion":"v1","kind":"Node","metadata":{{}},"status":{{"allocatable":{}}}{}{}}})",
                                  allocatable, more.empty() ? "" : ",", more));
  object["metadata"].set("name", name);
  object["metadata"].set("uid", fmt::format("uid-{}", name));
  return object;
}

inline void add_node(scheduler::cache::cluster_cache& cluster, const draft& object) {
  cluster.set_node(std::string{object.get("metadata").get("name").str()}, entry_of(actors::client::nodes, object));
}
inline void add_node(scheduler::cache::cluster_cache& cluster, const char* name) { add_node(cluster, node_object(name)); }

/// The one node of a cluster of one.
struct one_node {
  scheduler::cache::cluster_cache cluster;
  explicit one_node(const draft& object) { add_node(cluster, object); }
  const scheduler::cache::node_info& operator*() const { return cluster.nodes().begin()->second; }
};

} // namespace samples
