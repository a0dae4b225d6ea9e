// IP addresses and CIDRs as the API checks them.
#include "actors/apiserver/registry/meta/network.hpp"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <cstring>
#include <optional>
#include <string>

namespace actors::apiserver::registry::meta {

namespace {

using bytes16 = std::array<unsigned char, 16>;

std::optional<bytes16> parse_v4(std::string_view text) {
  bytes16 out{};
  out[10] = out[11] = 0xff;
  for (int i = 0; i < 4; ++i) {
    auto dot = text.find('.');
    auto part = text.substr(0, dot);
    unsigned value = 0;
    auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), value);
    if (part.empty() || error != std::errc{} || end != part.data() + part.size() || value > 255)
      return {};
    out[12 + i] = static_cast<unsigned char>(value);
    if ((dot == text.npos) != (i == 3))
      return {};
    text.remove_prefix(dot == text.npos ? text.size() : dot + 1);
  }
  return out;
}

std::optional<bytes16> parse(std::string_view text) {
  if (text.find(':') == text.npos)
    return parse_v4(text);
  if (text.find('\0') != text.npos)
    return {};
  bytes16 out{};
  if (inet_pton(AF_INET6, std::string(text).c_str(), out.data()) != 1)
    return {};
  return out;
}

bool is_v4(const bytes16& ip) {
  static constexpr unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::memcmp(ip.data(), mapped, sizeof mapped) == 0;
}

bool is_loopback_v6(const bytes16& ip) {
  bytes16 loopback{};
  loopback[15] = 1;
  return ip == loopback;
}

} // namespace

ip_family family_of(std::string_view address) {
  auto ip = parse(address);
  return !ip ? ip_family::none : is_v4(*ip) ? ip_family::v4 : ip_family::v6;
}

ip_family family_of_cidr(std::string_view cidr) {
  auto slash = cidr.find('/');
  if (slash == cidr.npos)
    return ip_family::none;
  auto address = cidr.substr(0, slash);
  auto ip = parse(address);
  auto length = cidr.substr(slash + 1);
  int bits = -1;
  auto [end, error] = std::from_chars(length.data(), length.data() + length.size(), bits);
  if (!ip || error != std::errc{} || end != length.data() + length.size() || bits < 0)
    return ip_family::none;
  bool written_as_v6 = address.find(':') != address.npos;
  if (bits > (written_as_v6 ? 128 : 32))
    return ip_family::none;
  return written_as_v6 ? ip_family::v6 : ip_family::v4;
}

void validate_ip(std::string_view address, const path& field, field_errors& out) {
  if (family_of(address) == ip_family::none)
    out.push_back(invalid(field, address, "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"));
}

void validate_cidr(std::string_view cidr, const path& field, field_errors& out) {
  if (family_of_cidr(cidr) == ip_family::none)
    out.push_back(invalid(field, cidr, "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"));
}

void validate_reachable_ip(std::string_view address, const path& field, field_errors& out) {
  auto ip = parse(address);
  if (!ip) {
    out.push_back(invalid(field, address, "must be a valid IP address"));
    return;
  }
  auto& b = *ip;
  bool v4 = is_v4(b);
  bytes16 zero{};
  bool unspecified = b == zero || (v4 && b[12] == 0 && b[13] == 0 && b[14] == 0 && b[15] == 0);
  if (unspecified)
    out.push_back(invalid(field, address, "may not be unspecified (" + std::string(address) + ")"));
  if (v4 ? b[12] == 127 : is_loopback_v6(b))
    out.push_back(invalid(field, address, "may not be in the loopback range (127.0.0.0/8, ::1/128)"));
  if (v4 ? b[12] == 169 && b[13] == 254 : b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
    out.push_back(invalid(field, address, "may not be in the link-local range (169.254.0.0/16, fe80::/10)"));
  if (v4 ? b[12] == 224 && b[13] == 0 && b[14] == 0 : b[0] == 0xff && (b[1] & 0x0f) == 0x02)
    out.push_back(
      invalid(field, address, "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"));
}

} // namespace actors::apiserver::registry::meta
