// The bytes of format version 4, as FORMAT.md says. A failing test here means: raise the version.
#include "storage/lmdb/records.hpp"

#include "storage/lmdb/environment.hpp"
#include "tests/unit/storage/subjects.hpp"

#include <catch2/catch.hpp>

using namespace storage;
using namespace storage::lmdb;
using storage::test::hex;
using storage::test::temporary_folder;

namespace {

void write_format_record(const std::filesystem::path& folder, std::string_view bytes) {
  MDB_env* env = nullptr;
  check(mdb_env_create(&env), "create");
  check(mdb_env_set_maxdbs(env, 8), "create");
  check(mdb_env_open(env, folder.c_str(), 0, 0600), "open");
  MDB_txn* txn = nullptr;
  check(mdb_txn_begin(env, nullptr, 0, &txn), "begin");
  MDB_dbi meta;
  check(mdb_dbi_open(txn, "meta", MDB_CREATE, &meta), "open");
  storage::lmdb::put(txn, meta, format_key, bytes);
  check(mdb_txn_commit(txn), "commit");
  mdb_env_close(env);
}

std::string failure(const std::filesystem::path& folder, error_code code) {
  try {
    lmdb::open({folder});
  } catch (const error& e) {
    CHECK(e.code() == code);
    return e.what();
  }
  FAIL("opened");
  return {};
}

} // namespace

TEST_CASE("records have the bytes of format version 4") {
  CHECK(hex(revision_key(0x0102030405)) == "0000000102030405");
  CHECK(hex(history_key("/a", 258)) ==
        "2f61"
        "00"
        "0000000000000102");
  std::string out;
  encode_format(1, out);
  CHECK(hex(out) ==
        "54524f5550454b56"
        "01000000"
        "9ca582cf");
  encode_format(2, out);
  CHECK(hex(out) ==
        "54524f5550454b56"
        "02000000"
        "a52ca0ad");
  encode(fence_key("scheduler"), fence_record{258}, out);
  CHECK(hex(out) ==
        "0201000000000000"
        "847aa2a8");
  encode(state_record{258, 3, 1700000000}, out);
  CHECK(hex(out) ==
        "0201000000000000"
        "0300000000000000"
        "00f1536500000000"
        "389708c4");
  encode(revision_key(7), revision_record{change_kind::put, 5, 6, 1700000000, "/a", "v"}, out);
  CHECK(hex(out) ==
        "00"
        "0500000000000000"
        "0600000000000000"
        "00f1536500000000"
        "0200"
        "2f61"
        "76"
        "abdabbd3");
  encode("/a", current_record{5, 7, change_kind::erase}, out);
  CHECK(hex(out) ==
        "0500000000000000"
        "0700000000000000"
        "01"
        "d7fc785c");
  encode(history_key("/a", 7), history_record{6, 5}, out);
  CHECK(hex(out) ==
        "0600000000000000"
        "0500000000000000"
        "f257ede2");
}

TEST_CASE("records come back as they were written") {
  std::string out;
  encode(revision_key(7), revision_record{change_kind::erase, 5, 6, 9, "/key", ""}, out);
  const auto r = decode_revision(revision_key(7), out);
  CHECK(r.kind == change_kind::erase);
  CHECK(r.created == 5);
  CHECK(r.previous == 6);
  CHECK(r.second == 9);
  CHECK(r.key == "/key");
  CHECK(r.value.empty());
  CHECK_THROWS_AS(decode_revision(revision_key(8), out), error); // under another key
  encode("/a", current_record{5, 7, change_kind::put}, out);
  CHECK(decode_current("/a", out).modified == 7);
  CHECK_THROWS_AS(decode_current("/b", out), error);
}

TEST_CASE("every flipped bit and every cut of a record is noticed") {
  std::string out;
  const auto key = revision_key(7);
  encode(key, revision_record{change_kind::put, 5, 6, 9, "/key", "some value"}, out);
  for (size_t bit = 0; bit < out.size() * 8; ++bit) {
    auto damaged = out;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    REQUIRE_THROWS_AS(decode_revision(key, damaged), error);
  }
  for (size_t size = 0; size < out.size(); ++size)
    REQUIRE_THROWS_AS(decode_revision(key, out.substr(0, size)), error);
}

TEST_CASE("a newer format version is refused with both versions and left alone") {
  temporary_folder folder;
  std::string newer;
  encode_format(format_version + 1, newer);
  write_format_record(folder.path(), newer);
  for (int i = 0; i < 2; ++i)
    CHECK_THAT(failure(folder.path(), error_code::format), Catch::Contains("format version 5") &&
                                                             Catch::Contains("versions 1 to 4") &&
                                                             Catch::Contains(folder.path().string()));
}

TEST_CASE("foreign LMDB environments are refused") {
  temporary_folder folder;
  write_format_record(folder.path(), "something else");
  CHECK_THAT(failure(folder.path(), error_code::format), Catch::Contains("not a Troupe store"));
}

TEST_CASE("a store of version 1 is opened, and is one of this version from then on") {
  temporary_folder folder;
  {
    const auto engine = lmdb::open({folder.path()});
    REQUIRE(storage::test::commit_one(*engine, storage::test::put("/a", "v")).rev == 1);
  }
  std::string older;
  encode_format(1, older);
  write_format_record(folder.path(), older);
  for (int i = 0; i < 2; ++i) {
    const auto engine = lmdb::open({folder.path()});
    CHECK(engine->get("/a")->value == "v");
    CHECK(engine->fence("scheduler") == i);
    CHECK(engine->raise_fence("scheduler", i + 1) == i + 1);
  }
}

TEST_CASE("a store of version 2 has no owner record, and serves") {
  temporary_folder folder;
  {
    const auto engine = lmdb::open({folder.path()});
    REQUIRE(storage::test::commit_one(*engine, storage::test::put("/a", "v")).rev == 1);
  }
  std::string older;
  encode_format(2, older);
  write_format_record(folder.path(), older);
  const auto engine = lmdb::open({folder.path(), 16 << 20, 16 << 20, true}); // not made now: it stays what it is
  CHECK(engine->owner() == owner_record{});
  CHECK(engine->get("/a")->value == "v");
  CHECK(storage::test::commit_one(*engine, storage::test::put("/a", "w")).rev == 2);
}

TEST_CASE("the owner record's bytes, and every flipped bit of them") {
  std::string out;
  encode(owner_record{owner_state::handed_over, 3, 258, "c", "host-b"}, out);
  CHECK(hex(out.substr(0, out.size() - 4)) ==
        "03"
        "0300000000000000"
        "0201000000000000"
        "0100"
        "63"
        "0600"
        "686f73742d62");
  CHECK(decode_owner(out) == owner_record{owner_state::handed_over, 3, 258, "c", "host-b"});
  for (size_t bit = 0; bit < out.size() * 8; ++bit) {
    auto damaged = out;
    damaged[bit / 8] = static_cast<char>(damaged[bit / 8] ^ (1 << bit % 8));
    REQUIRE_THROWS_AS(decode_owner(damaged), error);
  }
}
