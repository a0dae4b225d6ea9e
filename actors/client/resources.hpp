// The resources that Troupe's own roles use, each bound to the generated table of its objects.
#pragma once

#include <string_view>

#include "messages/codec/schema.hpp"

namespace messages::api {
namespace core::v1 {
struct ConfigMap;
struct Endpoints;
struct Event;
struct Namespace;
struct Node;
struct Pod;
struct Secret;
struct Service;
struct ServiceAccount;
} // namespace core::v1
namespace apps::v1 {
struct Deployment;
struct ReplicaSet;
} // namespace apps::v1
namespace discovery::v1 {
struct EndpointSlice;
}
namespace coordination::v1 {
struct Lease;
}
namespace troupe::v1 {
struct Host;
struct Placement;
struct Role;
struct Shard;
} // namespace troupe::v1
} // namespace messages::api

namespace actors::client {

namespace api = messages::api;

/// Where the objects of a kind are; views of literals.
struct resource {
  std::string_view group;   // "" is core
  std::string_view version;
  std::string_view plural;
  std::string_view kind;

  std::string api_version() const {
    return group.empty() ? std::string{version} : std::string{group} + "/" + std::string{version};
  }
  /// By content: a shared object has constants of its own.
  bool operator==(const resource&) const = default;
  /// The table of the schema; aborts for a resource that the schema lacks, which a unit test rules out.
  const messages::codec::type& type() const;
};

inline constexpr resource configmaps{"", "v1", "configmaps", "ConfigMap"};
inline constexpr resource endpoints{"", "v1", "endpoints", "Endpoints"};
inline constexpr resource events{"", "v1", "events", "Event"};
inline constexpr resource namespaces{"", "v1", "namespaces", "Namespace"};
inline constexpr resource nodes{"", "v1", "nodes", "Node"};
inline constexpr resource pods{"", "v1", "pods", "Pod"};
inline constexpr resource secrets{"", "v1", "secrets", "Secret"};
inline constexpr resource services{"", "v1", "services", "Service"};
inline constexpr resource serviceaccounts{"", "v1", "serviceaccounts", "ServiceAccount"};
inline constexpr resource deployments{"apps", "v1", "deployments", "Deployment"};
inline constexpr resource replicasets{"apps", "v1", "replicasets", "ReplicaSet"};
inline constexpr resource endpointslices{"discovery.k8s.io", "v1", "endpointslices", "EndpointSlice"};
inline constexpr resource leases{"coordination.k8s.io", "v1", "leases", "Lease"};
inline constexpr resource hosts{"troupe.dev", "v1", "hosts", "Host"};
inline constexpr resource placements{"troupe.dev", "v1", "placements", "Placement"};
inline constexpr resource roles{"troupe.dev", "v1", "roles", "Role"};
inline constexpr resource shards{"troupe.dev", "v1", "shards", "Shard"};

/// Every kind that can own objects or be owned: what the garbage collector follows. A unit test compares the list with
/// the apiserver's registry.
inline constexpr const resource* owning_resources[] = {&configmaps, &endpoints, &namespaces, &nodes, &pods, &secrets, &services,
                                                       &serviceaccounts, &deployments, &replicasets, &endpointslices, &leases,
                                                       &hosts, &placements, &roles, &shards};
/// Every kind whose objects live in a namespace.
inline constexpr const resource* namespaced_resources[] = {&configmaps, &endpoints, &events, &pods, &secrets, &services,
                                                           &serviceaccounts, &deployments, &replicasets, &endpointslices, &leases};

template <class T>
inline constexpr const resource* resource_of = nullptr;
template <> inline constexpr const resource* resource_of<api::core::v1::ConfigMap> = &configmaps;
template <> inline constexpr const resource* resource_of<api::core::v1::Endpoints> = &endpoints;
template <> inline constexpr const resource* resource_of<api::core::v1::Event> = &events;
template <> inline constexpr const resource* resource_of<api::core::v1::Namespace> = &namespaces;
template <> inline constexpr const resource* resource_of<api::core::v1::Node> = &nodes;
template <> inline constexpr const resource* resource_of<api::core::v1::Pod> = &pods;
template <> inline constexpr const resource* resource_of<api::core::v1::Secret> = &secrets;
template <> inline constexpr const resource* resource_of<api::core::v1::Service> = &services;
template <> inline constexpr const resource* resource_of<api::core::v1::ServiceAccount> = &serviceaccounts;
template <> inline constexpr const resource* resource_of<api::apps::v1::Deployment> = &deployments;
template <> inline constexpr const resource* resource_of<api::apps::v1::ReplicaSet> = &replicasets;
template <> inline constexpr const resource* resource_of<api::discovery::v1::EndpointSlice> = &endpointslices;
template <> inline constexpr const resource* resource_of<api::coordination::v1::Lease> = &leases;
template <> inline constexpr const resource* resource_of<api::troupe::v1::Host> = &hosts;
template <> inline constexpr const resource* resource_of<api::troupe::v1::Placement> = &placements;
template <> inline constexpr const resource* resource_of<api::troupe::v1::Role> = &roles;
template <> inline constexpr const resource* resource_of<api::troupe::v1::Shard> = &shards;

} // namespace actors::client
