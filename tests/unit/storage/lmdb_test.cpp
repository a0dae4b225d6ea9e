// What only the LMDB engine has: ownership of its folder, growth of the map, full disks.
#include "storage/lmdb/lmdb_engine.hpp"

#include "tests/unit/storage/subjects.hpp"

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <functional>
#include <thread>

using namespace storage;
using namespace storage::test;

namespace {

constexpr size_t mib = 1 << 20;

// Writes 100 KB values until it fails; returns how many succeeded.
int fill(engine& e, std::optional<error>& failure, int max = 1000) {
  for (int i = 0; i < max; ++i)
    try {
      commit_one(e, put("/fill/" + std::to_string(i), std::string(100'000, static_cast<char>('a' + i % 26))));
    } catch (const error& caught) {
      failure = caught;
      return i;
    }
  return max;
}

void check_filled(engine& e, int count) {
  REQUIRE(e.current() == count);
  for (int i = 0; i < count; ++i)
    REQUIRE(e.get("/fill/" + std::to_string(i))->value ==
            std::string(100'000, static_cast<char>('a' + i % 26)));
  REQUIRE(e.range("/", "", 1).at == count);
}

// Limits the size of files that this process writes, as a stand-in for a full disk.
class file_size_limit {
public:
  explicit file_size_limit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    auto limited = before_;
    limited.rlim_cur = bytes;
    ::setrlimit(RLIMIT_FSIZE, &limited);
    handler_ = std::signal(SIGXFSZ, SIG_IGN);
  }
  ~file_size_limit() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    std::signal(SIGXFSZ, handler_);
  }

private:
  rlimit before_{};
  void (*handler_)(int) = nullptr;
};

struct tmpfs {
  explicit tmpfs(const std::filesystem::path& at) : path(at) {
    std::filesystem::create_directories(at);
    mounted = ::mount("tmpfs", at.c_str(), "tmpfs", 0, "size=6m") == 0;
  }
  ~tmpfs() {
    if (mounted)
      ::umount2(path.c_str(), MNT_DETACH);
  }
  std::filesystem::path path;
  bool mounted = false;
};

} // namespace

TEST_CASE("a folder in use is refused to a second engine, here and in another process") {
  temporary_folder folder;
  auto first = lmdb::open({folder.path()});
  const auto refused = failure_of([&] { lmdb::open({folder.path()}); });
  CHECK(refused.code() == error_code::locked);
  CHECK_THAT(refused.what(), Catch::Contains("in use by process " + std::to_string(::getpid())) &&
                               Catch::Contains(folder.path().string()));
  const auto child = ::fork();
  if (child == 0) {
    int outcome = 1;
    try {
      lmdb::open({folder.path()});
    } catch (const error& e) {
      outcome = e.code() == error_code::locked ? 0 : 2;
    }
    ::_exit(outcome);
  }
  int status = -1;
  REQUIRE(::waitpid(child, &status, 0) == child);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  first.reset();
  CHECK_NOTHROW(lmdb::open({folder.path()}));
}

TEST_CASE("the store's folder and files are their owner's only") {
  temporary_folder folder;
  const auto e = lmdb::open({folder.path() / "shard"});
  struct stat info;
  REQUIRE(::stat((folder.path() / "shard").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0700);
  for (const char* name : {"data.mdb", "lock.mdb", "owner.lock", "log.0", "log.1"}) {
    REQUIRE(::stat((folder.path() / "shard" / name).c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0600);
  }
}

TEST_CASE("a folder that cannot be made is an error with its path") {
  const auto failure = failure_of([] { lmdb::open({"/proc/none/store"}); });
  CHECK(failure.code() == error_code::io);
  CHECK_THAT(failure.what(), Catch::Contains("/proc/none/store"));
}

TEST_CASE("the map grows when it is full, under concurrent readers") {
  temporary_folder folder;
  const auto e = lmdb::open({folder.path(), mib});
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i)
    readers.emplace_back([&] {
      while (!stop)
        for (const auto& r : e->range("/fill/", "", 3).records)
          wrong += r.value.size() != 100'000;
    });
  std::optional<error> failure;
  CHECK(fill(*e, failure, 100) == 100);
  stop = true;
  for (auto& r : readers)
    r.join();
  CHECK(wrong == 0);
  check_filled(*e, 100);
}

TEST_CASE("a grown store opens again with a smaller map setting") {
  temporary_folder folder;
  std::optional<error> failure;
  {
    const auto e = lmdb::open({folder.path(), 16 * mib});
    CHECK(fill(*e, failure, 50) == 50);
  }
  const auto e = lmdb::open({folder.path(), mib});
  check_filled(*e, 50);
  CHECK(commit_one(*e, put("/more", std::string(mib, 'm'))).status == write_status::done);
}

TEST_CASE("at the limit of the map writes fail with a hint, reads and compaction go on") {
  temporary_folder folder;
  const auto e = lmdb::open({folder.path(), mib, 4 * mib});
  std::optional<error> failure;
  const int count = fill(*e, failure);
  REQUIRE(failure);
  CHECK(failure->code() == error_code::disk_full);
  CHECK_THAT(failure->what(), Catch::Contains("map_bytes_max"));
  CHECK(count > 20);
  check_filled(*e, count);
}

TEST_CASE("a file size limit is reported as a full disk and loses nothing") {
  temporary_folder folder;
  auto e = lmdb::open({folder.path()});
  std::optional<error> failure;
  int count = 0;
  {
    file_size_limit limit(5 * mib);
    count = fill(*e, failure);
    REQUIRE(failure);
    CHECK(failure->code() == error_code::disk_full);
    CHECK_THAT(failure->what(), Catch::Contains("free some space"));
    check_filled(*e, count);
    CHECK(failure_of([&] { commit_one(*e, put("/big", std::string(mib, 'x'))); }).code() ==
          error_code::disk_full);
  }
  check_filled(*e, count);
  CHECK(commit_one(*e, put("/more", "fits again")).rev == count + 1);
  e.reset();
  e = lmdb::open({folder.path()});
  CHECK(e->current() == count + 1);
  CHECK(e->get("/more")->value == "fits again");
}

TEST_CASE("a full disk is reported, loses nothing, and writes go on when there is space") {
  temporary_folder folder;
  tmpfs disk(folder.path() / "disk");
  if (!disk.mounted) {
    WARN("skipped: mounting a small tmpfs needs root");
    return;
  }
  const auto ballast = disk.path / "ballast";
  {
    auto e = lmdb::open({disk.path / "store"});
    std::optional<error> failure;
    // Leave room, so that space can be freed without touching the store.
    {
      std::string zeroes(mib, '\0');
      auto* file = std::fopen(ballast.c_str(), "w");
      REQUIRE(file);
      REQUIRE(std::fwrite(zeroes.data(), 1, zeroes.size(), file) == zeroes.size());
      std::fclose(file);
    }
    const int count = fill(*e, failure);
    REQUIRE(failure);
    CHECK(failure->code() == error_code::disk_full);
    check_filled(*e, count);
    std::filesystem::remove(ballast);
    CHECK(commit_one(*e, put("/more", "fits again")).rev == count + 1);
    e.reset();
    e = lmdb::open({disk.path / "store"});
    CHECK(e->current() == count + 1);
    CHECK(e->get("/more")->value == "fits again");
  }
}

TEST_CASE("space of forgotten history is used again") {
  temporary_folder folder;
  const auto e = lmdb::open({folder.path()});
  const auto size = [&] { return std::filesystem::file_size(folder.path() / "data.mdb"); };
  const auto round = [&] {
    for (int i = 0; i < 20; ++i) {
      std::vector<storage::write> batch;
      for (int lease = 0; lease < 10; ++lease)
        batch.push_back(put("/lease/" + std::to_string(lease), std::string(3000, 'x')));
      e->commit(batch, 1000);
      e->compact(e->current() - 50, 10);
    }
  };
  round();
  const auto before = size();
  for (int i = 0; i < 10; ++i)
    round();
  CHECK(size() < before * 2);
}
