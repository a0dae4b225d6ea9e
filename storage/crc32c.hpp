// CRC-32C (Castagnoli), the checksum of every stored record. Uses the processor's instruction where there is
// one.
#pragma once

#include <cstdint>
#include <string_view>

namespace storage {

// Continues `crc` (0 to begin) over `bytes`: crc32c(b, crc32c(a)) equals crc32c(a + b).
uint32_t crc32c(std::string_view bytes, uint32_t crc = 0);

// The same without the processor's instruction; tests compare the two.
uint32_t crc32c_portable(std::string_view bytes, uint32_t crc = 0);

} // namespace storage
