// Damaged files: what was asked for is reported as damaged, never served, and the process lives.
#include "storage/lmdb/lmdb_engine.hpp"

#include "tests/unit/storage/subjects.hpp"

#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>

using namespace storage;
using namespace storage::test;

namespace {

std::string read_file(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary).write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
}

// A store with a small and a large value under known keys.
struct damaged_store {
  damaged_store() {
    const auto e = lmdb::open({folder.path()});
    commit_one(*e, put("/small", "the-small-value"));
    commit_one(*e, put("/large", std::string(9000, 'L')));
    commit_one(*e, put("/whole", "untouched"));
  }
  std::filesystem::path file() const { return folder.path() / "data.mdb"; }
  void flip(size_t offset) {
    auto bytes = read_file(file());
    bytes.at(offset) = static_cast<char>(bytes.at(offset) ^ 4);
    write_file(file(), bytes);
  }
  temporary_folder folder;
};

std::string damage_reported(engine& e, const std::string& key) {
  try {
    e.get(key);
  } catch (const error& failure) {
    CHECK(failure.code() == error_code::corrupt);
    return failure.what();
  }
  FAIL("served");
  return {};
}

} // namespace

TEST_CASE("a flipped byte in a value is reported, other records are served") {
  damaged_store store;
  const auto text = GENERATE(as<std::string>(), "the-small-value", "LLLLLLLLLLLL");
  store.flip(read_file(store.file()).find(text) + 5);
  const auto e = lmdb::open({store.folder.path()});
  const bool small = text[0] == 't';
  CHECK_THAT(damage_reported(*e, small ? "/small" : "/large"),
             Catch::Contains(small ? "revision 1" : "revision 2"));
  CHECK(e->get("/whole")->value == "untouched");
  CHECK(e->get(small ? "/large" : "/small"));
  CHECK_THROWS_AS(e->range("/", "", 10), error);
  CHECK_THROWS_AS(e->changes(0, 10), error);
  // What is not damaged can still be written.
  CHECK(commit_one(*e, put("/whole", "again")).status == write_status::done);
}

TEST_CASE("a file that was cut off is reported as damaged") {
  damaged_store store;
  const auto size = std::filesystem::file_size(store.file());
  const auto pages = size / 4096;
  for (auto keep = pages - 1; keep >= 2; --keep) {
    std::filesystem::resize_file(store.file(), keep * 4096);
    try {
      const auto e = lmdb::open({store.folder.path()});
      e->range("/", "", 10);
      e->changes(0, 10);
    } catch (const error& failure) {
      CHECK(failure.code() == error_code::corrupt);
    }
  }
  // With nothing but the two meta pages left, nothing can be served.
  CHECK_THROWS_AS(lmdb::open({store.folder.path()}), error);
}

TEST_CASE("a file that is no LMDB environment is refused") {
  temporary_folder folder;
  write_file(folder.path() / "data.mdb", std::string(16384, 'x'));
  try {
    lmdb::open({folder.path()});
    FAIL("opened");
  } catch (const error& failure) {
    CHECK(failure.code() == error_code::format);
    CHECK_THAT(failure.what(), Catch::Contains(folder.path().string()));
  }
}
