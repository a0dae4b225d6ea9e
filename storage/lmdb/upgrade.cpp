#include "storage/lmdb/upgrade.hpp"

#include "storage/lmdb/environment.hpp"
#include "storage/lmdb/records.hpp"

#include <array>
#include <random>

namespace storage::lmdb {
namespace {

// steps[v - 1] rewrites a store of version v as version v + 1, inside the transaction that also writes the
// new format record.
using upgrade_step = void (*)(MDB_txn*, MDB_dbi meta, const new_store& how);

// Version 2 adds fence records, of which a version 1 has none. The version is raised all the same: a program
// that does not regard fences must not open a store that has some.
void add_fences(MDB_txn*, MDB_dbi, const new_store&) {}

void put_owner(MDB_txn* txn, MDB_dbi meta, owner_state state) {
  owner_record owner;
  owner.state = state;
  std::string bytes;
  encode(owner, bytes);
  put(txn, meta, owner_key, bytes);
}

// Before version 3 a store did not move: whoever had one was it.
void add_owner(MDB_txn* txn, MDB_dbi meta, const new_store&) { put_owner(txn, meta, owner_state::serving); }

// Version 4 has a log. It is there before the record that says so: what is there without the record is made anew.
void add_log(MDB_txn* txn, MDB_dbi meta, const new_store& how) {
  std::random_device random;
  log::identity store;
  for (auto& c : store)
    c = static_cast<char>(random());
  how.make_log(store);
  std::string bytes;
  encode(store, bytes);
  put(txn, meta, log_key, bytes);
}

constexpr std::array<upgrade_step, format_version - 1> steps{add_fences, add_owner, add_log};

void make_new_store(MDB_txn* txn, MDB_dbi meta, const new_store& how) {
  std::string bytes;
  encode_format(format_version, bytes);
  put(txn, meta, format_key, bytes);
  encode(state_record{}, bytes);
  put(txn, meta, state_key, bytes);
  add_log(txn, meta, how);
  put_owner(txn, meta, how.as_copy ? owner_state::following : owner_state::serving);
}

} // namespace

void prepare_format(MDB_txn* txn, MDB_dbi meta, const new_store& how) {
  const auto stored = get(txn, meta, format_key);
  if (!stored) {
    if (!is_empty(txn, meta))
      throw error(error_code::format, "not a Troupe store");
    make_new_store(txn, meta, how);
    return;
  }
  auto version = decode_format(*stored);
  if (version == 0 || version > format_version)
    throw error(error_code::format,
                "format version " + std::to_string(version) + ", but this program reads versions 1 to " +
                  std::to_string(format_version) + "; use the Troupe that wrote it, or a newer one");
  for (; version < format_version; ++version)
    steps.at(version - 1)(txn, meta, how);
  std::string bytes;
  encode_format(format_version, bytes);
  if (*stored != bytes)
    put(txn, meta, format_key, bytes);
}

} // namespace storage::lmdb
