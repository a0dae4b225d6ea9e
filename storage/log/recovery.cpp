#include "storage/log/recovery.hpp"

#include "storage/crc32c.hpp"

#include <algorithm>

namespace storage::log {
namespace {

[[noreturn]] void refuse(const std::string& name, uint64_t offset, const std::string& why) {
  throw error(error_code::corrupt, name + ": offset " + std::to_string(offset) + ": " + why +
                                     "; the log is damaged, put a backup of the whole folder in its place");
}

struct found_mark {
  uint64_t offset;
  mark what;
};

// All marks of a file, of whatever generation.
struct scanned_file {
  const file_content* file = nullptr;
  uint64_t size = 0;
  uint64_t generation = 0; // the newest, 0: nothing was ever written
  std::vector<found_mark> marks;

  const found_mark* at(uint64_t offset) const {
    const auto found = std::lower_bound(marks.begin(), marks.end(), offset,
                                        [](const found_mark& m, uint64_t wanted) { return m.offset < wanted; });
    return found != marks.end() && found->offset == offset ? &*found : nullptr;
  }
};

std::optional<mark> mark_at(const identity& store, unsigned number, std::string_view bytes, uint64_t offset) {
  return decode_mark(bytes.substr(offset, unit_bytes), {store, number, offset});
}

scanned_file scan(const identity& store, unsigned number, const file_content& file) {
  scanned_file found{&file};
  const auto bytes = file.bytes;
  if (bytes.empty())
    refuse(file.name, 0, "the file is empty");
  const auto head = mark_at(store, number, bytes, 0);
  if (!head || head->kind != mark_kind::head)
    refuse(file.name, 0, "this is no log of this store");
  for (uint64_t offset = records_begin; offset + unit_bytes <= bytes.size(); offset += unit_bytes)
    if (const auto m = mark_at(store, number, bytes, offset)) {
      if (m->kind == mark_kind::end)
        found.size = offset + unit_bytes;
      else if (m->kind != mark_kind::head)
        found.marks.push_back({offset, *m});
    }
  if (found.size == 0)
    refuse(file.name, bytes.size(), "the file was cut off, or its last mark is damaged");
  if (!found.marks.empty() && found.marks.back().offset >= found.size)
    refuse(file.name, found.size, "there are records behind its end");
  for (const auto& m : found.marks)
    found.generation = std::max(found.generation, m.what.generation);
  return found;
}

struct chain {
  std::vector<std::shared_ptr<batch>> batches; // what is above `applied`
  uint64_t newest_begin = 0;
  uint64_t end = records_begin;
  revision last = 0;
};

// The record at a mark, which was written wholly.
bool is_whole(const scanned_file& in, const found_mark& m) {
  const auto total = padded(unit_bytes + m.what.length);
  return m.what.kind == mark_kind::record && m.offset + total + unit_bytes < in.size &&
         crc32c(in.file->bytes.substr(m.offset + unit_bytes, m.what.length)) == m.what.body_crc;
}

// Record by record from the beginning. A mark of the same generation behind the first that is not whole says that that one had been
// synced when the mark was written.
chain walk(const scanned_file& in, uint64_t generation, revision applied) {
  chain done;
  for (;;) {
    const auto* m = in.at(done.end);
    if (!m || m->what.generation != generation || !is_whole(in, *m))
      break;
    const auto total = padded(unit_bytes + m->what.length);
    if (m->what.last > applied) {
      auto read = decode_batch(std::string(in.file->bytes.substr(done.end, total)), m->what.length, m->what.first, m->what.last);
      if (!read)
        refuse(in.file->name, done.end, "the record's checksum is right, but not its fields");
      done.batches.push_back(std::move(read));
    }
    done.newest_begin = done.end;
    done.last = m->what.last;
    done.end += total;
  }
  for (const auto& m : in.marks)
    if (m.what.generation == generation && (m.offset > done.end || (m.offset == done.end && m.what.kind == mark_kind::seal &&
                                                                    m.what.last != done.last)))
      refuse(in.file->name, done.end, "the record after revision " + std::to_string(done.last) + " is damaged, and it was acknowledged");
  return done;
}

void require_following(const std::vector<std::shared_ptr<batch>>& batches, revision applied, const std::string& name) {
  for (const auto& b : batches) {
    if (b->first() != applied + 1)
      refuse(name, 0, "revision " + std::to_string(applied + 1) + " is missing: the log goes on at " + std::to_string(b->first()));
    applied = b->last();
  }
}

} // namespace

recovered recover(const identity& store, const std::array<file_content, 2>& files, revision applied) {
  const std::array found{scan(store, 0, files[0]), scan(store, 1, files[1])};
  recovered result;
  result.sizes = {found[0].size, found[1].size};
  if (found[0].generation == 0 && found[1].generation == 0)
    return result;
  result.number = found[0].generation > found[1].generation ? 0 : 1;
  const auto& newest = found[result.number];
  const auto& older = found[1 - result.number];
  result.generation = newest.generation;
  auto in_use = walk(newest, newest.generation, applied);
  const auto* first = newest.at(records_begin);
  if (!first || first->what.generation != newest.generation || first->what.kind != mark_kind::record)
    refuse(newest.file->name, records_begin, "the first record is damaged");
  result.other_last = first->what.first - 1;
  if (result.other_last > applied) {
    if (older.generation + 1 != newest.generation)
      refuse(older.file->name, 0, "revisions " + std::to_string(applied + 1) + " to " + std::to_string(result.other_last) + " are missing");
    auto before = walk(older, older.generation, applied);
    if (before.last != result.other_last)
      refuse(older.file->name, before.end, "the record after revision " + std::to_string(before.last) +
                                             " is damaged, and it was acknowledged");
    result.batches = std::move(before.batches);
  }
  result.batches.insert(result.batches.end(), in_use.batches.begin(), in_use.batches.end());
  require_following(result.batches, applied, newest.file->name);
  result.newest_begin = in_use.newest_begin;
  result.end = in_use.end;
  result.last = in_use.last;
  return result;
}

} // namespace storage::log
