#include "storage/crc32c.hpp"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace storage {
namespace {

// Eight tables, so that eight bytes are taken per step.
constexpr auto make_tables() {
  std::array<std::array<uint32_t, 256>, 8> tables{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) ? 0x82f63b78u : 0u);
    tables[0][i] = crc;
  }
  for (uint32_t i = 0; i < 256; ++i)
    for (size_t t = 1; t < 8; ++t)
      tables[t][i] = (tables[t - 1][i] >> 8) ^ tables[0][tables[t - 1][i] & 0xff];
  return tables;
}

constexpr auto tables = make_tables();

#if defined(__x86_64__)
__attribute__((target("sse4.2"))) uint32_t crc32c_sse42(std::string_view bytes, uint32_t crc) {
  uint64_t state = ~crc;
  const char* p = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    uint64_t word;
    std::memcpy(&word, p, 8);
    state = _mm_crc32_u64(state, word);
  }
  for (; left > 0; --left, ++p)
    state = _mm_crc32_u8(static_cast<uint32_t>(state), static_cast<unsigned char>(*p));
  return ~static_cast<uint32_t>(state);
}

const bool has_sse42 = __builtin_cpu_supports("sse4.2") != 0;
#endif

uint32_t byte_at(const char* p, size_t i) { return static_cast<unsigned char>(p[i]); }

} // namespace

uint32_t crc32c_portable(std::string_view bytes, uint32_t crc) {
  uint32_t state = ~crc;
  const char* p = bytes.data();
  size_t left = bytes.size();
  for (; left >= 8; left -= 8, p += 8) {
    state ^= byte_at(p, 0) | byte_at(p, 1) << 8 | byte_at(p, 2) << 16 | byte_at(p, 3) << 24;
    state = tables[7][state & 0xff] ^ tables[6][(state >> 8) & 0xff] ^ tables[5][(state >> 16) & 0xff] ^
            tables[4][state >> 24] ^ tables[3][byte_at(p, 4)] ^ tables[2][byte_at(p, 5)] ^
            tables[1][byte_at(p, 6)] ^ tables[0][byte_at(p, 7)];
  }
  for (; left > 0; --left, ++p)
    state = (state >> 8) ^ tables[0][(state ^ byte_at(p, 0)) & 0xff];
  return ~state;
}

uint32_t crc32c(std::string_view bytes, uint32_t crc) {
#if defined(__x86_64__)
  if (has_sse42)
    return crc32c_sse42(bytes, crc);
#endif
  return crc32c_portable(bytes, crc);
}

} // namespace storage
