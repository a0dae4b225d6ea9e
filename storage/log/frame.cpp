#include "storage/log/frame.hpp"

#include "storage/crc32c.hpp"

#include <bit>
#include <cstring>

namespace storage::log {
namespace {

static_assert(std::endian::native == std::endian::little, "marks are copied as little-endian integers");

constexpr uint32_t log_version = 1;
constexpr size_t crc_offset = unit_bytes - sizeof(uint32_t);

template <class T>
void place_number(char* unit, size_t offset, T number) {
  std::memcpy(unit + offset, &number, sizeof number);
}

template <class T>
T number_at(std::string_view unit, size_t offset) {
  T number;
  std::memcpy(&number, unit.data() + offset, sizeof number);
  return number;
}

uint32_t mark_checksum(std::string_view unit, const place& where) {
  char seed[12];
  place_number(seed, 0, static_cast<uint32_t>(where.number));
  place_number(seed, 4, where.offset);
  const auto crc = crc32c({seed, sizeof seed}, crc32c({where.store.data(), where.store.size()}));
  return crc32c(unit.substr(0, crc_offset), crc);
}

bool is_known(uint32_t kind) {
  switch (static_cast<mark_kind>(kind)) {
    case mark_kind::head:
    case mark_kind::record:
    case mark_kind::seal:
    case mark_kind::end:
      return true;
  }
  return false;
}

} // namespace

void encode(const mark& m, const place& where, char* unit) {
  std::memset(unit, 0, unit_bytes);
  place_number(unit, 0, static_cast<uint32_t>(m.kind));
  place_number(unit, 4, m.length);
  place_number(unit, 8, m.generation);
  place_number(unit, 16, m.first);
  place_number(unit, 24, m.last);
  place_number(unit, 32, m.body_crc);
  place_number(unit, 36, log_version);
  place_number(unit, crc_offset, mark_checksum({unit, unit_bytes}, where));
}

std::optional<mark> decode_mark(std::string_view unit, const place& where) {
  if (unit.size() != unit_bytes || !is_known(number_at<uint32_t>(unit, 0)) ||
      number_at<uint32_t>(unit, crc_offset) != mark_checksum(unit, where))
    return std::nullopt;
  return mark{static_cast<mark_kind>(number_at<uint32_t>(unit, 0)),
              number_at<uint32_t>(unit, 4),
              number_at<uint64_t>(unit, 8),
              number_at<revision>(unit, 16),
              number_at<revision>(unit, 24),
              number_at<uint32_t>(unit, 32)};
}

} // namespace storage::log
