#include "storage/crc32c.hpp"

#include <catch2/catch.hpp>
#include <string>

using storage::crc32c;
using storage::crc32c_portable;

TEST_CASE("CRC-32C gives the published check values") {
  CHECK(crc32c("123456789") == 0xe3069283u);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aau); // RFC 3720, B.4
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43u);
  CHECK(crc32c("") == 0u);
}

TEST_CASE("CRC-32C in parts and without the processor's instruction is the same") {
  std::string bytes;
  for (int i = 0; i < 1000; ++i) {
    bytes.push_back(static_cast<char>(i * 31 + i / 7));
    const auto cut = static_cast<size_t>(i) / 3;
    REQUIRE(crc32c(bytes) == crc32c_portable(bytes));
    REQUIRE(crc32c(std::string_view(bytes).substr(cut), crc32c(std::string_view(bytes).substr(0, cut))) ==
            crc32c(bytes));
  }
}
