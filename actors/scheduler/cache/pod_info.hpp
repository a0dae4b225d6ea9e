// A pod as the scheduler sees it: parsed once, when it arrives.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <tuple>

#include "actors/client/informer.hpp"
#include "messages/api/core/v1/pod_generated.h"

namespace actors::scheduler::cache {

using messages::api::core::v1::Pod;

/// More than any node has, and small enough that the sums over a node's containers cannot overflow.
constexpr int64_t amount_max = int64_t{1} << 50;

/// Amounts: cpu in thousandths, the others in bytes or pieces.
struct resources {
  int64_t milli_cpu = 0;
  int64_t memory = 0;
  int64_t ephemeral_storage = 0;
  std::map<std::string, int64_t> scalars; // hugepages-2Mi, example.com/gpu

  void add(const resources& other, int64_t sign = 1);
  void set_max(const resources& other);
  auto operator<=>(const resources&) const = default;
};

using quantity_entries = flatbuffers::Vector<flatbuffers::Offset<messages::api::meta::v1::QuantityEntry>>;
resources resources_of(const quantity_entries* amounts);

/// Protocol, host IP, host port.
using host_port = std::tuple<std::string, std::string, int32_t>;

/// What a pod takes of its node; the same for many pods.
struct pod_load {
  int32_t priority = 0;
  resources requests;
  /// For scoring: containers that do not say count as 100m and 200 MiB, so that they spread too (upstream's
  /// GetNonzeroRequests).
  resources nonzero_requests;
  std::set<host_port> host_ports;
  auto operator<=>(const pod_load&) const = default;
};

struct pod_info : pod_load {
  std::string key; // namespace/name
  std::string uid;
  std::string node; // "" until bound
  client::object_buffer object;
  int64_t revision = 0;

  const Pod& pod() const { return *object.root<Pod>(); }
};

pod_info make_pod_info(const std::string& key, const client::entry& item);

inline std::string_view text(const flatbuffers::String* value) {
  return value == nullptr ? std::string_view{} : std::string_view{value->c_str(), value->size()};
}

} // namespace actors::scheduler::cache
