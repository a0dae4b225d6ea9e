// Amounts such as "500m" or "1Gi" with upstream's rules of spelling: parsing, the canonical text, arithmetic.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace messages::codec {

/// Always canonical: no fractional digits, the largest suffix that loses nothing. An amount written with a
/// decimal exponent ("1e3") has no suffix and scale -3; otherwise scale is 0. Amounts that need more than 63
/// bits in their suffix are rounded up, away from zero.
struct quantity {
  int64_t value = 0;
  int8_t scale = 0;   // value / 10^scale
  uint8_t suffix = 0; // index into "", n, u, m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi, Ei

  quantity() = default;
  quantity(int64_t v, int8_t digits, uint8_t index) : value(v), scale(digits), suffix(index) {}
  /// From the generated struct Quantity.
  template <class Stored>
    requires requires(const Stored& s) { s.value(), s.scale(), s.suffix(); }
  explicit quantity(const Stored& s) : value(s.value()), scale(s.scale()), suffix(s.suffix()) {}

  bool operator==(const quantity&) const = default; // the same spelling; compare() compares amounts
};

/// The error is upstream's text.
std::optional<quantity> parse_quantity(std::string_view text, std::string* error = nullptr);
void append_quantity(const quantity& q, std::string& out);
std::string to_string(const quantity& q);

/// Whole units and thousandths, rounded away from zero as upstream does, saturated at int64.
int64_t value_of(const quantity& q);
int64_t milli_value_of(const quantity& q);
quantity from_value(int64_t value, bool binary_suffix = false);
quantity from_milli_value(int64_t milli);

/// By amount, <0, 0 or >0: 1000m equals 1.
int compare(const quantity& left, const quantity& right);
/// Saturates instead of overflowing; spelled in the style of `left`, or of `right` if left is zero.
quantity add(const quantity& left, const quantity& right);
quantity subtract(const quantity& left, const quantity& right);

} // namespace messages::codec
