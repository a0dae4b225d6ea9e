#include "storage/lmdb/environment.hpp"

#include "storage/lmdb/resident.hpp"
#include "storage/lmdb/structure.hpp"
#include "storage/lmdb/upgrade.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <system_error>
#include <vector>

namespace storage::lmdb {
namespace {

constexpr unsigned readers_max = 512; // concurrent read calls
constexpr std::array database_names{"current", "history", "meta", "revisions"}; // in LMDB's order
constexpr unsigned databases_max = 8;
// After so much was written, or so long, what transactions have looked at is not needed any more. Each page that one looks at brings its
// neighbours in (fault-around): a few hundred leases that are renewed, or a step of compaction, would keep tens of MB in the process.
constexpr size_t drop_bytes = 4 << 20;
constexpr std::chrono::milliseconds drop_interval{900}; // less than apply_limits::after
constexpr size_t ahead_bytes_min = 256 * 1024; // the file is at least so much longer than its content
constexpr const char* data_file = "data.mdb";
constexpr const char* made_file = "made"; // says that there is a store here, whatever has become of data.mdb
constexpr size_t extension_bytes = 1024 * 1024; // at a time

struct aborter {
  void operator()(MDB_txn* t) const { mdb_txn_abort(t); }
};
using transaction = std::unique_ptr<MDB_txn, aborter>;

error_code code_of(int code) {
  switch (code) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
    case MDB_TXN_FULL:
      return error_code::disk_full;
    case MDB_CORRUPTED:
    case MDB_PAGE_NOTFOUND:
    case MDB_BAD_VALSIZE:
      return error_code::corrupt;
    case MDB_INVALID:
    case MDB_VERSION_MISMATCH:
    case MDB_INCOMPATIBLE:
      return error_code::format;
    default:
      return error_code::io;
  }
}

std::filesystem::path prepared(const std::filesystem::path& folder) {
  std::error_code failed;
  if (std::filesystem::create_directories(folder, failed))
    std::filesystem::permissions(folder, std::filesystem::perms::owner_all, failed);
  if (failed)
    throw error(error_code::io, "cannot make the store folder " + folder.string() + ": " + failed.message());
  return folder;
}

// LMDB would make an empty database in the place of one whose name is damaged.
void require_databases(const std::vector<std::string>& found) {
  for (const std::string name : database_names)
    if (std::find(found.begin(), found.end(), name) == found.end())
      throw error(error_code::corrupt, "the list of databases has no \"" + name + "\": it is damaged, put a backup of the folder in its place");
  if (found.size() != database_names.size())
    throw error(error_code::corrupt, "the list of databases has one that is none of a store's: it is damaged, put a backup of the folder in its place");
}

transaction begin(MDB_env* env, unsigned flags) {
  MDB_txn* txn = nullptr;
  check(mdb_txn_begin(env, nullptr, flags, &txn), "begin a transaction");
  return transaction(txn);
}

} // namespace

void check(int code, const char* doing) {
  if (code == MDB_SUCCESS)
    return;
  if (code == MDB_MAP_FULL)
    throw map_full{};
  throw error(code_of(code), std::string("cannot ") + doing + ": " + mdb_strerror(code));
}

std::optional<std::string_view> get(MDB_txn* txn, MDB_dbi db, std::string_view key) {
  auto k = val(key);
  MDB_val v;
  const int code = mdb_get(txn, db, &k, &v);
  if (code == MDB_NOTFOUND)
    return std::nullopt;
  check(code, "read");
  return view(v);
}

void put(MDB_txn* txn, MDB_dbi db, std::string_view key, std::string_view value, unsigned flags) {
  auto k = val(key);
  auto v = val(value);
  check(mdb_put(txn, db, &k, &v, flags), "write");
}

void erase(MDB_txn* txn, MDB_dbi db, std::string_view key) {
  auto k = val(key);
  const int code = mdb_del(txn, db, &k, nullptr);
  if (code != MDB_NOTFOUND)
    check(code, "erase");
}

size_t count(MDB_txn* txn, MDB_dbi db) {
  MDB_stat stat;
  check(mdb_stat(txn, db, &stat), "read");
  return stat.ms_entries;
}

bool is_empty(MDB_txn* txn, MDB_dbi db) { return count(txn, db) == 0; }

void clear(MDB_txn* txn, MDB_dbi db) { check(mdb_drop(txn, db, 0), "clear"); }

cursor::cursor(MDB_txn* txn, MDB_dbi db) { check(mdb_cursor_open(txn, db, &cursor_), "open a cursor"); }

bool cursor::move(std::string_view key, MDB_cursor_op op) {
  key_ = val(key);
  // An empty key means "from the start"; LMDB refuses it.
  const int code =
    mdb_cursor_get(cursor_, &key_, &value_, op == MDB_SET_RANGE && key.empty() ? MDB_FIRST : op);
  if (code == MDB_NOTFOUND)
    return false;
  check(code, "read");
  return true;
}

environment::environment(const options& o) : options_(o), lock_(prepared(o.folder)), map_bytes_(o.map_bytes) {
  const auto found = check_file();
  MDB_env* env = nullptr;
  check(mdb_env_create(&env), "open the store");
  env_.reset(env);
  check(mdb_env_set_maxdbs(env, databases_max), "open the store");
  check(mdb_env_set_maxreaders(env, readers_max), "open the store");
  check(mdb_env_set_mapsize(env, map_bytes_), "open the store");
  // NOTLS: a read transaction belongs to a call, not to its thread.
  const int code = mdb_env_open(env, o.folder.c_str(), MDB_NOTLS, 0600);
  if (code != MDB_SUCCESS)
    throw error(code_of(code), "cannot open the store in " + o.folder.string() + ": " + mdb_strerror(code));
  MDB_envinfo info;
  check(mdb_env_info(env, &info), "open the store");
  map_bytes_ = info.me_mapsize; // LMDB keeps the larger of ours and the file's
  try {
    cover_last_page();
    open_databases(found);
    mark_made();
  } catch (const error& e) {
    throw error(e.code(), "cannot open the store in " + o.folder.string() + ": " + e.what());
  }
}

environment::~environment() = default;

// Before LMDB follows anything in it. An empty file is a new store to LMDB. Returns the databases there are; none in a new store, and
// where a process ended while it made one.
std::vector<std::string> environment::check_file() {
  const auto file = options_.folder / data_file;
  const bool made = std::filesystem::exists(options_.folder / made_file);
  std::error_code absent;
  const auto bytes = std::filesystem::file_size(file, absent);
  const auto refuse = [&](const std::string& why) {
    throw error(error_code::corrupt, "cannot open the store in " + options_.folder.string() + ": " + why);
  };
  if (!absent && bytes > 0) {
    try {
      auto found = check_structure(file).databases;
      if (!found.empty() || !made)
        return found;
    } catch (const error& e) {
      if (e.code() != error_code::corrupt)
        throw;
      refuse(std::string(e.what()) + "; nothing was changed: put a backup of the folder in its place");
    }
  }
  if (made)
    refuse(file.string() + (absent ? " is missing" : " is empty") +
           "; put a backup of the folder in its place (or, to begin with nothing, remove the folder)");
  return {};
}

// Once. When it fails (a full disk), it is made the next time.
void environment::mark_made() {
  const auto file = options_.folder / made_file;
  std::error_code failed;
  if (std::filesystem::exists(file, failed))
    return;
  const int made = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
  if (made < 0)
    return;
  ::fsync(made);
  ::close(made);
  const int folder = ::open(options_.folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0)
    return;
  ::fsync(folder);
  ::close(folder);
}

void environment::throw_named(const error& e) const {
  if (e.code() != error_code::corrupt)
    throw e;
  throw error(e.code(), (options_.folder / data_file).string() + ": " + e.what());
}

// A file that was cut off would end the process with SIGBUS when a missing page is read. Zeroes in their
// place are reported as damage instead. (The last pages may lawfully be missing: LMDB does not write pages
// that it freed at once.)
void environment::cover_last_page() {
  MDB_envinfo info;
  MDB_stat stat;
  check(mdb_env_info(env_.get(), &info), "inspect");
  check(mdb_env_stat(env_.get(), &stat), "inspect");
  const auto needed = static_cast<off_t>((info.me_last_pgno + 1) * stat.ms_psize);
  mdb_filehandle_t file;
  check(mdb_env_get_fd(env_.get(), &file), "inspect");
  struct stat now;
  if (::fstat(file, &now) != 0 || (now.st_size < needed && ::ftruncate(file, needed) != 0))
    check(errno, "inspect");
  file_bytes_ = static_cast<size_t>(std::max(now.st_size, needed));
}

// A commit that makes the file longer has its sync wait for the file system's journal too. So the file is kept ahead of its
// content, with zeros that are really written; LMDB takes no notice. Where that fails (a full disk), commits do without.
void environment::extend_file(size_t bytes) {
  MDB_envinfo info;
  MDB_stat stat;
  mdb_filehandle_t file;
  if (mdb_env_info(env_.get(), &info) != MDB_SUCCESS || mdb_env_stat(env_.get(), &stat) != MDB_SUCCESS ||
      mdb_env_get_fd(env_.get(), &file) != MDB_SUCCESS)
    return;
  const size_t used = (info.me_last_pgno + 1) * stat.ms_psize;
  const size_t wanted = used + 3 * bytes + ahead_bytes_min;
  if (file_bytes_ >= wanted || wanted + extension_bytes > map_bytes_)
    return;
  struct stat now; // only beyond what anybody has ever written: the transaction at hand may have spilled pages already
  if (::fstat(file, &now) != 0)
    return;
  file_bytes_ = std::max(file_bytes_, static_cast<size_t>(now.st_size));
  if (file_bytes_ >= wanted)
    return;
  static const std::vector<char> zeros(extension_bytes, '\0');
  const ssize_t written = ::pwrite(file, zeros.data(), zeros.size(), static_cast<off_t>(file_bytes_));
  if (written > 0)
    file_bytes_ += static_cast<size_t>(written);
}

void environment::open_databases(const std::vector<std::string>& found) {
  const unsigned flags = found.empty() ? MDB_CREATE : 0;
  write(0, [&](MDB_txn* txn) {
    if (!found.empty() && std::find(found.begin(), found.end(), "meta") == found.end()) {
      if (std::find_first_of(found.begin(), found.end(), database_names.begin(), database_names.end()) == found.end())
        throw error(error_code::format, "not a Troupe store");
      require_databases(found);
    }
    check(mdb_dbi_open(txn, "meta", flags, &meta), "open a database");
    if (!found.empty() && is_empty(txn, meta))
      throw error(error_code::format, "not a Troupe store");
    prepare_format(txn, meta, {options_.as_copy, [this](const log::identity& store) {
                                 log::write_log::make(*options_.log.files, store, options_.log.sizes);
                               }});
    if (!found.empty())
      require_databases(found); // of this version: a newer one was refused
    check(mdb_dbi_open(txn, "revisions", flags, &revisions), "open a database");
    check(mdb_dbi_open(txn, "current", flags, &current), "open a database");
    check(mdb_dbi_open(txn, "history", flags, &history), "open a database");
    return true;
  });
}

std::shared_lock<std::shared_mutex> environment::hold_map() {
  std::lock_guard pass(turnstile_);
  return std::shared_lock(map_mutex_);
}

void environment::read(const std::function<void(MDB_txn*)>& work) {
  const auto held = hold_map();
  try {
    work(begin(env_.get(), MDB_RDONLY).get());
  } catch (const error& e) {
    throw_named(e);
  }
}

void environment::write(size_t bytes, const std::function<bool(MDB_txn*)>& work) {
  for (;;) {
    try {
      const auto held = hold_map();
      if (broken_)
        throw error(error_code::closed, "the store in " + options_.folder.string() +
                                          " had a disk error and must be opened again");
      auto txn = begin(env_.get(), 0);
      if (work(txn.get())) {
        if (bytes > 0)
          extend_file(bytes);
        commit(txn.release(), bytes);
        written_bytes_ += bytes;
      }
      break;
    } catch (const map_full&) {
      grow_map();
    } catch (const error& e) {
      throw_named(e);
    }
  }
  if (written_bytes_ >= drop_bytes || std::chrono::steady_clock::now() - dropped_at_ >= drop_interval)
    drop_pages();
}

void environment::drop_pages() {
  const auto held = hold_map();
  mdb_filehandle_t file;
  if (mdb_env_get_fd(env_.get(), &file) == MDB_SUCCESS)
    drop_resident(file);
  written_bytes_ = 0;
  dropped_at_ = std::chrono::steady_clock::now();
}

void environment::commit(MDB_txn* txn, size_t bytes) {
  const int code = mdb_txn_commit(txn); // ends the transaction, also when it fails
  if (code == MDB_SUCCESS)
    return;
  if (code == MDB_MAP_FULL)
    throw map_full{};
  // LMDB reports a write that a full disk cut short as EIO.
  const bool full = code_of(code) == error_code::disk_full || (code == EIO && lacks_space(bytes));
  // A failed meta page leaves it open whether the batch is there: LMDB then refuses to begin another one.
  MDB_txn* probe = nullptr;
  const bool undecided = mdb_txn_begin(env_.get(), nullptr, 0, &probe) != MDB_SUCCESS;
  if (probe)
    mdb_txn_abort(probe);
  if (full && !undecided)
    throw error(error_code::disk_full, disk_full_text());
  broken_ = true;
  throw error(error_code::io, "cannot commit to the store in " + options_.folder.string() + ": " +
                                mdb_strerror(code) + "; it must be opened again");
}

// Whether a transaction of about `bytes` may have been too much for the disk or for the limit of file sizes.
bool environment::lacks_space(size_t bytes) const {
  const size_t needed = 2 * bytes + (1 << 20); // whole pages, inner pages, free list
  struct statvfs disk;
  if (::statvfs(options_.folder.c_str(), &disk) == 0 && disk.f_bavail * disk.f_frsize < needed)
    return true;
  mdb_filehandle_t file;
  struct stat now;
  struct rlimit limit;
  return mdb_env_get_fd(env_.get(), &file) == MDB_SUCCESS && ::fstat(file, &now) == 0 &&
         ::getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
         static_cast<size_t>(now.st_size) + needed > limit.rlim_cur;
}

std::string environment::disk_full_text() const {
  return "no space left for the store in " + options_.folder.string() +
         "; nothing of the batch was written, free some space and writes go on";
}

void environment::grow_map() {
  std::lock_guard stop(turnstile_);
  std::unique_lock held(map_mutex_);
  if (map_bytes_ >= options_.map_bytes_max)
    throw error(error_code::disk_full,
                "the store in " + options_.folder.string() + " has reached its limit of " +
                  std::to_string(options_.map_bytes_max >> 20) + " MiB; raise map_bytes_max");
  const auto larger = std::min(map_bytes_ * 2, options_.map_bytes_max);
  check(mdb_env_set_mapsize(env_.get(), larger), "enlarge the map");
  map_bytes_ = larger;
}

} // namespace storage::lmdb
