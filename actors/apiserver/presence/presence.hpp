// Where clients inside the cluster find the apiservers: each one renews a Lease that says its address, and the live ones are
// the endpoints of the Service default/kubernetes, as upstream's lease endpoint reconciler has them. Pure;
// `live_leases` is owned by the apiserver's actor.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "messages/codec/draft.hpp"

namespace actors::apiserver::presence {

using messages::codec::draft;

constexpr int64_t lease_seconds = 15;
constexpr int64_t renew_us = 5'000'000;
/// The Lease of an apiserver that was away for so long is deleted.
constexpr int64_t forget_us = 3'600ll * 1'000'000;
constexpr std::string_view lease_namespace = "kube-system";
constexpr std::string_view identity_label = "apiserver.kubernetes.io/identity";
constexpr std::string_view identity_value = "kube-apiserver";
constexpr std::string_view address_annotation = "troupe.dev/address";

/// Ordered by port, then address.
struct location {
  int64_t port = 0;
  std::string ip;
  auto operator<=>(const location&) const = default;
};

/// What an apiserver that listens on `address` ("10.0.0.1:6443") can be reached at from other hosts: that, or for 0.0.0.0 the
/// first IPv4 address in `advertised`. Nothing for loopback addresses, and when there is none.
std::optional<location> location_of(std::string_view address, const std::vector<std::string>& advertised);

std::string lease_name(std::string_view host);
draft lease_of(std::string_view host, const location& where, int64_t now_us);

/// Which Leases are being renewed, judged by this host's own monotonic clock, so that hosts need not agree on the time.
class live_leases {
public:
  /// The Lease as it is in the store now.
  void observe(const std::string& name, const draft& lease, int64_t now_us);
  void forget(const std::string& name) { seen_.erase(name); }
  std::set<location> live(int64_t now_us) const;
  /// Those that may be deleted.
  std::vector<std::string> abandoned(int64_t now_us) const;

private:
  struct entry {
    std::string renewed;
    location where;
    int64_t changed_us = 0;
  };
  std::map<std::string, entry> seen_;
};

/// The Endpoints default/kubernetes.
draft endpoints_of(const std::set<location>& live);
/// The EndpointSlices, by name: one per port, "kubernetes" and "kubernetes-<port>".
std::map<std::string, draft> slices_of(const std::set<location>& live);
/// Whether what is stored says the same as what is wanted.
bool same_endpoints(const draft& stored, const draft& wanted);

} // namespace actors::apiserver::presence
