// The bytes of FORMAT.md: encoding and checked decoding of every record of the LMDB engine. Pure functions.
#pragma once

#include "storage/engine.hpp"
#include "storage/log/frame.hpp"

#include <string>
#include <string_view>

namespace storage::lmdb {

inline constexpr uint32_t format_version = 4;

// The numbers that the checksums of FORMAT.md include.
enum class database : uint8_t { meta = 1, revisions = 2, current = 3, history = 4 };

struct state_record {
  revision current = 0;
  revision oldest = 0;
  int64_t second = 0;
};

struct revision_record {
  change_kind kind = change_kind::put;
  revision created = 0;
  revision previous = 0;
  int64_t second = 0;
  std::string_view key; // into the bytes that were decoded
  std::string_view value;
};

struct current_record {
  revision created = 0;
  revision modified = 0;
  change_kind kind = change_kind::put;
};

struct history_record {
  revision rev = 0;
  revision created = 0;
};

// The newest epoch of a singleton role, whose older writers are refused.
struct fence_record {
  int64_t epoch = 0;
};

// Keys.
inline constexpr std::string_view format_key = "format";
inline constexpr std::string_view state_key = "state";
inline constexpr std::string_view owner_key = "owner";
inline constexpr std::string_view log_key = "log";
inline constexpr std::string_view fence_prefix = "fence/";
std::string fence_key(std::string_view role);
std::string revision_key(revision);
revision revision_of(std::string_view revision_key);
std::string history_key(std::string_view key, revision superseded_by);

// Records, with their checksum over `key` as stored. The string is overwritten.
void encode_format(uint32_t version, std::string& out);
void encode(const state_record&, std::string& out);
void encode(const owner_record&, std::string& out);
void encode(const log::identity&, std::string& out);
void encode(std::string_view stored_key, const revision_record&, std::string& out);
void encode(std::string_view stored_key, const current_record&, std::string& out);
void encode(std::string_view stored_key, const history_record&, std::string& out);
void encode(std::string_view stored_key, const fence_record&, std::string& out);

// Throw error: corrupt (checksum, length), and format for a foreign magic.
uint32_t decode_format(std::string_view bytes);
state_record decode_state(std::string_view bytes);
owner_record decode_owner(std::string_view bytes);
log::identity decode_log(std::string_view bytes);
revision_record decode_revision(std::string_view stored_key, std::string_view bytes);
current_record decode_current(std::string_view stored_key, std::string_view bytes);
history_record decode_history(std::string_view stored_key, std::string_view bytes);
fence_record decode_fence(std::string_view stored_key, std::string_view bytes);

} // namespace storage::lmdb
