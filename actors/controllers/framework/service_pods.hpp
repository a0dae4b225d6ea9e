// What the two controllers of endpoints ask about Services and their pods. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/controllers/framework/pods.hpp"
#include "messages/api/core/v1/service_generated.h"

namespace actors::controllers::framework {

using messages::api::core::v1::Service;
using messages::api::core::v1::ServicePort;

inline constexpr std::string_view service_name_label = "kubernetes.io/service-name";
inline constexpr std::string_view headless_label = "service.kubernetes.io/headless";

/// The Service has a selector and is no ExternalName: its endpoints are kept by the cluster.
bool has_managed_endpoints(const Service& service);
bool is_headless(const Service& service);
/// The pod's IPv4 address, "" while it has none.
std::string_view ipv4_of(const Pod& pod);
/// It has an address, and has not finished for good. Pods that are being deleted are included.
bool can_be_endpoint(const Pod& pod);
/// The pod's own DNS name under a headless service; "" when it has none.
std::string_view endpoint_hostname(const Pod& pod, const Service& service);
/// The number of the pod's port that `port` leads to; nullopt: the pod has no port of that name.
std::optional<int32_t> find_target_port(const Pod& pod, const ServicePort& port);
/// Whether a change of a pod can change any endpoint: labels, address, readiness, deletion, phase, host name.
bool changes_endpoints(const client::entry& before, const client::entry& after);

/// Index of pods by each of their labels, and the pods that a Service's selector selects, in order of their keys.
std::vector<std::string> label_index(const client::entry& item);
std::vector<std::string> selected_pods(const client::object_cache& pods, const std::string& index_name,
                                       std::string_view name_space, const Service& service);
/// Services in `name_space` whose selector selects `labels`.
std::vector<std::string> selecting_services(const client::object_cache& services, std::string_view name_space,
                                            const messages::api::meta::v1::ObjectMeta& pod);

/// The reference to a pod that an endpoint carries.
client::draft pod_reference(const Pod& pod);
/// A Service's labels without those that only the cluster sets, plus the mark of a headless one.
client::draft labels_for_endpoints(const Service& service);

} // namespace actors::controllers::framework
