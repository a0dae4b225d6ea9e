#include "runtime/seams/random.hpp"

#include <cerrno>
#include <cstring>
#include <sys/random.h>
#include <system_error>

namespace runtime::seams {

uint64_t random_source::uint64() {
  uint64_t result;
  fill(&result, sizeof result);
  return result;
}

uint64_t random_source::below(uint64_t bound) {
  if (bound == 0)
    return 0;
  // Values above the last whole multiple of `bound` would favour small results.
  auto last = UINT64_MAX - UINT64_MAX % bound;
  auto value = uint64();
  while (value >= last)
    value = uint64();
  return value % bound;
}

double random_source::unit() {
  return static_cast<double>(uint64() >> 11) * 0x1.0p-53;
}

std::string random_source::uuid() {
  uint8_t bytes[16];
  fill(bytes, sizeof bytes);
  bytes[6] = static_cast<uint8_t>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<uint8_t>((bytes[8] & 0x3f) | 0x80);
  static constexpr char digits[] = "0123456789abcdef";
  std::string result;
  for (size_t i = 0; i < sizeof bytes; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10)
      result += '-';
    result += digits[bytes[i] >> 4];
    result += digits[bytes[i] & 15];
  }
  return result;
}

std::string random_source::name_suffix(size_t length) {
  static constexpr std::string_view alphabet = "bcdfghjklmnpqrstvwxz2456789";
  std::string result;
  for (size_t i = 0; i < length; ++i)
    result += alphabet[below(alphabet.size())];
  return result;
}

int64_t random_source::jitter(int64_t value, double fraction) {
  return value + static_cast<int64_t>(static_cast<double>(value) * fraction * (2 * unit() - 1));
}

void system_random::fill(void* bytes, size_t size) {
  auto out = static_cast<char*>(bytes);
  while (size > 0) {
    auto got = getrandom(out, size, 0);
    if (got < 0) {
      if (errno == EINTR)
        continue;
      throw std::system_error(errno, std::generic_category(), "getrandom");
    }
    out += got;
    size -= static_cast<size_t>(got);
  }
}

seeded_random::seeded_random(uint64_t seed) : state_(seed) {
}

void seeded_random::fill(void* bytes, size_t size) {
  std::lock_guard guard{mutex_};
  auto out = static_cast<char*>(bytes);
  while (size > 0) {
    // splitmix64: small, fast and good enough to spread a simulation's choices.
    state_ += 0x9e3779b97f4a7c15;
    auto z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    z ^= z >> 31;
    auto part = size < sizeof z ? size : sizeof z;
    std::memcpy(out, &z, part);
    out += part;
    size -= part;
  }
}

} // namespace runtime::seams
