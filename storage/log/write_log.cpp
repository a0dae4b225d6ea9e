#include "storage/log/write_log.hpp"

#include "storage/crc32c.hpp"

#include <algorithm>
#include <cassert>

namespace storage::log {
namespace {

constexpr size_t zeros_at_once = 1u << 20;
constexpr size_t behind_bytes = 2 * unit_bytes; // a record's seal, and the file's end

// Zeros that are really written, so that a sync of a record need not wait for the file system's journal.
void write_zeros(file& to, uint64_t from, uint64_t end) {
  const std::string zeros(std::min<uint64_t>(zeros_at_once, end - from), '\0');
  for (; from < end; from += zeros.size())
    to.write(from, std::string_view(zeros).substr(0, std::min<uint64_t>(zeros.size(), end - from)));
}

void write_mark(file& to, const mark& m, const place& where) {
  char unit[unit_bytes];
  encode(m, where, unit);
  to.write(where.offset, {unit, unit_bytes});
}

// From `begin` on: zeros, and the mark that says that the file is `end` long.
void lay_out(file& to, const identity& store, unsigned number, uint64_t begin, uint64_t end) {
  write_zeros(to, begin, end - unit_bytes);
  write_mark(to, {.kind = mark_kind::end}, {store, number, end - unit_bytes});
}

} // namespace

void write_log::make(files& where, const identity& store, const sizes& s) {
  for (unsigned number = 0; number < 2; ++number) {
    const auto made = where.make(number);
    lay_out(*made, store, number, unit_bytes, padded(s.file_bytes));
    write_mark(*made, {.kind = mark_kind::head}, {store, number, 0});
    made->sync();
  }
  where.sync_names();
}

write_log::write_log(std::shared_ptr<files> where, const identity& store, const sizes& s, revision applied)
    : files_(std::move(where)), store_(store), sizes_(s) {
  std::array<content, 2> bytes;
  std::array<file_content, 2> contents;
  for (unsigned number = 0; number < 2; ++number) {
    auto& found = contents[number];
    found.name = files_->name(number);
    file_[number] = files_->open(number);
    if (!file_[number])
      throw error(error_code::corrupt, found.name + " is missing; put a backup of the whole folder in its place");
    bytes[number] = file_[number]->read();
    found.bytes = bytes[number].view();
  }
  auto found = recover(store_, contents, applied);
  size_ = found.sizes;
  recovered_ = std::move(found.batches);
  in_use_ = found.number;
  generation_ = found.generation;
  at_ = found.end;
  last_ = found.last;
  other_last_ = found.other_last;
  if (found.newest_begin == 0)
    return;
  // The newest record may be one whose sync failed or never returned: it is there now, so it is made to stay.
  const auto newest = contents[in_use_].bytes.substr(found.newest_begin, at_ - found.newest_begin);
  file_[in_use_]->write(found.newest_begin, newest);
  file_[in_use_]->sync();
  seal();
}

bool write_log::fits(size_t bytes) const { return records_begin + bytes + behind_bytes <= sizes_.file_bytes_max; }

bool write_log::make_room(size_t bytes, revision applied) {
  const auto needed = bytes + behind_bytes;
  if (at_ + needed <= size_[in_use_])
    return true;
  const auto other = 1 - in_use_;
  if (other_last_ <= applied) {
    if (records_begin + needed > size_[other])
      grow(other, records_begin + needed);
    other_last_ = last_;
    in_use_ = other;
    at_ = records_begin;
    ++generation_;
    return true;
  }
  if (at_ + needed > sizes_.file_bytes_max)
    return false;
  try {
    grow(in_use_, at_ + needed);
  } catch (const error& e) {
    if (e.code() != error_code::disk_full)
      throw;
    return false; // it does without: the other file becomes free
  }
  return true;
}

void write_log::grow(unsigned number, uint64_t needed) {
  auto larger = size_[number];
  while (larger < needed)
    larger = std::min<uint64_t>(larger * 2, std::max<uint64_t>(needed, sizes_.file_bytes_max));
  larger = padded(larger);
  lay_out(*file_[number], store_, number, size_[number], larger);
  file_[number]->sync();
  size_[number] = larger;
}

void write_log::append(batch& b) {
  assert(at_ + b.bytes.size() + behind_bytes <= size_[in_use_]);
  const auto body = std::string_view(b.bytes).substr(unit_bytes, b.body_bytes);
  encode({mark_kind::record, b.body_bytes, generation_, b.first(), b.last(), crc32c(body)}, {store_, in_use_, at_}, b.bytes.data());
  file_[in_use_]->write(at_, b.bytes);
  file_[in_use_]->sync();
  at_ += b.bytes.size();
  last_ = b.last();
  seal();
}

// Says that the record before it was synced. It reaches the disk with the next record, which takes its place, or when the system
// writes it: so a write that fails is no loss, and the next record tells of it.
void write_log::seal() {
  try {
    write_mark(*file_[in_use_], {.kind = mark_kind::seal, .generation = generation_, .last = last_}, {store_, in_use_, at_});
  } catch (const error&) {
  }
}

} // namespace storage::log
