#include "storage/lmdb/records.hpp"

#include "storage/crc32c.hpp"

#include <algorithm>
#include <bit>
#include <cassert>
#include <cstring>

namespace storage::lmdb {
namespace {

static_assert(std::endian::native == std::endian::little, "records are copied as little-endian integers");

constexpr std::string_view magic = "TROUPEKV";
constexpr size_t crc_bytes = 4;

template <class T>
void append(std::string& out, T number) {
  out.append(reinterpret_cast<const char*>(&number), sizeof number);
}

uint32_t checksum(database db, std::string_view key, std::string_view body) {
  const char number = static_cast<char>(db);
  return crc32c(body, crc32c(key, crc32c({&number, 1})));
}

void seal(database db, std::string_view key, std::string& out) { append(out, checksum(db, key, out)); }

std::string printable(database db, std::string_view key) {
  switch (db) {
    case database::meta:
      return "meta record \"" + std::string(key) + "\"";
    case database::revisions:
      return "revision " +
             (key.size() == 8 ? std::to_string(revision_of(key)) : std::string("with a wrong key"));
    case database::current:
      return "current record of \"" + std::string(key) + "\"";
    case database::history:
      return "history record of \"" + std::string(key.substr(0, key.find('\0'))) + "\"";
  }
  return "record";
}

[[noreturn]] void corrupt(database db, std::string_view key, const char* what) {
  throw error(error_code::corrupt,
              printable(db, key) + ": " + what + "; the file is damaged, restore it from a backup");
}

// The body without its checksum, which must be right.
std::string_view unseal(database db, std::string_view key, std::string_view bytes) {
  if (bytes.size() < crc_bytes)
    corrupt(db, key, "too short");
  const auto body = bytes.substr(0, bytes.size() - crc_bytes);
  uint32_t stored;
  std::memcpy(&stored, bytes.data() + body.size(), sizeof stored);
  if (stored != checksum(db, key, body))
    corrupt(db, key, "wrong checksum");
  return body;
}

// Takes fields off the front of a body; the checksum was right, so a wrong length is a bug or another
// version.
class reader {
public:
  reader(database db, std::string_view key, std::string_view bytes)
      : db_(db), key_(key), left_(unseal(db, key, bytes)) {}

  template <class T>
  T take() {
    T number;
    std::memcpy(&number, bytes(sizeof number).data(), sizeof number);
    return number;
  }

  std::string_view bytes(size_t n) {
    if (left_.size() < n)
      corrupt(db_, key_, "wrong length");
    const auto taken = left_.substr(0, n);
    left_.remove_prefix(n);
    return taken;
  }

  change_kind kind() {
    const auto number = take<uint8_t>();
    if (number > 1)
      corrupt(db_, key_, "unknown kind");
    return static_cast<change_kind>(number);
  }

  std::string_view rest() { return bytes(left_.size()); }

  void end() const {
    if (!left_.empty())
      corrupt(db_, key_, "wrong length");
  }

private:
  database db_;
  std::string_view key_;
  std::string_view left_;
};

} // namespace

std::string fence_key(std::string_view role) { return std::string(fence_prefix).append(role); }

std::string revision_key(revision rev) {
  std::string key(8, '\0');
  for (int i = 0; i < 8; ++i)
    key[i] = static_cast<char>(static_cast<uint64_t>(rev) >> (56 - 8 * i));
  return key;
}

revision revision_of(std::string_view revision_key) {
  assert(revision_key.size() == 8);
  uint64_t rev = 0;
  for (const unsigned char c : revision_key)
    rev = rev << 8 | c;
  return static_cast<revision>(rev);
}

std::string history_key(std::string_view key, revision superseded_by) {
  std::string stored;
  stored.reserve(key.size() + 9);
  stored.append(key).push_back('\0');
  return stored.append(revision_key(superseded_by));
}

void encode_format(uint32_t version, std::string& out) {
  out.assign(magic);
  append(out, version);
  seal(database::meta, format_key, out);
}

void encode(const state_record& r, std::string& out) {
  out.clear();
  append(out, r.current);
  append(out, r.oldest);
  append(out, r.second);
  seal(database::meta, state_key, out);
}

void encode(const owner_record& r, std::string& out) {
  out.clear();
  append(out, static_cast<uint8_t>(r.state));
  append(out, r.epoch);
  append(out, r.last);
  append(out, static_cast<uint16_t>(r.copy.size()));
  out.append(r.copy);
  append(out, static_cast<uint16_t>(r.peer.size()));
  out.append(r.peer);
  seal(database::meta, owner_key, out);
}

void encode(const log::identity& store, std::string& out) {
  out.assign(store.data(), store.size());
  seal(database::meta, log_key, out);
}

void encode(std::string_view stored_key, const revision_record& r, std::string& out) {
  out.clear();
  append(out, static_cast<uint8_t>(r.kind));
  append(out, r.created);
  append(out, r.previous);
  append(out, r.second);
  append(out, static_cast<uint16_t>(r.key.size()));
  out.append(r.key).append(r.value);
  seal(database::revisions, stored_key, out);
}

void encode(std::string_view stored_key, const current_record& r, std::string& out) {
  out.clear();
  append(out, r.created);
  append(out, r.modified);
  append(out, static_cast<uint8_t>(r.kind));
  seal(database::current, stored_key, out);
}

void encode(std::string_view stored_key, const history_record& r, std::string& out) {
  out.clear();
  append(out, r.rev);
  append(out, r.created);
  seal(database::history, stored_key, out);
}

void encode(std::string_view stored_key, const fence_record& r, std::string& out) {
  out.clear();
  append(out, r.epoch);
  seal(database::meta, stored_key, out);
}

uint32_t decode_format(std::string_view bytes) {
  if (!bytes.starts_with(magic))
    throw error(error_code::format, "not a Troupe store");
  reader in(database::meta, format_key, bytes);
  in.bytes(magic.size());
  const auto version = in.take<uint32_t>();
  in.end();
  return version;
}

state_record decode_state(std::string_view bytes) {
  reader in(database::meta, state_key, bytes);
  state_record r;
  r.current = in.take<revision>();
  r.oldest = in.take<revision>();
  r.second = in.take<int64_t>();
  in.end();
  return r;
}

owner_record decode_owner(std::string_view bytes) {
  reader in(database::meta, owner_key, bytes);
  owner_record r;
  const auto state = in.take<uint8_t>();
  if (state > static_cast<uint8_t>(owner_state::handed_over))
    corrupt(database::meta, owner_key, "unknown state");
  r.state = static_cast<owner_state>(state);
  r.epoch = in.take<int64_t>();
  r.last = in.take<revision>();
  r.copy = in.bytes(in.take<uint16_t>());
  r.peer = in.bytes(in.take<uint16_t>());
  in.end();
  return r;
}

log::identity decode_log(std::string_view bytes) {
  reader in(database::meta, log_key, bytes);
  log::identity store;
  const auto stored = in.bytes(store.size());
  std::copy(stored.begin(), stored.end(), store.begin());
  in.end();
  return store;
}

revision_record decode_revision(std::string_view stored_key, std::string_view bytes) {
  reader in(database::revisions, stored_key, bytes);
  revision_record r;
  r.kind = in.kind();
  r.created = in.take<revision>();
  r.previous = in.take<revision>();
  r.second = in.take<int64_t>();
  r.key = in.bytes(in.take<uint16_t>());
  r.value = in.rest();
  return r;
}

current_record decode_current(std::string_view stored_key, std::string_view bytes) {
  reader in(database::current, stored_key, bytes);
  current_record r;
  r.created = in.take<revision>();
  r.modified = in.take<revision>();
  r.kind = in.kind();
  in.end();
  return r;
}

history_record decode_history(std::string_view stored_key, std::string_view bytes) {
  reader in(database::history, stored_key, bytes);
  history_record r;
  r.rev = in.take<revision>();
  r.created = in.take<revision>();
  in.end();
  return r;
}

fence_record decode_fence(std::string_view stored_key, std::string_view bytes) {
  reader in(database::meta, stored_key, bytes);
  fence_record r{in.take<int64_t>()};
  in.end();
  return r;
}

} // namespace storage::lmdb
