// Cluster addresses and node ports: what a Service needs, and choosing free ones.
// Pure: the verbs hold the set of what is taken and serialize writes of Services while they use it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::core::service {

/// From the placement: `serviceCIDR` and `nodePortRange`. IPv4 only.
struct address_space {
  uint32_t first_address = 0; // host byte order; the first that may be given away
  uint32_t last_address = 0;
  std::string cidr; // as written, for messages
  int64_t first_port = 30000, last_port = 32767;

  /// Nothing when `cidr` or `ports` ("30000-32767") is malformed or too small.
  static std::optional<address_space> parse(std::string_view cidr, std::string_view ports);
};

/// The numbers that one Service has: "10.96.0.7", 30080.
struct holdings {
  std::set<std::string> addresses;
  std::set<int64_t> ports;
};
holdings holdings_of(const draft& service);

/// What all Services hold. A number is counted once per port or address that uses it.
class allocated {
public:
  void add(const draft& service) { change(service, 1); }
  void remove(const draft& service) { change(service, -1); }
  bool has_address(uint32_t address) const { return addresses_.contains(address); }
  bool has_port(int64_t port) const { return ports_.contains(port); }
  size_t address_count() const { return addresses_.size(); }
  size_t port_count() const { return ports_.size(); }

private:
  void change(const draft& service, int by);

  std::map<uint32_t, int> addresses_;
  std::map<int64_t, int> ports_;
};

/// Fills what `next` still needs (after prepare_create or prepare_update, before validation) and checks what
/// it asks for by number. `old`: null on create; what it holds already is not asked for again. `taken`
/// includes `old`. `random`: any number; spreads the choice. Errors are fields of a 422 with the API's words.
void allocate(draft& next, const draft* old, const address_space&, const allocated& taken, uint64_t random,
              field_errors&);

} // namespace actors::apiserver::registry::core::service
