// Quantities; the rules are those of apimachinery's resource.Quantity.
#include "messages/codec/quantity.hpp"

#include <algorithm>
#include <charconv>
#include <cstdlib>

namespace messages::codec {

namespace {

using wide = unsigned __int128;
using signed_wide = __int128;

constexpr std::string_view suffixes[] = {"",  "n", "u", "m",  "k",  "M",  "G",  "T",
                                         "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"};
constexpr uint8_t first_binary_suffix = 10;
constexpr int nano = -9;
constexpr int exa = 18;
// 36 digits times ten fits in 128 bits.
constexpr int digits_max = 36;
constexpr int exponent_max = 120;
constexpr wide wide_max = ~wide{0} >> 1;

constexpr std::string_view format_wrong = "quantities must match the regular expression "
                                          "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
constexpr std::string_view numeric_wrong = "unable to parse numeric part of quantity";
constexpr std::string_view suffix_wrong = "unable to parse quantity's suffix";

enum class spelling : uint8_t { decimal, binary, exponent };

spelling spelling_of(const quantity& q) {
  if (q.suffix >= first_binary_suffix)
    return spelling::binary;
  return q.suffix == 0 && q.scale != 0 ? spelling::exponent : spelling::decimal;
}

// The power of ten of a decimal suffix.
int decimal_exponent(uint8_t suffix) {
  constexpr int exponents[] = {0, -9, -6, -3, 3, 6, 9, 12, 15, 18};
  return exponents[suffix];
}

uint8_t decimal_suffix(int exponent) {
  constexpr uint8_t indexes[] = {1, 2, 3, 0, 4, 5, 6, 7, 8, 9};
  return indexes[exponent / 3 + 3];
}

wide divide_up(wide value, wide by) {
  return value / by + (value % by != 0);
}

std::optional<quantity> canonical_decimal(bool negative, wide mantissa, int exponent, spelling style) {
  if (mantissa == 0)
    return quantity();
  while (mantissa % 10 == 0) {
    mantissa /= 10;
    ++exponent;
  }
  for (; exponent % 3 != 0; --exponent)
    mantissa *= 10;
  for (; mantissa > static_cast<wide>(INT64_MAX); exponent += 3)
    mantissa = divide_up(mantissa, 1000);
  auto value = static_cast<int64_t>(mantissa);
  if (negative)
    value = -value;
  if (style != spelling::exponent && exponent >= nano && exponent <= exa)
    return quantity(value, 0, decimal_suffix(exponent));
  if (exponent < -exponent_max || exponent > exponent_max)
    return std::nullopt;
  return quantity(value, static_cast<int8_t>(-exponent), 0);
}

// An amount of whole units and billionths whose author wrote a binary suffix.
std::optional<quantity> canonical_binary(bool negative, wide whole, uint32_t nanos) {
  constexpr wide amount_max = INT64_MAX;
  if (whole > amount_max || (whole == amount_max && nanos > 0)) {
    whole = amount_max;
    nanos = 0;
  }
  if (whole < 1024 || nanos != 0)
    return canonical_decimal(negative, whole * 1'000'000'000 + nanos, nano, spelling::decimal);
  uint8_t suffix = 0;
  auto value = static_cast<int64_t>(whole);
  for (; value % 1024 == 0 && suffix < 15; value /= 1024)
    suffix = suffix == 0 ? first_binary_suffix : suffix + 1;
  return quantity(negative ? -value : value, 0, suffix);
}

struct parts {
  bool negative = false;
  std::string_view whole, fraction, suffix;
};

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

std::optional<parts> split(std::string_view text) {
  parts out;
  size_t i = 0;
  auto take_digits = [&] {
    auto begin = i;
    while (i < text.size() && is_digit(text[i]))
      ++i;
    return text.substr(begin, i - begin);
  };
  if (i < text.size() && (text[i] == '-' || text[i] == '+'))
    out.negative = text[i++] == '-';
  out.whole = take_digits();
  if (i < text.size() && text[i] == '.') {
    ++i;
    out.fraction = take_digits();
  }
  if (out.whole.empty() && out.fraction.empty())
    return std::nullopt;
  auto suffix = i;
  while (i < text.size() && std::string_view("eEinumkKMGTP").find(text[i]) != std::string_view::npos)
    ++i;
  if (i < text.size() && (text[i] == '-' || text[i] == '+'))
    ++i;
  take_digits();
  if (i != text.size())
    return std::nullopt;
  out.suffix = text.substr(suffix);
  out.whole.remove_prefix(std::min(out.whole.find_first_not_of('0'), out.whole.size()));
  return out;
}

struct scale_of_suffix {
  spelling style;
  int exponent; // of ten, or of two
};

std::optional<scale_of_suffix> interpret(std::string_view suffix) {
  for (uint8_t i = 0; i < std::size(suffixes); ++i)
    if (suffix == suffixes[i])
      return i < first_binary_suffix
               ? scale_of_suffix{spelling::decimal, decimal_exponent(i)}
               : scale_of_suffix{spelling::binary, 10 * (i - first_binary_suffix + 1)};
  if (suffix.size() < 2 || (suffix[0] != 'e' && suffix[0] != 'E'))
    return std::nullopt;
  suffix.remove_prefix(suffix[1] == '+' ? 2 : 1);
  int exponent = 0;
  auto end = suffix.data() + suffix.size();
  auto parsed = std::from_chars(suffix.data(), end, exponent);
  if (parsed.ec != std::errc{} || parsed.ptr != end || std::abs(exponent) > 1'000'000)
    return std::nullopt;
  return scale_of_suffix{spelling::exponent, exponent};
}

std::optional<quantity> parse_decimal(const parts& p, scale_of_suffix scale) {
  wide mantissa = 0;
  int exponent = scale.exponent;
  int digits = 0;
  bool rest = false;
  auto take = [&](std::string_view text, bool fraction) {
    for (char c : text) {
      if (digits < digits_max) {
        mantissa = mantissa * 10 + static_cast<unsigned>(c - '0');
        digits += mantissa != 0;
        exponent -= fraction;
      } else {
        rest |= c != '0';
        exponent += !fraction;
      }
    }
  };
  take(p.whole, false);
  take(p.fraction, true);
  for (; exponent < nano && mantissa != 0; ++exponent) {
    rest |= mantissa % 10 != 0;
    mantissa /= 10;
  }
  if (rest) {
    ++mantissa;
    exponent = std::max(exponent, nano);
  }
  return canonical_decimal(p.negative, mantissa, exponent, scale.style);
}

std::optional<quantity> parse_binary(const parts& p, int shift) {
  constexpr size_t fraction_digits = 18;
  constexpr wide fraction_unit = 1'000'000'000'000'000'000u;
  if (p.whole.size() > 19)
    return canonical_binary(p.negative, wide_max, 0);
  wide whole = 0, fraction = 0;
  for (char c : p.whole)
    whole = whole * 10 + static_cast<unsigned>(c - '0');
  for (size_t i = 0; i < fraction_digits; ++i)
    fraction = fraction * 10 + (i < p.fraction.size() ? static_cast<unsigned>(p.fraction[i] - '0') : 0);
  bool rest = p.fraction.size() > fraction_digits
              && p.fraction.find_first_not_of('0', fraction_digits) != std::string_view::npos;
  whole <<= shift;
  fraction <<= shift;
  whole += fraction / fraction_unit;
  fraction %= fraction_unit;
  auto nanos = static_cast<uint32_t>(divide_up(fraction, 1'000'000'000) + (rest && fraction % 1'000'000'000 == 0));
  if (nanos >= 1'000'000'000) {
    nanos -= 1'000'000'000;
    ++whole;
  }
  return canonical_binary(p.negative, whole, nanos);
}

wide saturating_multiply(wide left, wide right) {
  wide out;
  return __builtin_mul_overflow(left, right, &out) || out > wide_max ? wide_max : out;
}

// The magnitude in units of 10^unit (0, -3 or -9), rounded up.
wide magnitude_in(const quantity& q, int unit) {
  wide out = q.value < 0 ? wide{0} - static_cast<wide>(static_cast<signed_wide>(q.value)) : static_cast<wide>(q.value);
  int exponent = -unit - q.scale;
  if (q.suffix >= first_binary_suffix)
    out = saturating_multiply(out, wide{1} << 10 * (std::min<int>(q.suffix, 15) - first_binary_suffix + 1));
  else
    exponent += decimal_exponent(q.suffix);
  for (; exponent > 0 && out != 0 && out != wide_max; --exponent)
    out = saturating_multiply(out, 10);
  bool rest = false;
  for (; exponent < 0 && out != 0; ++exponent) {
    rest |= out % 10 != 0;
    out /= 10;
  }
  return out + rest;
}

signed_wide signed_in(const quantity& q, int unit) {
  auto magnitude = static_cast<signed_wide>(std::min(magnitude_in(q, unit), wide_max));
  return q.value < 0 ? -magnitude : magnitude;
}

int64_t saturated(signed_wide value) {
  return static_cast<int64_t>(std::clamp<signed_wide>(value, INT64_MIN, INT64_MAX));
}

quantity from_nanos(signed_wide nanos, spelling style) {
  bool negative = nanos < 0;
  wide magnitude = negative ? wide{0} - static_cast<wide>(nanos) : static_cast<wide>(nanos);
  auto made = style == spelling::binary
                ? canonical_binary(negative, magnitude / 1'000'000'000, static_cast<uint32_t>(magnitude % 1'000'000'000))
                : canonical_decimal(negative, std::min(magnitude, wide_max / 100), nano, style);
  return made.value_or(quantity());
}

quantity combine(const quantity& left, const quantity& right, bool minus) {
  auto a = signed_in(left, nano), b = signed_in(right, nano);
  constexpr auto limit = static_cast<signed_wide>(wide_max / 4);
  a = std::clamp<signed_wide>(a, -limit, limit);
  b = std::clamp<signed_wide>(b, -limit, limit);
  return from_nanos(minus ? a - b : a + b, spelling_of(left.value == 0 ? right : left));
}

} // namespace

std::optional<quantity> parse_quantity(std::string_view text, std::string* error) {
  auto fail = [&](std::string_view message) {
    if (error)
      *error = message;
    return std::nullopt;
  };
  auto found = split(text);
  if (!found)
    return fail(text == "." || text == "+." || text == "-." ? numeric_wrong : format_wrong);
  auto scale = interpret(found->suffix);
  if (!scale)
    return fail(suffix_wrong);
  auto out = scale->style == spelling::binary ? parse_binary(*found, scale->exponent) : parse_decimal(*found, *scale);
  if (!out)
    return fail(suffix_wrong);
  return out;
}

void append_quantity(const quantity& q, std::string& out) {
  char buffer[48];
  auto end = std::to_chars(buffer, buffer + 24, q.value).ptr;
  if (q.scale != 0) {
    *end++ = 'e';
    end = std::to_chars(end, buffer + sizeof buffer, -static_cast<int>(q.scale)).ptr;
  }
  out.append(buffer, end);
  if (q.suffix < std::size(suffixes))
    out += suffixes[q.suffix];
}

std::string to_string(const quantity& q) {
  std::string out;
  append_quantity(q, out);
  return out;
}

int64_t value_of(const quantity& q) {
  return saturated(signed_in(q, 0));
}

int64_t milli_value_of(const quantity& q) {
  return saturated(signed_in(q, -3));
}

quantity from_value(int64_t value, bool binary_suffix) {
  return from_nanos(static_cast<signed_wide>(value) * 1'000'000'000,
                    binary_suffix ? spelling::binary : spelling::decimal);
}

quantity from_milli_value(int64_t milli) {
  return from_nanos(static_cast<signed_wide>(milli) * 1'000'000, spelling::decimal);
}

int compare(const quantity& left, const quantity& right) {
  auto a = signed_in(left, nano), b = signed_in(right, nano);
  return (a > b) - (a < b);
}

quantity add(const quantity& left, const quantity& right) {
  return combine(left, right, false);
}

quantity subtract(const quantity& left, const quantity& right) {
  return combine(left, right, true);
}

} // namespace messages::codec
