// The choice of addresses and ports.
#include "actors/apiserver/allocation/service_allocator.hpp"

#include <arpa/inet.h>
#include <charconv>
#include <fmt/format.h>
#include <optional>
#include <stdexcept>

namespace actors::apiserver::allocation {

namespace {

std::optional<uint32_t> parse_address(std::string_view text) {
  in_addr address{};
  if (inet_pton(AF_INET, std::string{text}.c_str(), &address) != 1)
    return std::nullopt;
  return ntohl(address.s_addr);
}

std::string format_address(uint32_t address) {
  return fmt::format("{}.{}.{}.{}", address >> 24, address >> 16 & 255, address >> 8 & 255, address & 255);
}

bool wants_cluster_ip(const draft& spec) {
  return spec.get("type").str("ClusterIP") != "ExternalName" && spec.get("clusterIP").str() != "None";
}

bool wants_node_ports(const draft& spec) {
  const auto type = spec.get("type").str();
  if (type == "LoadBalancer")
    return spec.get("allocateLoadBalancerNodePorts").boolean(true);
  return type == "NodePort";
}

} // namespace

service_allocator::service_allocator(ranges limits) : limits_(std::move(limits)) {
  const auto slash = limits_.service_cidr.find('/');
  const auto base = parse_address(std::string_view{limits_.service_cidr}.substr(0, slash));
  int bits = 0;
  if (slash != std::string::npos)
    std::from_chars(limits_.service_cidr.data() + slash + 1, limits_.service_cidr.data() + limits_.service_cidr.size(), bits);
  if (!base || bits < 8 || bits > 30)
    throw std::invalid_argument("serviceCIDR " + limits_.service_cidr + " is no IPv4 range of /8 to /30");
  const uint32_t size = 1u << (32 - bits);
  first_ = *base + 1;        // not the network's address
  last_ = *base + size - 2;  // nor its broadcast address
}

std::string service_allocator::first_address() const {
  return format_address(first_);
}

size_t service_allocator::addresses_free() const {
  return last_ - first_ + 1 - addresses_.size();
}

void service_allocator::reset() {
  by_service_.clear();
  addresses_.clear();
  ports_.clear();
}

void service_allocator::observe(const std::string& key, const draft& service) {
  if (const auto old = by_service_.find(key); old != by_service_.end()) {
    for (const auto address : old->second.addresses)
      addresses_.erase(address);
    for (const auto& port : old->second.ports)
      ports_.erase(port);
    by_service_.erase(old);
  }
  if (service.is_null())
    return;
  const draft& spec = service.get("spec");
  holding own;
  if (const auto address = parse_address(spec.get("clusterIP").str())) {
    own.addresses.insert(*address);
    addresses_[*address] = key;
  }
  for (const auto& port : spec.get("ports").items())
    if (const int64_t number = port.get("nodePort").integer(); number > 0) {
      const std::pair<std::string, int64_t> id{port.get("protocol").str("TCP"), number};
      own.ports.insert(id);
      ports_[id] = key;
    }
  by_service_[key] = std::move(own);
}

bool service_allocator::address_taken(uint32_t address, const std::string& key, int64_t now_us) const {
  if (const auto found = addresses_.find(address); found != addresses_.end() && found->second != key)
    return true;
  const auto promised = promised_addresses_.find(address);
  return promised != promised_addresses_.end() && promised->second.key != key && promised->second.until_us > now_us;
}

bool service_allocator::port_taken(const std::string& protocol, int64_t port, const std::string& key, int64_t now_us) const {
  const std::pair<std::string, int64_t> id{protocol, port};
  if (const auto found = ports_.find(id); found != ports_.end() && found->second != key)
    return true;
  const auto promised = promised_ports_.find(id);
  return promised != promised_ports_.end() && promised->second.key != key && promised->second.until_us > now_us;
}

void service_allocator::expire(int64_t now_us) {
  std::erase_if(promised_addresses_, [&](const auto& item) { return item.second.until_us <= now_us; });
  std::erase_if(promised_ports_, [&](const auto& item) { return item.second.until_us <= now_us; });
}

void service_allocator::assign(const std::string& key, draft& service, const draft& old, runtime::seams::random_source& random,
                               int64_t now_us, field_errors& errors) {
  expire(now_us);
  draft& spec = service["spec"];
  const draft& old_spec = old.get("spec");
  assign_address(key, spec, old_spec, random, now_us, errors);
  assign_ports(key, spec, old_spec, random, now_us, errors);
}

void service_allocator::assign_address(const std::string& key, draft& spec, const draft& old_spec, runtime::seams::random_source& random,
                                       int64_t now_us, field_errors& errors) {
  if (!wants_cluster_ip(spec)) {
    if (spec.get("type").str() == "ExternalName") {
      spec.erase("clusterIP");
      spec.erase("clusterIPs");
    } else {
      spec.set("clusterIPs", draft::make_array({"None"}));
    }
    return;
  }
  std::string asked{spec.get("clusterIP").str()};
  if (asked.empty() && !spec.get("clusterIPs").items().empty())
    asked = spec.get("clusterIPs").items().front().str();
  if (asked.empty() && wants_cluster_ip(old_spec))
    asked = old_spec.get("clusterIP").str(); // an update that leaves it out keeps it
  uint32_t chosen = 0;
  if (!asked.empty()) {
    const auto wanted = parse_address(asked);
    const draft bad{asked};
    if (asked != old_spec.get("clusterIP").str()) {
      if (!wanted || *wanted < first_ || *wanted > last_) {
        errors.push_back(registry::invalid(
          "spec.clusterIPs", draft::make_array({asked}),
          fmt::format("failed to allocate IP {}: the provided IP ({}) is not in the valid range. The range of valid IPs is {}",
                      asked, asked, limits_.service_cidr)));
        return;
      }
      if (address_taken(*wanted, key, now_us)) {
        errors.push_back(registry::invalid("spec.clusterIPs", draft::make_array({asked}),
                                           fmt::format("failed to allocate IP {}: provided IP is already allocated", asked)));
        return;
      }
    }
    if (!wanted)
      return; // validation has said so
    chosen = *wanted;
  } else {
    const uint32_t size = last_ - first_ + 1;
    const auto start = static_cast<uint32_t>(random.below(size));
    uint32_t tried = 0;
    for (; tried < size; ++tried) {
      chosen = first_ + (start + tried) % size;
      if (chosen != first_ && !address_taken(chosen, key, now_us)) // the first one is the kubernetes Service's
        break;
    }
    if (tried == size) {
      errors.push_back({registry::cause::internal, "spec.clusterIPs", "", "failed to allocate a serviceIP: range is full"});
      return;
    }
  }
  promised_addresses_[chosen] = {key, now_us + promise_us};
  spec.set("clusterIP", format_address(chosen));
  spec.set("clusterIPs", draft::make_array({format_address(chosen)}));
}

void service_allocator::assign_ports(const std::string& key, draft& spec, const draft& old_spec, runtime::seams::random_source& random,
                                     int64_t now_us, field_errors& errors) {
  if (!spec.get("ports").is_array())
    return;
  auto& ports = spec["ports"].items();
  if (!wants_node_ports(spec)) {
    const bool had = wants_node_ports(old_spec);
    for (auto& port : ports)
      if (had || port.get("nodePort").integer() == 0)
        port.erase("nodePort");
    return;
  }
  // An update that leaves a node port out keeps the one that the same port had.
  for (auto& port : ports)
    if (port.get("nodePort").integer() == 0)
      for (const auto& before : old_spec.get("ports").items())
        if (before.get("port") == port.get("port") && before.get("protocol").str("TCP") == port.get("protocol").str("TCP") &&
            before.get("nodePort").integer() > 0)
          port.set("nodePort", before.get("nodePort"));
  for (size_t i = 0; i < ports.size(); ++i) {
    draft& port = ports[i];
    const std::string protocol{port.get("protocol").str("TCP")};
    const std::string field = fmt::format("spec.ports[{}].nodePort", i);
    int64_t number = port.get("nodePort").integer();
    if (number > 0) {
      bool kept = false;
      for (const auto& before : old_spec.get("ports").items())
        kept |= before.get("nodePort").integer() == number;
      if (!kept && (number < limits_.node_port_first || number > limits_.node_port_last)) {
        errors.push_back(registry::invalid(
          field, port.get("nodePort"),
          fmt::format("provided port is not in the valid range. The range of valid ports is {}-{}", limits_.node_port_first,
                      limits_.node_port_last)));
        continue;
      }
      if (port_taken(protocol, number, key, now_us)) {
        errors.push_back(registry::invalid(field, port.get("nodePort"), "provided port is already allocated"));
        continue;
      }
    } else {
      const int64_t size = limits_.node_port_last - limits_.node_port_first + 1;
      const auto start = static_cast<int64_t>(random.below(static_cast<uint64_t>(size)));
      int64_t tried = 0;
      const auto own = [&](int64_t candidate) {
        for (const auto& other : ports)
          if (other.get("nodePort").integer() == candidate && other.get("protocol").str("TCP") == protocol)
            return true;
        return false;
      };
      for (; tried < size; ++tried) {
        number = limits_.node_port_first + (start + tried) % size;
        if (!own(number) && !port_taken(protocol, number, key, now_us))
          break;
      }
      if (tried == size) {
        errors.push_back({registry::cause::internal, field, "", "failed to allocate a nodePort: range is full"});
        continue;
      }
      port.set("nodePort", number);
    }
    promised_ports_[{protocol, number}] = {key, now_us + promise_us};
  }
}

} // namespace actors::apiserver::allocation
