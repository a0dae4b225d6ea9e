#include "messages/codec/base64.hpp"
#include "messages/codec/quantity.hpp"
#include "messages/codec/time.hpp"

#include <catch2/catch.hpp>

using namespace messages::codec;

namespace {

std::string canonical(std::string_view text) {
  std::string error;
  auto q = parse_quantity(text, &error);
  return q ? to_string(*q) : "error: " + error;
}

quantity q(std::string_view text) {
  return parse_quantity(text).value();
}

} // namespace

TEST_CASE("quantities become canonical as upstream has it") {
  const std::pair<const char*, const char*> cases[] = {
    {"0", "0"}, {"000", "0"}, {"0Gi", "0"}, {"0.0e5", "0"}, {"1000m", "1"}, {"1024Mi", "1Gi"}, {"0.5", "500m"},
    {"1e3", "1e3"}, {"1E3", "1e3"}, {"12e6", "12e6"}, {"1e2", "100"}, {"1e4", "10e3"}, {"1.5Gi", "1536Mi"},
    {"1.5", "1500m"}, {"100m", "100m"}, {"1500", "1500"}, {"2000", "2k"}, {"1000k", "1M"}, {"512Mi", "512Mi"},
    {"1023", "1023"}, {"1023Ki", "1023Ki"}, {"1024Ki", "1Mi"}, {"0.5Ki", "512"}, {"1Ki", "1Ki"}, {"1.0001Ki", "1024102400u"},
    {"0.1Gi", "107374182400m"}, {"-1.5Gi", "-1536Mi"}, {"+5", "5"}, {"-5m", "-5m"}, {".5", "500m"}, {"5.", "5"},
    {"1.2345", "1234500u"}, {"0.9n", "1n"}, {"0.0000000001", "1n"}, {"-0.0000000001", "-1n"}, {"1e-10", "1e-9"},
    {"1e-3", "1e-3"}, {"0.001e0", "1e-3"}, {"8Ei", "9223372036854775807"}, {"7Ei", "7Ei"}, {"100E", "100E"},
    {"1000E", "1e21"}, {"1e30", "1e30"}, {"3.14159265358979", "3141592654n"}, {"1100", "1100"}, {"123456789", "123456789"},
    {"9223372036854775807", "9223372036854775807"}, {"1000000000000000000000000", "1e24"}, {"0.3Ei", "345876451382054093"},
    {"99999999999999999999Ki", "9223372036854775807"}, {"1P", "1P"}, {"1Pi", "1Pi"}, {"1048576Ki", "1Gi"}};
  for (auto [in, out] : cases) {
    INFO(in);
    CHECK(canonical(in) == out);
    CHECK(canonical(out) == out);
  }
}

TEST_CASE("what is no quantity is refused in upstream's words") {
  const std::string format = "error: quantities must match the regular expression "
                             "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
  for (auto text : {"", "abc", "1.2.3", "1 ", " 1", "1Q", "--1", "m", "1e3x", "0x10"}) {
    INFO(text);
    CHECK(canonical(text) == format);
  }
  for (auto text : {"1KiB", "1i", "1ki", "1mm", "1e", "1e1000000000000", "1e500", "1m5", "1E+"}) {
    INFO(text);
    CHECK((canonical(text) == "error: unable to parse quantity's suffix" || canonical(text) == format));
  }
}

TEST_CASE("quantities beyond 63 bits are rounded up, never down") {
  CHECK(canonical("922337203685477580.123456789") == "922337203685477581");
  CHECK(canonical("123456789012345678901234567890") == "123456789012345679T");
}

TEST_CASE("quantities compare and give numbers by amount") {
  CHECK(compare(q("1000m"), q("1")) == 0);
  CHECK(compare(q("1Gi"), q("1G")) > 0);
  CHECK(compare(q("-1"), q("1n")) < 0);
  CHECK(compare(q("100E"), q("200E")) < 0);
  CHECK(value_of(q("1500m")) == 2);
  CHECK(value_of(q("-1500m")) == -2);
  CHECK(value_of(q("1Gi")) == 1073741824);
  CHECK(milli_value_of(q("2")) == 2000);
  CHECK(milli_value_of(q("1u")) == 1);
  CHECK(milli_value_of(q("7Ei")) == INT64_MAX);
  CHECK(value_of(q("1e30")) == INT64_MAX);
  CHECK(to_string(from_value(1073741824, true)) == "1Gi");
  CHECK(to_string(from_milli_value(1500)) == "1500m");
}

TEST_CASE("quantities add and subtract in the style of the first") {
  CHECK(to_string(add(q("500m"), q("500m"))) == "1");
  CHECK(to_string(add(q("1Gi"), q("512Mi"))) == "1536Mi");
  CHECK(to_string(add(q("0"), q("1Gi"))) == "1Gi");
  CHECK(to_string(subtract(q("1Gi"), q("1Gi"))) == "0");
  CHECK(to_string(subtract(q("1"), q("1500m"))) == "-500m");
  CHECK(to_string(add(q("7Ei"), q("7Ei"))) == "9223372036854775807");
  CHECK_NOTHROW(add(q("9223372036854775807E"), q("9223372036854775807E")));
}

TEST_CASE("times are read with offsets and fractions, and written in UTC") {
  CHECK(parse_time("1970-01-01T00:00:00Z") == 0);
  CHECK(parse_time("2024-02-29T12:30:45Z") == 1709209845);
  CHECK(format_time(1709209845) == "2024-02-29T12:30:45Z");
  CHECK(format_time(*parse_time("2024-02-29T14:30:45+02:00")) == "2024-02-29T12:30:45Z");
  CHECK(format_time(*parse_time("2024-02-29T12:30:45.999999999Z")) == "2024-02-29T12:30:45Z");
  CHECK(format_time(*parse_time("1969-12-31T23:59:59Z")) == "1969-12-31T23:59:59Z");
  for (auto text : {"0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2000-02-29T00:00:00Z", "1900-03-01T00:00:00Z"})
    CHECK(format_time(*parse_time(text)) == text);
  CHECK(format_time(INT64_MAX) == "9999-12-31T23:59:59Z");
  CHECK(format_time(INT64_MIN) == "0000-01-01T00:00:00Z");
  CHECK(format_micro_time(*parse_micro_time("2024-02-29T12:30:45.000123Z")) == "2024-02-29T12:30:45.000123Z");
  CHECK(format_micro_time(*parse_micro_time("1969-12-31T23:59:59.999999Z")) == "1969-12-31T23:59:59.999999Z");
  CHECK(format_micro_time(INT64_MIN).size() == 27);
}

TEST_CASE("bad times are refused in Go's words") {
  std::string error;
  CHECK_FALSE(parse_time("abc", &error));
  CHECK(error == R"(parsing time "abc" as "2006-01-02T15:04:05Z07:00": cannot parse "abc" as "2006")");
  CHECK_FALSE(parse_time("2023-13-01T00:00:00Z", &error));
  CHECK(error == R"(parsing time "2023-13-01T00:00:00Z": month out of range)");
  CHECK_FALSE(parse_time("2023-02-29T00:00:00Z", &error));
  CHECK(error == R"(parsing time "2023-02-29T00:00:00Z": day out of range)");
  CHECK_FALSE(parse_time("2023-02-20T00:00:00", &error));
  CHECK(error == R"(parsing time "2023-02-20T00:00:00" as "2006-01-02T15:04:05Z07:00": cannot parse "" as "Z07:00")");
  CHECK_FALSE(parse_time("2023-02-20T00:00:00Zx", &error));
  CHECK(error == R"(parsing time "2023-02-20T00:00:00Zx": extra text: "x")");
  CHECK_FALSE(parse_micro_time("2023-02-20T00:00:00Z", &error));
  CHECK(error == R"(parsing time "2023-02-20T00:00:00Z" as "2006-01-02T15:04:05.000000Z07:00": cannot parse "Z" as ".000000")");
  for (auto text : {"2023-02-20T24:00:00Z", "2023-02-20T00:60:00Z", "2023-02-20T00:00:60Z", "", "2023", "2023-00-01T00:00:00Z",
                    "2023-01-00T00:00:00Z", "2023-01-01t00:00:00Z", "2023-01-01T00:00:00+1:00", "2023-01-01T00:00:00+01:60"})
    CHECK_FALSE(parse_time(text));
}

TEST_CASE("base64 is strict but skips line breaks") {
  auto decoded = [](std::string_view text) {
    std::string error;
    auto out = decode_base64(text, &error);
    return out ? *out : error;
  };
  CHECK(decoded("").empty());
  CHECK(decoded("YQ==") == "a");
  CHECK(decoded("YWI=") == "ab");
  CHECK(decoded("YWJj") == "abc");
  CHECK(decoded("YW\nJj\r\n") == "abc");
  CHECK(decoded("YQ=\n=") == "a");
  CHECK(decoded("a$b=") == "illegal base64 data at input byte 1");
  CHECK(decoded("YQ==YQ==") == "illegal base64 data at input byte 4");
  CHECK(decoded("Y===") == "illegal base64 data at input byte 1");
  for (auto text : {"Y", "YQ", "YWI", "YQ=", "=", "YWJj=", "YWJj YWJj", "YW-_"})
    CHECK_FALSE(decode_base64(text));
  for (size_t n = 0; n < 40; ++n) {
    std::string bytes, text;
    for (size_t i = 0; i < n; ++i)
      bytes += static_cast<char>(i * 37);
    append_base64(reinterpret_cast<const uint8_t*>(bytes.data()), n, text);
    CHECK(decode_base64(text) == bytes);
  }
}
