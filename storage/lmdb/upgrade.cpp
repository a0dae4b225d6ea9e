#include "storage/lmdb/upgrade.hpp"

#include "storage/lmdb/environment.hpp"
#include "storage/lmdb/records.hpp"

#include <array>

namespace storage::lmdb {
namespace {

// steps[v - 1] rewrites a store of version v as version v + 1, inside the transaction that also writes the
// new format record.
using upgrade_step = void (*)(MDB_txn*, MDB_dbi meta);

// Version 2 adds fence records, of which a version 1 has none. The version is raised all the same: a program
// that does not regard fences must not open a store that has some.
void add_fences(MDB_txn*, MDB_dbi) {}

void put_owner(MDB_txn* txn, MDB_dbi meta, owner_state state) {
  owner_record owner;
  owner.state = state;
  std::string bytes;
  encode(owner, bytes);
  put(txn, meta, owner_key, bytes);
}

// Before version 3 a store did not move: whoever had one was it.
void add_owner(MDB_txn* txn, MDB_dbi meta) { put_owner(txn, meta, owner_state::serving); }

constexpr std::array<upgrade_step, format_version - 1> steps{add_fences, add_owner};

void make_new_store(MDB_txn* txn, MDB_dbi meta, bool as_copy) {
  std::string bytes;
  encode_format(format_version, bytes);
  put(txn, meta, format_key, bytes);
  encode(state_record{}, bytes);
  put(txn, meta, state_key, bytes);
  put_owner(txn, meta, as_copy ? owner_state::following : owner_state::serving);
}

} // namespace

void prepare_format(MDB_txn* txn, MDB_dbi meta, bool as_copy) {
  const auto stored = get(txn, meta, format_key);
  if (!stored) {
    if (!is_empty(txn, meta))
      throw error(error_code::format, "not a Troupe store");
    make_new_store(txn, meta, as_copy);
    return;
  }
  auto version = decode_format(*stored);
  if (version == 0 || version > format_version)
    throw error(error_code::format,
                "format version " + std::to_string(version) + ", but this program reads versions 1 to " +
                  std::to_string(format_version) + "; use the Troupe that wrote it, or a newer one");
  for (; version < format_version; ++version)
    steps.at(version - 1)(txn, meta);
  std::string bytes;
  encode_format(format_version, bytes);
  if (*stored != bytes)
    put(txn, meta, format_key, bytes);
}

} // namespace storage::lmdb
