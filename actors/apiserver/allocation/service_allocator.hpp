// Cluster IPs and node ports of Services: which are taken, and the choice of free ones. Derived from the Services in the
// cache plus what has been promised to writes that are under way. Pure but for the random source that it is given;
// used by the apiserver's actor only.
//
// Several apiservers: each sees the others' Services only through the store, so that two could promise one address in
// the same instant; there is one apiserver per cluster so far.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>

#include "actors/apiserver/registry/field_error.hpp"
#include "messages/codec/draft.hpp"
#include "runtime/seams/random.hpp"

namespace actors::apiserver::allocation {

using messages::codec::draft;
using registry::field_errors;

struct ranges {
  std::string service_cidr = "10.96.0.0/16";
  uint16_t node_port_first = 30000;
  uint16_t node_port_last = 32767;
};

class service_allocator {
public:
  /// A promise that no Service has taken up by then is void.
  static constexpr int64_t promise_us = 60'000'000;

  /// `limits.service_cidr` is IPv4 and has been checked by the placement reader.
  explicit service_allocator(ranges limits);

  /// The Service as it is in the store now; null: it is gone.
  void observe(const std::string& key, const draft& service);
  void reset();

  /// Fills spec.clusterIP(s) and ports[].nodePort where the type needs them, keeps what `old` has, and drops node ports that
  /// the type does not have. `old` null for a create.
  void assign(const std::string& key, draft& service, const draft& old, runtime::seams::random_source& random, int64_t now_us,
              field_errors& errors);

  /// The first address of the range: the kubernetes Service's.
  std::string first_address() const;
  size_t addresses_free() const;

private:
  struct holding {
    std::set<uint32_t> addresses;
    std::set<std::pair<std::string, int64_t>> ports; // protocol, port
  };
  struct promise {
    std::string key;
    int64_t until_us = 0;
  };
  bool address_taken(uint32_t address, const std::string& key, int64_t now_us) const;
  bool port_taken(const std::string& protocol, int64_t port, const std::string& key, int64_t now_us) const;
  void assign_address(const std::string& key, draft& spec, const draft& old_spec, runtime::seams::random_source& random, int64_t now_us,
                      field_errors& errors);
  void assign_ports(const std::string& key, draft& spec, const draft& old_spec, runtime::seams::random_source& random, int64_t now_us,
                    field_errors& errors);
  void expire(int64_t now_us);

  ranges limits_;
  uint32_t first_ = 0; // usable addresses, inclusive
  uint32_t last_ = 0;
  std::map<std::string, holding> by_service_;
  std::map<uint32_t, std::string> addresses_;
  std::map<std::pair<std::string, int64_t>, std::string> ports_;
  std::map<uint32_t, promise> promised_addresses_;
  std::map<std::pair<std::string, int64_t>, promise> promised_ports_;
};

} // namespace actors::apiserver::allocation
