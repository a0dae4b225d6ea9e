// The contract of a storage engine: compare-and-swap writes that commit together, reads at a revision and a
// change log. No actors in here. commit() and compact() are called by one thread at a time; every read may
// run beside them, from any thread, and sees only what is durable.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace storage {

// The number of a write. 0 is none; every successful write of an engine gets the next number, without gaps.
using revision = int64_t;

// Longest key in bytes. Keys are not empty and contain no NUL.
inline constexpr std::size_t key_bytes_max = 480;
// Largest value in bytes (upstream's etcd takes requests of 1.5 MiB).
inline constexpr std::size_t value_bytes_max = 3 * 1024 * 1024;
// Longest name of a fenced role, and how many there can be.
inline constexpr std::size_t role_bytes_max = 256;
inline constexpr std::size_t fences_max = 4096;
// A page of a range or of changes ends after the entry that passes this many bytes of values.
inline constexpr std::size_t page_bytes_max = 4 * 1024 * 1024;
// Longest identity of a copy, and name of a host.
inline constexpr std::size_t copy_name_bytes_max = 256;

struct record {
  std::string key;
  revision created = 0;  // the write that made the key exist; an erased key is created anew
  revision modified = 0; // the write of this value
  std::string value;
  bool operator==(const record&) const = default;
};

enum class change_kind : uint8_t { put, erase };

// One entry of the change log. There is exactly one for each revision.
struct change {
  revision rev = 0;
  change_kind kind = change_kind::put;
  std::string key;
  std::string value;                   // erase: the last value
  std::optional<std::string> previous; // what the write replaced; absent when it created the key
  revision created = 0;
  revision previous_rev = 0; // revision of `previous`, 0 when the write created the key
  bool operator==(const change&) const = default;
};

struct write {
  change_kind kind = change_kind::put;
  std::string key;
  std::string value;                // put only
  std::optional<revision> expected; // 0: must not exist; a revision: must be the current one; nullopt: any
  bool with_next = false; // all or nothing, together with the batch's next write; a group's keys are distinct
};

enum class write_status : uint8_t {
  done,
  conflict,  // the key's revision is not the expected one; write_result::rev is the current one
  absent,    // an erase, or a put with an expected revision, of a key that does not exist
  too_large, // value above value_bytes_max, or key above key_bytes_max
  failed,    // the write itself is malformed: empty key, NUL in the key, or a second one of its group for that key
  skipped    // another write of its group is why nothing of the group was written
};

struct write_result {
  write_status status = write_status::failed;
  revision rev = 0; // done: of this write; conflict: the key's current one
  bool operator==(const write_result&) const = default;
};

struct range_page {
  std::vector<record> records; // in key order
  bool more = false;           // ask again with `after` = the last key
  revision at = 0;             // the revision that the page shows; give it to the next call
};

struct change_page {
  std::vector<change> changes; // in revision order, without gaps
  revision last = 0; // revision of the last change, or `after` when there are none; ask again from here
};

// Whether this engine is the shard (FORMAT.md, "Who has the data").
enum class owner_state : uint8_t {
  serving,     // it is
  following,   // a copy that is not whole
  asking,      // a copy whose source was, or may have been, asked to hand over
  handed_over, // it was
};

struct owner_record {
  owner_state state = owner_state::serving;
  int64_t epoch = 0; // serving: of its tenure; handed_over: of the successor's
  revision last = 0; // handed_over: the newest there ever was here
  std::string copy;  // identity of a copy: of this one, or of the one it was handed over to
  std::string peer;  // the other one's host
  bool operator==(const owner_record&) const = default;
};

// A write as a copy takes it over: with its place in the history.
struct copied_write {
  revision rev = 0;
  change_kind kind = change_kind::put;
  std::string key;
  std::string value; // put only
  revision created = 0;
  revision previous = 0; // what it superseded
  int64_t second = 0;
  bool operator==(const copied_write&) const = default;
};

struct copy_page {
  std::vector<copied_write> writes; // by revision; without gaps above `oldest`
  revision last = 0;                // the page covers everything up to here; ask again from here
  revision current = 0;             // of the source
  revision oldest = 0;
  int64_t second = 0; // newest wall clock
  size_t stored = 0;  // how many writes the source has, to tell how far the copy is
};

struct fence_entry {
  std::string role;
  int64_t epoch = 0;
  bool operator==(const fence_entry&) const = default;
};

enum class error_code : uint8_t {
  disk_full, // no space, file too large or map limit reached; nothing was written, later commits may succeed
  io,        // the disk failed; the outcome of the batch is unknown, the engine must be opened again
  corrupt,   // a checksum or the file's structure is wrong; what was asked for is not served
  locked,    // another engine, here or in another process, has the folder
  format,    // not our file, or one of a newer version
  future_revision, // asked for a revision that does not exist yet
  closed,          // an earlier `io` error; open again
  moved            // the engine does not have the shard: it handed it over, or is a copy that is not whole
};

class error : public std::runtime_error {
public:
  error(error_code code, const std::string& text) : std::runtime_error(text), code_(code) {}
  error_code code() const noexcept { return code_; }

private:
  error_code code_;
};

// Thrown by reads that need history which was compacted away; the caller lists anew (410 Gone at the edge).
class compacted : public std::runtime_error {
public:
  compacted(revision asked, revision oldest);
  revision asked() const noexcept { return asked_; }
  revision oldest() const noexcept { return oldest_; }

private:
  revision asked_;
  revision oldest_;
};

class engine {
public:
  virtual ~engine() = default;

  // One transaction, durable when it returns. Later writes of a batch see the earlier ones. A conflict fails
  // only that write and its group. `unix_second` is the wall clock's, kept with each change for revision_before(); when it
  // runs backwards, the newest second seen counts. Throws error (disk_full: nothing of the batch was written;
  // io; closed).
  virtual std::vector<write_result> commit(std::span<const write> writes, int64_t unix_second) = 0;

  // Raises the epoch of `role` (1 to role_bytes_max bytes), durable when it returns; one that is not newer
  // changes nothing. Returns the one in force. Not part of the history. Called by the thread that commits. Throws
  // error as commit() does, and disk_full for more than fences_max roles.
  virtual int64_t raise_fence(std::string_view role, int64_t epoch) = 0;
  // 0: never raised. Called by the thread that commits.
  virtual int64_t fence(std::string_view role) = 0;

  // The record of `key` as of revision `at` (0: now). Throws compacted, error (corrupt, future_revision).
  virtual std::optional<record> get(std::string_view key, revision at = 0) = 0;

  // Up to `limit` (at least 1) records whose key starts with `prefix` and is greater than `after`, as of
  // revision `at` (0: now). Pages of one `at` together are one consistent state. Throws compacted, error.
  virtual range_page range(std::string_view prefix, std::string_view after, size_t limit,
                           revision at = 0) = 0;

  // Up to `limit` (at least 1) changes with a revision greater than `after`. Throws compacted when after <
  // oldest(), error future_revision when after > current().
  virtual change_page changes(revision after, size_t limit) = 0;

  virtual revision current() = 0; // of the newest durable write
  virtual revision oldest() = 0;  // changes(after) and reads `at` work from here on

  // Forgets history up to and including revision `before`, at most `limit` changes of it (bounded work per
  // call). Returns how many changes it forgot; 0: done. Current records stay. Throws error as commit() does.
  virtual size_t compact(revision before, size_t limit) = 0;

  // The newest revision that was committed before `unix_second`, at least oldest().
  virtual revision revision_before(int64_t unix_second) = 0;

  // How many writes opening found in a log, and had still to be moved to their place. Any thread.
  virtual size_t replayed() { return 0; }

  // -- moving to another host; an engine that keeps these defaults cannot move -------------------------------

  // Any thread.
  virtual owner_record owner();
  // How many writes are stored, also those of the history.
  virtual size_t stored();

  // At the source. What follows `after`, up to about `bytes_max` and at least one write. Any thread. Throws error
  // (corrupt, future_revision).
  virtual copy_page copy(revision after, size_t bytes_max);
  // Called by the thread that commits.
  virtual std::vector<fence_entry> fences();
  // Durable when it returns: commit(), raise_fence() and compact() throw `moved` from then on, for ever. Once more for
  // the same copy: the same answer; for another one: throws `moved`. Called by the thread that commits.
  virtual owner_record hand_over(std::string_view copy, std::string_view host);

  // At the copy, each durable when it returns, by one thread. Throw error as commit() does, and `moved` in another state.
  // Empties the engine. One that is asking stays so, and under the name that it asked with.
  virtual void begin_copy(std::string_view copy, std::string_view host);
  // The page that follows current(). Throws corrupt when it does not fit what is there; nothing of it is added then.
  virtual void append(const copy_page& page);
  virtual void mark_asking();
  // The copy is whole, and the shard from now on.
  virtual void take_over(int64_t epoch, std::span<const fence_entry> fences);
};

} // namespace storage
