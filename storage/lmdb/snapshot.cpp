#include "storage/lmdb/snapshot.hpp"

namespace storage::lmdb {

void refuse_future(revision asked, revision newest) {
  if (asked > newest)
    throw error(error_code::future_revision, "revision " + std::to_string(asked) + " does not exist yet, the newest is " +
                                               std::to_string(newest));
}

void missing_revision(revision rev) {
  throw error(error_code::corrupt,
              "revision " + std::to_string(rev) + " is missing; the file is damaged, restore it from a backup");
}

snapshot::snapshot(const environment& env, MDB_txn* txn) : env_(env), txn_(txn) {
  const auto bytes = lmdb::get(txn, env.meta, state_key);
  if (!bytes)
    throw error(error_code::corrupt, "the state record is missing; restore the store from a backup");
  state = decode_state(*bytes);
}

void snapshot::require_kept(revision at) const {
  if (at < state.oldest)
    throw compacted(at, state.oldest);
}

revision_record snapshot::entry(revision rev) const {
  const auto key = revision_key(rev);
  const auto bytes = lmdb::get(txn_, env_.revisions, key);
  if (!bytes)
    missing_revision(rev);
  return decode_revision(key, *bytes);
}

std::optional<location> snapshot::locate(std::string_view key, const current_record& now, revision at) const {
  if (now.modified <= at)
    return now.kind == change_kind::put ? std::optional(location{now.created, now.modified}) : std::nullopt;
  cursor older(txn_, env_.history);
  const auto prefix_size = key.size() + 1;
  if (!older.seek(history_key(key, at + 1)) || older.key().size() != prefix_size + 8 ||
      !older.key().starts_with(key) || older.key()[key.size()] != '\0')
    return std::nullopt;
  const auto found = decode_history(older.key(), older.value());
  return found.rev <= at ? std::optional(location{found.created, found.rev}) : std::nullopt;
}

// The write that `key` points at.
revision_record snapshot::own_entry(std::string_view key, revision rev) const {
  const auto found = entry(rev);
  if (found.key != key || found.kind != change_kind::put)
    throw error(error_code::corrupt, "\"" + std::string(key) + "\" points at revision " + std::to_string(rev) +
                                       ", which is not its own; restore the store from a backup");
  return found;
}

record snapshot::fetch(std::string_view key, const location& where) const {
  return {std::string(key), where.created, where.rev, std::string(own_entry(key, where.rev).value)};
}

change snapshot::change_at(revision rev) const {
  const auto found = entry(rev);
  change c{rev, found.kind, std::string(found.key), {}, {}, found.created, found.previous};
  if (found.previous != 0)
    c.previous = std::string(entry(found.previous).value);
  c.value = found.kind == change_kind::put ? std::string(found.value) : c.previous.value_or("");
  return c;
}

key_state snapshot::state_of(std::string_view key) const {
  if (const auto bytes = lmdb::get(txn_, env_.current, key)) {
    const auto r = decode_current(key, *bytes);
    if (r.kind == change_kind::put)
      return {r.created, r.modified};
  }
  return {};
}

void snapshot::check(bool values) const {
  cursor objects(txn_, env_.current);
  for (bool found = objects.seek(""); found; found = objects.next()) {
    const auto r = decode_current(objects.key(), objects.value());
    if (values && r.kind == change_kind::put)
      own_entry(objects.key(), r.modified);
  }
  cursor past(txn_, env_.history);
  for (bool found = past.seek(""); found; found = past.next())
    decode_history(past.key(), past.value());
}

} // namespace storage::lmdb
