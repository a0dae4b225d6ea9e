// Cluster addresses and node ports.
#include "actors/apiserver/registry/core/service/allocation.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <set>

#include "actors/apiserver/registry/core/service/service.hpp"
#include "actors/apiserver/registry/fields.hpp"

namespace actors::apiserver::registry::core::service {

namespace {

// The low part of a range is left to those who choose a number themselves, as long as the rest suffices.
uint64_t static_part(uint64_t size, uint64_t least, uint64_t divisor, uint64_t most) {
  if (size <= least)
    return 0;
  return std::min(std::max(least, size / divisor), most);
}

std::optional<uint32_t> parse_address(std::string_view text) {
  in_addr address{};
  if (inet_pton(AF_INET, std::string(text).c_str(), &address) != 1)
    return {};
  return ntohl(address.s_addr);
}

std::string address_text(uint32_t address) {
  char text[INET_ADDRSTRLEN];
  in_addr raw{htonl(address)};
  return inet_ntop(AF_INET, &raw, text, sizeof text);
}

// A free number: from a random place in the upper part on, then in the lower part.
template <class Number, class IsFree>
std::optional<Number> choose(Number first, Number last, uint64_t reserved, uint64_t random, IsFree is_free) {
  uint64_t size = static_cast<uint64_t>(last - first) + 1;
  uint64_t upper = size - reserved;
  for (uint64_t i = 0; i < upper; ++i) {
    auto number = static_cast<Number>(first + reserved + (random + i) % upper);
    if (is_free(number))
      return number;
  }
  for (uint64_t i = 0; i < reserved; ++i)
    if (auto number = static_cast<Number>(first + i); is_free(number))
      return number;
  return {};
}

void allocate_address(draft& next, const draft* old, const address_space& space, const allocated& taken,
                      uint64_t random, field_errors& out) {
  auto& spec = object_made(next, "spec");
  if (!needs_cluster_ip(next) || is_headless(next))
    return;
  std::string wanted(spec.get("clusterIP").str());
  if (wanted.empty()) {
    uint64_t size = static_cast<uint64_t>(space.last_address - space.first_address) + 1;
    auto free = choose(space.first_address, space.last_address, static_part(size, 16, 16, 256), random,
                       [&](uint32_t address) { return !taken.has_address(address); });
    if (!free) {
      out.push_back(
        {cause::internal, "spec.clusterIPs", {}, "failed to allocate a serviceIP: range is full"});
      return;
    }
    spec.set("clusterIP", address_text(*free));
    spec.set("clusterIPs", draft::make_array({address_text(*free)}));
    return;
  }
  if (old && old->get("spec").get("clusterIP").str() == wanted)
    return;
  auto address = parse_address(wanted);
  std::string why;
  if (!address || *address < space.first_address || *address > space.last_address)
    why =
      "the provided IP (" + wanted + ") is not in the valid range. The range of valid IPs is " + space.cidr;
  else if (taken.has_address(*address))
    why = "provided IP is already allocated";
  if (!why.empty())
    out.push_back(
      invalid("spec.clusterIPs", spec.get("clusterIPs"), "failed to allocate IP " + wanted + ": " + why));
}

std::set<int64_t> ports_of(const draft& service) {
  std::set<int64_t> ports;
  for (auto& port : service.get("spec").get("ports").items())
    if (auto number = port.get("nodePort").integer())
      ports.insert(number);
  if (auto number = service.get("spec").get("healthCheckNodePort").integer())
    ports.insert(number);
  return ports;
}

// The ports of one Service while it is being filled.
class port_allocation {
public:
  port_allocation(const draft* old, const address_space& space, const allocated& taken, uint64_t random)
      : space_(space), taken_(taken), random_(random) {
    if (old)
      own_ = ports_of(*old);
  }

  void check(int64_t port, const path& field, field_errors& out) {
    if (own_.contains(port))
      return;
    if (port < space_.first_port || port > space_.last_port)
      out.push_back(invalid(field, port,
                            "provided port is not in the valid range. The range of valid ports is " +
                              std::to_string(space_.first_port) + "-" + std::to_string(space_.last_port)));
    else if (taken_.has_port(port))
      out.push_back(invalid(field, port, "provided port is already allocated"));
    own_.insert(port); // the same number for TCP and UDP is one allocation
  }

  std::optional<int64_t> next() {
    uint64_t size = static_cast<uint64_t>(space_.last_port - space_.first_port) + 1;
    auto free = choose(space_.first_port, space_.last_port, static_part(size, 16, 32, 128), random_++,
                       [&](int64_t port) { return !taken_.has_port(port) && !own_.contains(port); });
    if (free)
      own_.insert(*free);
    return free;
  }

private:
  const address_space& space_;
  const allocated& taken_;
  uint64_t random_;
  std::set<int64_t> own_;
};

// DNS and the like: one port number for two protocols gets one node port.
int64_t port_of_sibling(const draft& ports, const draft& wanted) {
  for (auto& port : ports.items())
    if (port.get("port").integer() == wanted.get("port").integer() &&
        port.get("protocol").str() != wanted.get("protocol").str())
      return port.get("nodePort").integer();
  return 0;
}

void allocate_ports(draft& spec, port_allocation& ports, field_errors& out) {
  auto* list = spec.find("ports");
  if (!list || !list->is_array())
    return;
  path field("spec.ports");
  for (size_t i = 0; i < list->size(); ++i)
    if (auto port = list->items()[i].get("nodePort").integer())
      ports.check(port, field.index(i).child("nodePort"), out);
  for (size_t i = 0; i < list->size(); ++i) {
    auto& port = list->items()[i];
    if (port.get("nodePort").integer())
      continue;
    std::optional<int64_t> chosen = port_of_sibling(*list, port);
    if (*chosen == 0)
      chosen = ports.next();
    if (chosen)
      port.set("nodePort", *chosen);
    else
      out.push_back({cause::internal,
                     field.index(i).child("nodePort"),
                     {},
                     "failed to allocate a nodePort: range is full"});
  }
}

} // namespace

std::optional<address_space> address_space::parse(std::string_view cidr, std::string_view ports) {
  address_space space;
  auto slash = cidr.find('/');
  auto address = parse_address(cidr.substr(0, slash));
  int bits = -1;
  if (slash != cidr.npos)
    std::from_chars(cidr.data() + slash + 1, cidr.data() + cidr.size(), bits);
  if (!address || bits < 8 || bits > 30)
    return {};
  uint32_t mask = ~uint32_t{0} << (32 - bits);
  // The network itself and the broadcast address are nobody's.
  space.first_address = (*address & mask) + 1;
  space.last_address = (*address | ~mask) - 1;
  space.cidr = cidr;
  auto dash = ports.find('-');
  if (dash == ports.npos)
    return {};
  std::from_chars(ports.data(), ports.data() + dash, space.first_port);
  std::from_chars(ports.data() + dash + 1, ports.data() + ports.size(), space.last_port);
  if (space.first_port < 1 || space.last_port > 65535 || space.first_port > space.last_port)
    return {};
  return space;
}

holdings holdings_of(const draft& service) {
  holdings result;
  for (auto& text : service.get("spec").get("clusterIPs").items())
    if (auto address = parse_address(text.str()))
      result.addresses.insert(address_text(*address));
  result.ports = ports_of(service);
  return result;
}

void allocated::change(const draft& service, int by) {
  auto count = [by](auto& map, auto number) {
    if ((map[number] += by) <= 0)
      map.erase(number);
  };
  for (auto& text : service.get("spec").get("clusterIPs").items())
    if (auto address = parse_address(text.str()))
      count(addresses_, *address);
  for (auto port : ports_of(service))
    count(ports_, port);
}

void allocate(draft& next, const draft* old, const address_space& space, const allocated& taken,
              uint64_t random, field_errors& out) {
  allocate_address(next, old, space, taken, random, out);
  port_allocation ports(old, space, taken, random);
  auto& spec = object_made(next, "spec");
  if (needs_node_ports(next))
    allocate_ports(spec, ports, out);
  if (!needs_health_check_port(next))
    return;
  if (auto wanted = spec.get("healthCheckNodePort").integer()) {
    ports.check(wanted, path("spec.healthCheckNodePort"), out);
  } else if (auto chosen = ports.next()) {
    spec.set("healthCheckNodePort", *chosen);
  } else {
    out.push_back(
      {cause::internal, "spec.healthCheckNodePort", {}, "failed to allocate a nodePort: range is full"});
  }
}

} // namespace actors::apiserver::registry::core::service
