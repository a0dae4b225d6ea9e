#include "actors/apiserver/presence/presence.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>

#include "messages/codec/time.hpp"

namespace actors::apiserver::presence {

namespace {

constexpr std::string_view service_name = "kubernetes";
constexpr std::string_view any_address = "0.0.0.0";

std::optional<in_addr> parse(const std::string& text) {
  in_addr address{};
  if (inet_pton(AF_INET, text.c_str(), &address) != 1)
    return std::nullopt;
  return address;
}

bool is_loopback(in_addr address) { return ntohl(address.s_addr) >> 24 == 127; }

std::optional<location> split(std::string_view address) {
  const auto colon = address.rfind(':');
  location result;
  if (colon == std::string_view::npos)
    return std::nullopt;
  const auto port = address.substr(colon + 1);
  if (std::from_chars(port.data(), port.data() + port.size(), result.port).ec != std::errc{})
    return std::nullopt;
  result.ip = address.substr(0, colon);
  return result;
}

draft metadata_of(std::string_view name, std::string_view label, std::string_view value) {
  return draft::make_object({{"name", name}, {"namespace", "default"}, {"labels", draft::make_object({{label, value}})}});
}

draft port_of(int64_t port) {
  return draft::make_array({draft::make_object({{"name", "https"}, {"port", port}, {"protocol", "TCP"}})});
}

std::map<int64_t, std::vector<std::string>> by_port(const std::set<location>& live) {
  std::map<int64_t, std::vector<std::string>> result;
  for (const auto& where : live)
    result[where.port].push_back(where.ip);
  return result;
}

} // namespace

std::optional<location> location_of(std::string_view address, const std::vector<std::string>& advertised) {
  auto where = split(address);
  if (!where)
    return std::nullopt;
  if (where->ip == any_address) {
    where->ip.clear();
    for (const auto& name : advertised)
      if (where->ip.empty() && parse(name))
        where->ip = name;
  }
  const auto parsed = parse(where->ip);
  return parsed && !is_loopback(*parsed) ? where : std::nullopt;
}

std::string lease_name(std::string_view host) { return fmt::format("apiserver-{}", host); }

draft lease_of(std::string_view host, const location& where, int64_t now_us) {
  return draft::make_object({
    {"apiVersion", "coordination.k8s.io/v1"},
    {"kind", "Lease"},
    {"metadata",
     draft::make_object({{"name", lease_name(host)},
                         {"namespace", lease_namespace},
                         {"labels", draft::make_object({{identity_label, identity_value}})},
                         {"annotations", draft::make_object({{address_annotation, fmt::format("{}:{}", where.ip, where.port)}})}})},
    {"spec", draft::make_object({{"holderIdentity", host},
                                 {"leaseDurationSeconds", lease_seconds},
                                 {"renewTime", messages::codec::format_micro_time(now_us)}})},
  });
}

void live_leases::observe(const std::string& name, const draft& lease, int64_t now_us) {
  const auto& metadata = lease.get("metadata");
  const auto where = split(metadata.get("annotations").get(address_annotation).str());
  if (metadata.get("labels").get(identity_label).str() != identity_value || !where || !parse(where->ip)) {
    forget(name);
    return;
  }
  const auto renewed = lease.get("spec").get("renewTime").str();
  auto& seen = seen_[name];
  if (seen.renewed != renewed || seen.changed_us == 0)
    seen = {std::string{renewed}, *where, now_us};
}

std::set<location> live_leases::live(int64_t now_us) const {
  std::set<location> result;
  for (const auto& [name, seen] : seen_)
    if (now_us - seen.changed_us < lease_seconds * 1'000'000)
      result.insert(seen.where);
  return result;
}

std::vector<std::string> live_leases::abandoned(int64_t now_us) const {
  std::vector<std::string> result;
  for (const auto& [name, seen] : seen_)
    if (now_us - seen.changed_us >= forget_us)
      result.push_back(name);
  return result;
}

draft endpoints_of(const std::set<location>& live) {
  draft result = draft::make_object(
    {{"apiVersion", "v1"},
     {"kind", "Endpoints"},
     {"metadata", metadata_of(service_name, "endpointslice.kubernetes.io/skip-mirror", "true")}});
  draft subsets = draft::make_array();
  for (const auto& [port, addresses] : by_port(live)) {
    draft list = draft::make_array();
    for (const auto& ip : addresses)
      list.push_back(draft::make_object({{"ip", ip}}));
    subsets.push_back(draft::make_object({{"addresses", std::move(list)}, {"ports", port_of(port)}}));
  }
  if (!subsets.empty())
    result.set("subsets", std::move(subsets));
  return result;
}

std::map<std::string, draft> slices_of(const std::set<location>& live) {
  std::map<std::string, draft> result;
  for (const auto& [port, addresses] : by_port(live)) {
    const auto name = result.empty() ? std::string{service_name} : fmt::format("{}-{}", service_name, port);
    draft endpoints = draft::make_array();
    for (const auto& ip : addresses)
      endpoints.push_back(draft::make_object(
        {{"addresses", draft::make_array({ip})}, {"conditions", draft::make_object({{"ready", true}})}}));
    result[name] = draft::make_object({{"apiVersion", "discovery.k8s.io/v1"},
                                       {"kind", "EndpointSlice"},
                                       {"metadata", metadata_of(name, "kubernetes.io/service-name", service_name)},
                                       {"addressType", "IPv4"},
                                       {"endpoints", std::move(endpoints)},
                                       {"ports", port_of(port)}});
  }
  return result;
}

bool same_endpoints(const draft& stored, const draft& wanted) {
  const auto same = [&](std::string_view field) {
    const auto& one = stored.get(field);
    const auto& other = wanted.get(field);
    return one == other || (one.empty() && other.empty());
  };
  return same("subsets") && same("endpoints") && same("ports");
}

} // namespace actors::apiserver::presence
