#include "runtime/placement/network.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

namespace runtime::placement {

namespace {

constexpr size_t dns_name_max = 253;
constexpr size_t dns_label_max = 63;

bool parse_ip(std::string_view text, network& result) {
  std::string copy{text};
  if (inet_pton(AF_INET, copy.c_str(), result.bits.data()) == 1)
    result.bytes = 4;
  else if (inet_pton(AF_INET6, copy.c_str(), result.bits.data()) == 1)
    result.bytes = 16;
  else
    return false;
  result.prefix = result.bytes * 8;
  return true;
}

bool parse_number(std::string_view text, int& result) {
  auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), result);
  return failure == std::errc{} && end == text.data() + text.size();
}

bool bit(const network& n, int i) {
  return (n.bits[static_cast<size_t>(i / 8)] >> (7 - i % 8)) & 1;
}

bool is_dns_label(std::string_view label) {
  if (label.empty() || label.size() > dns_label_max || label.front() == '-' || label.back() == '-')
    return false;
  return std::all_of(label.begin(), label.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

} // namespace

bool network::contains(const network& other) const {
  return bytes == other.bytes && prefix <= other.prefix && overlaps(other);
}

bool network::overlaps(const network& other) const {
  if (bytes != other.bytes)
    return false;
  for (int i = 0; i < std::min(prefix, other.prefix); ++i)
    if (bit(*this, i) != bit(other, i))
      return false;
  return true;
}

bool is_ip(std::string_view text) {
  network n;
  return parse_ip(text, n);
}

std::optional<std::string> parse_network(std::string_view text, network& result) {
  auto slash = text.find('/');
  int prefix = -1;
  if (slash == text.npos || !parse_ip(text.substr(0, slash), result) || !parse_number(text.substr(slash + 1), prefix)
      || prefix < 0 || prefix > result.bytes * 8)
    return "is no network such as 10.244.0.0/16";
  result.prefix = prefix;
  for (int i = prefix; i < result.bytes * 8; ++i)
    if (bit(result, i))
      return "has bits set behind its prefix length";
  return std::nullopt;
}

bool is_address(std::string_view text) {
  auto colon = text.rfind(':');
  if (colon == text.npos)
    return false;
  auto ip = text.substr(0, colon);
  int port = 0;
  if (!parse_number(text.substr(colon + 1), port) || port < 1 || port > 65535)
    return false;
  network n;
  if (ip.size() > 2 && ip.front() == '[' && ip.back() == ']')
    return parse_ip(ip.substr(1, ip.size() - 2), n) && n.bytes == 16;
  return parse_ip(ip, n) && n.bytes == 4;
}

bool is_dns_name(std::string_view text) {
  if (text.empty() || text.size() > dns_name_max)
    return false;
  while (true) {
    auto dot = text.find('.');
    if (!is_dns_label(text.substr(0, dot)))
      return false;
    if (dot == text.npos)
      return true;
    text.remove_prefix(dot + 1);
  }
}

} // namespace runtime::placement
