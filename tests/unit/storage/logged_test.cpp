// The LMDB engine and its log together: what only the log has, damage and loss of its files, versions, and power failures.
#include "tests/unit/storage/memory_log_files.hpp"
#include "tests/unit/storage/subjects.hpp"

#include "storage/lmdb/environment.hpp"
#include "storage/lmdb/records.hpp"

#include <catch2/catch.hpp>
#include <atomic>
#include <fstream>
#include <functional>
#include <map>
#include <sstream>
#include <sys/stat.h>
#include <thread>

using namespace storage;
using namespace storage::test;

namespace {

std::string content_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

void set_content(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

std::string state_of(engine& e) {
  std::string text = std::to_string(e.current()) + " " + std::to_string(e.oldest()) + "\n";
  for (const auto& r : e.range("", "", 10'000).records)
    text += r.key + "=" + r.value + "@" + std::to_string(r.created) + "," + std::to_string(r.modified) + "\n";
  for (const auto& c : e.changes(e.oldest(), 10'000).changes)
    text += std::to_string(c.rev) + c.key + "=" + c.value + "(" + c.previous.value_or("none") + ")\n";
  return text;
}

// Some in data.mdb, more in the log.
struct half_moved_store {
  half_moved_store() {
    {
      const auto e = lmdb::open({folder.path()});
      for (int i = 0; i < 20; ++i)
        commit_one(*e, put("/k" + std::to_string(i % 7), "moved-" + std::to_string(i)));
    }
    const auto e = lmdb::open(logged_subject::only_logged(folder.path()));
    for (int i = 0; i < 20; ++i)
      commit_one(*e, i % 5 == 4 ? erase("/k" + std::to_string(i % 7)) : put("/k" + std::to_string(i % 7), "logged-" + std::to_string(i)));
    truth = state_of(*e);
  }
  std::unique_ptr<engine> open() { return lmdb::open(logged_subject::only_logged(folder.path())); }
  std::filesystem::path log(int number) const { return folder.path() / ("log." + std::to_string(number)); }
  temporary_folder folder;
  std::string truth;
};

} // namespace

TEST_CASE("what is only in the log is there after a restart, and goes to its place in the end") {
  half_moved_store store;
  for (int i = 0; i < 2; ++i) {
    const auto e = store.open();
    CHECK(e->replayed() == 20);
    CHECK(state_of(*e) == store.truth);
  }
  { CHECK(state_of(*lmdb::open({store.folder.path()})) == store.truth); }
  const auto e = store.open();
  CHECK(e->replayed() == 0);
  CHECK(state_of(*e) == store.truth);
}

TEST_CASE("writes are moved in the background, without another one") {
  temporary_folder folder;
  auto how = logged_subject::only_logged(folder.path());
  how.log.apply.after = std::chrono::milliseconds(1);
  const auto moved = [&] {
    std::filesystem::copy_file(folder.path() / "data.mdb", folder.path() / "seen", std::filesystem::copy_options::overwrite_existing);
    return content_of(folder.path() / "seen").find("the-value") != std::string::npos;
  };
  const auto e = lmdb::open(how);
  commit_one(*e, put("/a", "the-value"));
  for (int i = 0; i < 2'000 && !moved(); ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  CHECK(moved());
}

TEST_CASE("a batch that is longer than a log file is committed all the same, and others before and after it") {
  temporary_folder folder;
  auto how = logged_subject::only_logged(folder.path());
  how.log.sizes = {4096, 65'536};
  for (int life = 0; life < 3; ++life) {
    const auto e = lmdb::open(how);
    const auto n = std::to_string(life);
    commit_one(*e, put("/before", n));
    commit_one(*e, put("/large", std::string(100'000, static_cast<char>('a' + life))));
    commit_one(*e, put("/after", n));
    CHECK(e->current() == 3 * (life + 1));
    CHECK(e->get("/before")->value == n);
  }
  const auto e = lmdb::open(how);
  CHECK(e->replayed() == 1);
  CHECK(e->get("/large")->value[0] == 'c');
  CHECK(e->changes(0, 100).changes.size() == 9);
}

TEST_CASE("no flipped byte of the log's files is served as good by the engine") {
  half_moved_store store;
  int refused = 0;
  for (int number = 0; number < 2; ++number) {
    const auto whole = content_of(store.log(number));
    const auto used = whole.find_last_not_of('\0', whole.size() - 65) + 200;
    for (size_t offset = 0; offset < whole.size(); offset += offset < used ? 7 : 9'973) {
      auto bytes = whole;
      bytes[offset] = static_cast<char>(bytes[offset] ^ 16);
      set_content(store.log(number), bytes);
      INFO("log." << number << " offset " << offset);
      try {
        const bool same = state_of(*store.open()) == store.truth;
        REQUIRE(same);
      } catch (const error& e) {
        REQUIRE(e.code() == error_code::corrupt);
        REQUIRE_THAT(e.what(), Catch::Contains(store.log(number).string() + ": offset ") && Catch::Contains("backup"));
        ++refused;
      }
    }
    set_content(store.log(number), whole);
  }
  CHECK(refused > 100);
  CHECK(state_of(*store.open()) == store.truth);
}

TEST_CASE("a store whose log is missing, empty, cut off or another store's is refused and left as it is") {
  half_moved_store store, other;
  for (int number = 0; number < 2; ++number) {
    const auto file = store.log(number);
    const auto whole = content_of(file);
    const auto refused = [&](const std::string& why) {
      const auto failure = failure_of([&] { store.open(); });
      CHECK(failure.code() == error_code::corrupt);
      CHECK_THAT(failure.what(), Catch::Contains(file.string()) && Catch::Contains(why) && Catch::Contains("backup"));
      set_content(file, whole);
    };
    std::filesystem::remove(file);
    refused("is missing");
    std::filesystem::resize_file(file, 0);
    refused("is empty");
    std::filesystem::resize_file(file, 100'000);
    refused("cut off");
    std::filesystem::copy_file(other.log(number), file, std::filesystem::copy_options::overwrite_existing);
    refused("no log of this store");
  }
  CHECK(state_of(*store.open()) == store.truth);
}

TEST_CASE("a data file of another time than the log is made up to date, or refused when they do not fit") {
  temporary_folder folder;
  const auto data = folder.path() / "data.mdb";
  lmdb::options how{.folder = folder.path()};
  how.log.sizes = {4096, 4096};
  const auto write_some = [&](int n) {
    const auto e = lmdb::open(how);
    for (int i = 0; i < n; ++i)
      commit_one(*e, put("/a", std::string(500, 'x') + std::to_string(i)));
    return state_of(*e);
  };
  write_some(1);
  const auto first = content_of(data);
  write_some(3);
  const auto early = content_of(data);
  const auto truth = write_some(2);
  set_content(data, early);
  CHECK(state_of(*lmdb::open(how)) == truth); // the log has the rest
  write_some(30);
  const auto late = content_of(data);
  set_content(data, early);
  const auto gap = failure_of([&] { lmdb::open(how); });
  CHECK(gap.code() == error_code::corrupt);
  CHECK_THAT(gap.what(), Catch::Contains("missing") && Catch::Contains("backup"));
  set_content(data, late);
  CHECK(lmdb::open(how)->current() == 36);
  // Two lives that parted: the data of one, the log of the other.
  const auto log_0 = content_of(folder.path() / "log.0"), log_1 = content_of(folder.path() / "log.1");
  {
    const auto e = lmdb::open(how);
    commit_one(*e, put("/b", "another"));
  }
  const auto parted = content_of(data);
  set_content(data, late);
  set_content(folder.path() / "log.0", log_0);
  set_content(folder.path() / "log.1", log_1);
  write_some(2);
  set_content(data, parted);
  const auto misfit = failure_of([&] { lmdb::open(how); });
  CHECK(misfit.code() == error_code::corrupt);
  CHECK_THAT(misfit.what(), Catch::Contains("supersedes 37") && Catch::Contains("backup"));
}

TEST_CASE("a store of version 3 gets a log, also when making it was interrupted") {
  temporary_folder folder;
  std::string truth;
  {
    const auto e = lmdb::open({folder.path()});
    commit_one(*e, put("/a", "1"));
    truth = state_of(*e);
  }
  {
    MDB_env* env = nullptr;
    lmdb::check(mdb_env_create(&env), "create");
    lmdb::check(mdb_env_set_maxdbs(env, 8), "create");
    lmdb::check(mdb_env_open(env, folder.path().c_str(), 0, 0600), "open");
    MDB_txn* txn = nullptr;
    lmdb::check(mdb_txn_begin(env, nullptr, 0, &txn), "begin");
    MDB_dbi meta;
    lmdb::check(mdb_dbi_open(txn, "meta", 0, &meta), "open");
    std::string bytes;
    lmdb::encode_format(3, bytes);
    lmdb::put(txn, meta, lmdb::format_key, bytes);
    lmdb::erase(txn, meta, lmdb::log_key);
    lmdb::check(mdb_txn_commit(txn), "commit");
    mdb_env_close(env);
  }
  std::filesystem::remove(folder.path() / "log.1");
  set_content(folder.path() / "log.0", "half made");
  {
    const auto e = lmdb::open({folder.path()});
    CHECK(state_of(*e) == truth);
    CHECK(commit_one(*e, put("/a", "2")).rev == 2);
  }
  for (const char* name : {"log.0", "log.1"}) {
    struct stat info;
    REQUIRE(::stat((folder.path() / name).c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
    CHECK(info.st_size == 512 << 10);
  }
}

TEST_CASE("many threads read one state each while writes are committed, moved and forgotten") {
  temporary_folder folder;
  const auto e = lmdb::open(moving_subject::busy(folder.path()));
  constexpr revision keys = 5, batches = 400;
  std::atomic<bool> done{false};
  std::atomic<int> wrong{0};
  std::thread writer([&] {
    for (revision i = 0; i < batches; ++i) {
      std::vector<storage::write> batch;
      for (revision k = 0; k < keys; ++k)
        batch.push_back(put("/" + std::to_string(k), std::to_string(i)));
      e->commit(batch, 1000 + i / 10);
      if (i % 20 == 19)
        e->compact(e->current() - 100, 40);
    }
    done = true;
  });
  const auto batch_at = [](revision rev) { return std::to_string((rev - 1) / keys); };
  std::vector<std::thread> readers;
  for (int thread = 0; thread < 3; ++thread)
    readers.emplace_back([&] {
      while (!done) {
        const auto page = e->range("/", "", 3);
        if (page.at == 0) // empty, and 0 would ask for now
          continue;
        wrong += page.at % keys != 0;
        for (const auto& r : page.records)
          wrong += r.value != batch_at(page.at);
        try {
          const auto rest = e->range("/", "/2", 3, page.at);
          for (const auto& r : rest.records)
            wrong += r.value != batch_at(page.at);
          const auto now = e->current();
          auto after = std::max<revision>(e->oldest(), now - 30);
          for (const auto& c : e->changes(after, 1'000).changes) {
            wrong += c.rev != ++after || c.value != batch_at(c.rev);
            wrong += c.rev > keys && c.previous != batch_at(c.rev - keys);
          }
          wrong += after < now;
          if (now >= keys) {
            const auto one = e->get("/3", now);
            wrong += !one || one->value != batch_at(one->modified) || one->modified <= now - keys;
          }
          const auto copied = e->copy(now > 20 ? now - 20 : now, 600);
          wrong += !copied.writes.empty() && copied.writes.back().rev != copied.last;
        } catch (const compacted&) { // it was so slow
        }
      }
    });
  writer.join();
  for (auto& r : readers)
    r.join();
  CHECK(wrong == 0);
  CHECK(e->current() == keys * batches);
}

TEST_CASE("a full disk under the log refuses a batch, a failing one ends the engine; neither loses what was acknowledged") {
  temporary_folder folder;
  const auto disk = std::make_shared<memory_log_files>();
  auto how = logged_subject::only_logged(folder.path());
  how.log.files = disk;
  {
    const auto e = lmdb::open(how);
    commit_one(*e, put("/a", "1"));
    disk->fail_next_write(error_code::disk_full);
    CHECK(failure_of([&] { commit_one(*e, put("/a", "refused")); }).code() == error_code::disk_full);
    CHECK(e->get("/a")->value == "1");
    CHECK(e->current() == 1);
    CHECK(commit_one(*e, put("/a", "2")).rev == 2);
    disk->fail_next_sync(error_code::io);
    CHECK(failure_of([&] { commit_one(*e, put("/a", "unknown")); }).code() == error_code::io);
    CHECK(e->get("/a")->value == "2");
    for (const auto& attempt : std::vector<std::function<void()>>{[&] { commit_one(*e, put("/b", "x")); },
                                                                  [&] { e->raise_fence("scheduler", 1); }, [&] { e->compact(1, 1); },
                                                                  [&] { e->hand_over("c", "h"); }})
      CHECK(failure_of(attempt).code() == error_code::closed);
  }
  const auto e = lmdb::open(how);
  CHECK(e->current() == 3); // it was in the file, and now it is durable
  CHECK(e->get("/a")->value == "unknown");
  std::mt19937_64 random(1);
  disk->lose_power(random);
  CHECK(lmdb::open({.folder = folder.path() / "other"})->current() == 0);
}

// LMDB on a disk that loses nothing, and the log on one whose power fails.
TEST_CASE("the engine loses nothing that it acknowledged when the power fails, and shows nothing else") {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    std::mt19937_64 random(seed);
    temporary_folder folder;
    const auto disk = std::make_shared<memory_log_files>();
    auto how = seed % 2 == 0 ? moving_subject::busy(folder.path()) : logged_subject::only_logged(folder.path());
    how.log.sizes = {4096, 32'768};
    how.log.files = disk;
    std::map<std::string, std::string> now, next; // acknowledged; with the batch whose outcome is unknown
    revision acknowledged = 0, attempted = 0;
    for (int life = 0; life < 6; ++life) {
      INFO("seed " << seed << ", life " << life);
      try {
        const auto e = lmdb::open(how);
        std::map<std::string, std::string> found;
        for (const auto& r : e->range("", "", 1'000).records)
          found[r.key] = r.value;
        REQUIRE((e->current() == acknowledged || e->current() == attempted));
        REQUIRE(found == (e->current() == acknowledged ? now : next));
        revision last = e->oldest();
        for (const auto& c : e->changes(last, 10'000).changes)
          REQUIRE(c.rev == ++last);
        REQUIRE(last == e->current());
        now = found;
        acknowledged = attempted = e->current();
        disk->fail_in(static_cast<int>(1 + random() % 60));
        for (;;) {
          std::vector<storage::write> batch;
          next = now;
          std::map<std::string, bool> used;
          for (auto n = 1 + random() % 4; n > 0; --n) {
            const auto key = "/k" + std::to_string(random() % 12);
            if (used[key])
              continue;
            used[key] = true;
            if (next.contains(key) && random() % 3 == 0) {
              batch.push_back(erase(key));
              next.erase(key);
            } else {
              batch.push_back(put(key, std::string(random() % 900, 'v') + std::to_string(random())));
              next[key] = batch.back().value;
            }
          }
          attempted = acknowledged + static_cast<revision>(batch.size());
          e->commit(batch, 1000);
          now = next;
          acknowledged = attempted;
          if (random() % 10 == 0)
            e->compact(e->current() - 10, 5);
        }
      } catch (const power_lost&) {
      }
      disk->lose_power(random);
    }
  }
}
