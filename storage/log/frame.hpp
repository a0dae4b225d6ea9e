// What the log's files are made of: units of 64 bytes, of which some are marks (FORMAT.md, "The log"). Pure functions.
#pragma once

#include "storage/engine.hpp"

#include <array>
#include <optional>

namespace storage::log {

// A store's own random number: files of another one are not taken for its.
using identity = std::array<char, 16>;

// A mark, and where everything begins: a unit is never in two sectors of a disk.
inline constexpr size_t unit_bytes = 64;
inline constexpr uint64_t records_begin = unit_bytes; // behind the file's head

inline constexpr size_t padded(size_t bytes) { return (bytes + unit_bytes - 1) / unit_bytes * unit_bytes; }

enum class mark_kind : uint32_t {
  head = 0x48474c54,   // "TLGH": the file's first unit
  record = 0x52474c54, // "TLGR": in front of a batch's bytes
  seal = 0x53474c54,   // "TLGS": what is before it has been synced
  end = 0x45474c54,    // "TLGE": the file's last unit
};

struct mark {
  mark_kind kind = mark_kind::record;
  uint32_t length = 0;      // record: the bytes that follow
  uint64_t generation = 0;  // record, seal: of this use of the file
  revision first = 0;       // record: of the batch; seal: 0
  revision last = 0;        // record, seal: the newest
  uint32_t body_crc = 0;    // record
  bool operator==(const mark&) const = default;
};

// Where a mark is; part of its checksum, so that it is none anywhere else.
struct place {
  const identity& store;
  unsigned number = 0; // of the file
  uint64_t offset = 0;
};

void encode(const mark&, const place&, char* unit);
// Nothing: these 64 bytes are no mark, or not of this place.
std::optional<mark> decode_mark(std::string_view unit, const place&);

} // namespace storage::log
