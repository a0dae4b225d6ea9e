// IP addresses and CIDRs as the API checks them.
#pragma once

#include <string_view>

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::meta {

enum class ip_family { none, v4, v6 }; // none: no IP address

/// Leading zeros in IPv4 are read as decimal, as the API always did. An IPv4-mapped IPv6 address is v4.
ip_family family_of(std::string_view address);

void validate_ip(std::string_view address, const path&, field_errors&);
void validate_cidr(std::string_view cidr, const path&, field_errors&);
ip_family family_of_cidr(std::string_view cidr); // none: no CIDR

/// Neither unspecified, loopback nor link-local: an address that others can reach.
void validate_reachable_ip(std::string_view address, const path&, field_errors&);

} // namespace actors::apiserver::registry::meta
