// An IPv4 address as a value: parsed once, compared and ordered as a number.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace actors::proxy::tracker {

struct ipv4 {
  uint32_t value = 0; // host byte order

  auto operator<=>(const ipv4&) const = default;
};

// nullopt for anything but four decimal numbers (IPv6, host names, "None", "").
std::optional<ipv4> parse_ipv4(std::string_view text);
std::string to_string(ipv4 address);

} // namespace actors::proxy::tracker
