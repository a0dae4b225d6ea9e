// The change log, reads at past revisions and compaction, over every engine.
#include "tests/unit/storage/subjects.hpp"

#include <catch2/catch.hpp>
#include <functional>

using namespace storage;
using namespace storage::test;

namespace {

error_code code_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const error& e) {
    return e.code();
  }
  throw std::logic_error("no error");
}

// /a: put at 1, 2; erased at 3; put at 4, 5. /b: put at 6.
void write_some_history(engine& e) {
  commit_one(e, put("/a", "1"), 100);
  commit_one(e, put("/a", "2"), 200);
  commit_one(e, erase("/a"), 300);
  commit_one(e, put("/a", "4"), 400);
  commit_one(e, put("/a", "5"), 500);
  commit_one(e, put("/b", "6"), 600);
}

} // namespace

TEMPLATE_TEST_CASE("the change log has every write with what it replaced", "", lmdb_subject, logged_subject, moving_subject, memory_subject) {
  TestType e;
  write_some_history(*e);
  e.reopen();
  const auto page = e->changes(0, 100);
  CHECK(page.last == 6);
  const std::vector<change> expected{
    {1, change_kind::put, "/a", "1", std::nullopt, 1, 0},
    {2, change_kind::put, "/a", "2", "1", 1, 1},
    {3, change_kind::erase, "/a", "2", "2", 1, 2},
    {4, change_kind::put, "/a", "4", std::nullopt, 4, 0},
    {5, change_kind::put, "/a", "5", "4", 4, 4},
    {6, change_kind::put, "/b", "6", std::nullopt, 6, 0},
  };
  CHECK(page.changes == expected);
}

TEMPLATE_TEST_CASE("changes are read on from a revision, in bounded pages", "", lmdb_subject, logged_subject, moving_subject,
                   memory_subject) {
  TestType e;
  write_some_history(*e);
  const auto first = e->changes(2, 3);
  REQUIRE(first.changes.size() == 3);
  CHECK(first.changes.front().rev == 3);
  CHECK(first.last == 5);
  const auto second = e->changes(first.last, 3);
  REQUIRE(second.changes.size() == 1);
  CHECK(second.last == 6);
  CHECK(e->changes(6, 3).changes.empty());
  CHECK(e->changes(6, 3).last == 6);
}

TEMPLATE_TEST_CASE("a read at a past revision shows that state", "", lmdb_subject, logged_subject, moving_subject, memory_subject) {
  TestType e;
  write_some_history(*e);
  CHECK(e->get("/a", 1) == record{"/a", 1, 1, "1"});
  CHECK(e->get("/a", 2) == record{"/a", 1, 2, "2"});
  CHECK(!e->get("/a", 3));
  CHECK(e->get("/a", 4) == record{"/a", 4, 4, "4"});
  CHECK(e->get("/a", 5) == record{"/a", 4, 5, "5"});
  CHECK(e->get("/a", 6) == record{"/a", 4, 5, "5"});
  CHECK(!e->get("/b", 5));
  CHECK(e->get("/b", 6) == record{"/b", 6, 6, "6"});
  CHECK(e->range("/", "", 10, 3).records.empty());
  CHECK(e->range("/", "", 10, 5).records.size() == 1);
  CHECK(e->range("/", "", 10, 6).records.size() == 2);
}

TEMPLATE_TEST_CASE("the history of a key is not mistaken for that of a longer key", "", lmdb_subject, logged_subject, moving_subject,
                   memory_subject) {
  TestType e;
  commit_one(*e, put("/a", "a1"));
  commit_one(*e, put("/a/b", "b2"));
  commit_one(*e, put("/a/b", "b3"));
  commit_one(*e, put("/a\x01", "c4"));
  commit_one(*e, put("/a\x01", "c5"));
  commit_one(*e, put("/a", "a6"));
  CHECK(e->get("/a", 5)->value == "a1");
  CHECK(e->get("/a/b", 2)->value == "b2");
  CHECK(e->get("/a\x01", 4)->value == "c4");
  CHECK(!e->get("/a/b", 1));
}

TEMPLATE_TEST_CASE("pages of one revision are one state, whatever is written between them", "", lmdb_subject, logged_subject, moving_subject,
                   memory_subject) {
  TestType e;
  for (const char* key : {"/1", "/2", "/3", "/4"})
    commit_one(*e, put(key, "old"));
  const auto first = e->range("/", "", 2);
  CHECK(first.at == 4);
  commit_one(*e, erase("/3"));
  commit_one(*e, put("/4", "new"));
  commit_one(*e, put("/5", "new"));
  const auto second = e->range("/", first.records.back().key, 2, first.at);
  REQUIRE(second.records.size() == 2);
  CHECK(second.records[0] == record{"/3", 3, 3, "old"});
  CHECK(second.records[1] == record{"/4", 4, 4, "old"});
  CHECK(!second.more);
  CHECK(second.at == 4);
}

TEMPLATE_TEST_CASE("a revision that does not exist yet is refused", "", lmdb_subject, logged_subject, moving_subject, memory_subject) {
  TestType e;
  commit_one(*e, put("/a", "1"));
  CHECK(code_of([&] { e->get("/a", 2); }) == error_code::future_revision);
  CHECK(code_of([&] { e->range("/", "", 1, 2); }) == error_code::future_revision);
  CHECK(code_of([&] { e->changes(2, 1); }) == error_code::future_revision);
}

TEMPLATE_TEST_CASE("compaction forgets in bounded steps and keeps what is current", "", lmdb_subject, logged_subject, moving_subject,
                   memory_subject) {
  TestType e;
  write_some_history(*e);
  CHECK(e->compact(4, 3) == 3);
  CHECK(e->oldest() == 3);
  CHECK(e->compact(4, 3) == 1);
  CHECK(e->compact(4, 3) == 0);
  CHECK(e->oldest() == 4);
  CHECK_THROWS_AS(e->get("/a", 3), compacted);
  CHECK_THROWS_AS(e->range("/", "", 1, 3), compacted);
  CHECK_THROWS_AS(e->changes(3, 1), compacted);
  CHECK(e->get("/a", 4)->value == "4");
  CHECK(e->changes(4, 10).changes.size() == 2);
  CHECK(e->changes(4, 10).changes.at(0).previous == "4");
  e.reopen();
  CHECK(e->oldest() == 4);
  CHECK(e->compact(100, 100) == 2);
  CHECK(e->oldest() == 6);
  CHECK(e->get("/a") == record{"/a", 4, 5, "5"});
  CHECK(e->get("/b", 6) == record{"/b", 6, 6, "6"});
  CHECK(e->changes(6, 10).changes.empty());
  // Writing goes on over compacted keys.
  CHECK(commit_one(*e, put("/a", "7", 5)).rev == 7);
  CHECK(e->changes(6, 10).changes.at(0) == change{7, change_kind::put, "/a", "7", "5", 4, 5});
}

TEMPLATE_TEST_CASE("compaction removes erased keys altogether", "", lmdb_subject, logged_subject, moving_subject, memory_subject) {
  TestType e;
  commit_one(*e, put("/a", "1"));
  commit_one(*e, erase("/a"));
  commit_one(*e, put("/b", "3"));
  CHECK(e->compact(2, 10) == 2);
  CHECK(!e->get("/a", 2));
  CHECK(e->range("/", "", 10, 2).records.empty());
  CHECK(commit_one(*e, put("/a", "4", 0)) == write_result{write_status::done, 4});
  CHECK(e->get("/a") == record{"/a", 4, 4, "4"});
}

TEMPLATE_TEST_CASE("compaction by age follows the seconds of the commits", "", lmdb_subject, logged_subject, moving_subject, memory_subject) {
  TestType e;
  write_some_history(*e);
  CHECK(e->revision_before(100) == 0);
  CHECK(e->revision_before(101) == 1);
  CHECK(e->revision_before(300) == 2);
  CHECK(e->revision_before(350) == 3);
  CHECK(e->revision_before(9999) == 6);
  e->compact(e->revision_before(350), 100);
  CHECK(e->oldest() == 3);
  CHECK(e->revision_before(100) == 3); // never before what is kept
  CHECK(e->revision_before(500) == 4);
}

TEMPLATE_TEST_CASE("a wall clock that steps back does not disorder the history", "", lmdb_subject, logged_subject, moving_subject,
                   memory_subject) {
  TestType e;
  commit_one(*e, put("/a", "1"), 1000);
  commit_one(*e, put("/a", "2"), 500);
  e.reopen();
  commit_one(*e, put("/a", "3"), 700);
  commit_one(*e, put("/a", "4"), 1200);
  CHECK(e->revision_before(1000) == 0);
  CHECK(e->revision_before(1001) == 3);
  CHECK(e->revision_before(1201) == 4);
}

TEST_CASE("the memory engine loses what was not synced, and only that") {
  const auto e = memory::open({.sync_each_commit = false});
  commit_one(*e, put("/a", "1"));
  commit_one(*e, put("/b", "2"));
  e->sync();
  commit_one(*e, put("/a", "3"));
  commit_one(*e, erase("/b"));
  commit_one(*e, put("/c", "5"));
  CHECK(e->compact(5, 100) == 2); // what may be lost keeps its history
  e->lose_unsynced();
  CHECK(e->current() == 2);
  CHECK(e->get("/a") == record{"/a", 1, 1, "1"});
  CHECK(e->get("/b") == record{"/b", 2, 2, "2"});
  CHECK(!e->get("/c"));
  CHECK(commit_one(*e, put("/c", "3")).rev == 3);
}

TEST_CASE("the memory engine fails a commit on demand") {
  const auto e = memory::open();
  e->fail_next_commit(error(error_code::disk_full, "full"));
  CHECK(code_of([&] { commit_one(*e, put("/a", "1")); }) == error_code::disk_full);
  CHECK(e->current() == 0);
  CHECK(commit_one(*e, put("/a", "1")).rev == 1);
}
