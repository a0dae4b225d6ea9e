// Writes and reads of the present state, over every engine.
#include "tests/unit/storage/subjects.hpp"

#include <catch2/catch.hpp>
#include <thread>

using namespace storage;
using namespace storage::test;

TEMPLATE_TEST_CASE("a new engine is empty", "", lmdb_subject, logged_subject, moving_subject, memory_subject) {
  TestType e;
  CHECK(e->current() == 0);
  CHECK(e->oldest() == 0);
  CHECK(!e->get("/pods/a"));
  const auto page = e->range("", "", 10);
  CHECK(page.records.empty());
  CHECK(!page.more);
  CHECK(page.at == 0);
  CHECK(e->changes(0, 10).changes.empty());
  CHECK(e->revision_before(5000) == 0);
}

TEMPLATE_TEST_CASE("each successful write gets the next revision", "", lmdb_subject, logged_subject, moving_subject, memory_subject) {
  TestType e;
  const std::vector<storage::write> batch{put("/a", "1"), put("/b", "2"), put("/a", "3"), erase("/b")};
  const auto results = e->commit(batch, 1000);
  REQUIRE(results.size() == 4);
  for (int i = 0; i < 4; ++i)
    CHECK(results[i] == write_result{write_status::done, i + 1});
  CHECK(e->current() == 4);
  CHECK(e->get("/a") == record{"/a", 1, 3, "3"});
  CHECK(!e->get("/b"));
  e.reopen();
  CHECK(e->current() == 4);
  CHECK(e->get("/a") == record{"/a", 1, 3, "3"});
}

TEMPLATE_TEST_CASE("a write with an expected revision happens only on that revision", "", lmdb_subject, logged_subject, moving_subject,
                   memory_subject) {
  TestType e;
  CHECK(commit_one(*e, put("/a", "1", 0)) == write_result{write_status::done, 1});
  CHECK(commit_one(*e, put("/a", "2", 0)) == write_result{write_status::conflict, 1});
  CHECK(commit_one(*e, put("/a", "2", 7)) == write_result{write_status::conflict, 1});
  CHECK(commit_one(*e, put("/a", "2", 1)) == write_result{write_status::done, 2});
  CHECK(commit_one(*e, erase("/a", 1)) == write_result{write_status::conflict, 2});
  CHECK(commit_one(*e, erase("/a", 2)) == write_result{write_status::done, 3});
  CHECK(commit_one(*e, erase("/a")) == write_result{write_status::absent, 0});
  CHECK(commit_one(*e, erase("/a", 3)) == write_result{write_status::absent, 0});
  CHECK(commit_one(*e, put("/a", "3", 2)) == write_result{write_status::absent, 0});
  CHECK(commit_one(*e, put("/a", "3", 0)) == write_result{write_status::done, 4});
  CHECK(e->get("/a") == record{"/a", 4, 4, "3"});
  CHECK(e->current() == 4);
}

TEMPLATE_TEST_CASE("a conflict fails only its own write of a batch", "", lmdb_subject, logged_subject, moving_subject, memory_subject) {
  TestType e;
  commit_one(*e, put("/a", "1"));
  const std::vector<storage::write> batch{put("/b", "x", 0), put("/a", "2", 99), put("/c", "y", 0),
                                          put("/c", "z", 0)};
  const auto results = e->commit(batch, 1000);
  CHECK(results[0] == write_result{write_status::done, 2});
  CHECK(results[1] == write_result{write_status::conflict, 1});
  CHECK(results[2] == write_result{write_status::done, 3});
  CHECK(results[3] == write_result{write_status::conflict, 3});
  CHECK(e->changes(0, 10).changes.size() == 3);
}

TEMPLATE_TEST_CASE("malformed and oversized writes are refused one by one", "", lmdb_subject, logged_subject, moving_subject,
                   memory_subject) {
  TestType e;
  const std::vector<storage::write> batch{
    put("", "x"),
    put(std::string("/a\0b", 4), "x"),
    put(std::string(key_bytes_max + 1, 'k'), "x"),
    put(std::string(key_bytes_max, 'k'), "x"),
    put("/large", std::string(value_bytes_max + 1, 'v')),
    put("/largest", std::string(value_bytes_max, 'v')),
    put("/empty", ""),
  };
  const auto results = e->commit(batch, 1000);
  CHECK(results[0].status == write_status::failed);
  CHECK(results[1].status == write_status::failed);
  CHECK(results[2].status == write_status::too_large);
  CHECK(results[3] == write_result{write_status::done, 1});
  CHECK(results[4].status == write_status::too_large);
  CHECK(results[5] == write_result{write_status::done, 2});
  CHECK(results[6] == write_result{write_status::done, 3});
  // The longest key works in the history, too.
  CHECK(commit_one(*e, put(std::string(key_bytes_max, 'k'), "y")).rev == 4);
  CHECK(e->get(std::string(key_bytes_max, 'k'), 3)->value == "x");
  CHECK(e->get("/largest")->value.size() == value_bytes_max);
  CHECK(e->get("/empty") == record{"/empty", 3, 3, ""});
  CHECK(!e->get(""));
  CHECK(!e->get(std::string(1000, 'k')));
}

TEMPLATE_TEST_CASE("a batch in which nothing succeeds leaves no trace", "", lmdb_subject, logged_subject, moving_subject, memory_subject) {
  TestType e;
  CHECK(e->commit({}, 1000).empty());
  CHECK(commit_one(*e, erase("/a")).status == write_status::absent);
  CHECK(e->current() == 0);
}

TEMPLATE_TEST_CASE("values keep every byte", "", lmdb_subject, logged_subject, moving_subject, memory_subject) {
  TestType e;
  std::string all;
  for (int i = 0; i < 5000; ++i)
    all.push_back(static_cast<char>(i));
  commit_one(*e, put("/a", all));
  e.reopen();
  CHECK(e->get("/a")->value == all);
}

TEMPLATE_TEST_CASE("a range shows its prefix, in key order, page by page", "", lmdb_subject, logged_subject, moving_subject, memory_subject) {
  TestType e;
  std::vector<storage::write> batch;
  for (int i = 0; i < 25; ++i)
    batch.push_back(put("/pods/ns/" + std::string(1, static_cast<char>('a' + i)), std::to_string(i)));
  batch.push_back(put("/pods/nsx/a", "other"));
  batch.push_back(put("/podsx", "other"));
  batch.push_back(put("/a", "other"));
  e->commit(batch, 1000);
  commit_one(*e, erase("/pods/ns/c"));

  std::vector<std::string> seen;
  std::string after;
  revision at = 0;
  for (int pages = 1;; ++pages) {
    const auto page = e->range("/pods/ns/", after, 10, at);
    for (const auto& r : page.records)
      seen.push_back(r.key);
    if (!page.more) {
      CHECK(pages == 3);
      break;
    }
    CHECK(page.records.size() == 10);
    after = page.records.back().key;
    at = page.at;
  }
  REQUIRE(seen.size() == 24);
  CHECK(std::is_sorted(seen.begin(), seen.end()));
  CHECK(seen.front() == "/pods/ns/a");
  CHECK(seen.back() == "/pods/ns/y");
  CHECK(e->range("", "", 1000).records.size() == 27);
  CHECK(e->range("/pods/ns/", "/pods/ns/y", 10).records.empty());
  CHECK(e->range("/none/", "", 10).records.empty());
  // An `after` outside the prefix means from its start, or behind its end.
  CHECK(e->range("/pods/ns/", "/a", 1).records.at(0).key == "/pods/ns/a");
  CHECK(e->range("/pods/ns/", "/z", 1).records.empty());
  // Exactly a full page: nothing more.
  CHECK(!e->range("/pods/ns/", "", 24).more);
}

TEMPLATE_TEST_CASE("a page ends when it has enough bytes", "", lmdb_subject, logged_subject, moving_subject, memory_subject) {
  TestType e;
  for (int i = 0; i < 4; ++i)
    commit_one(*e, put("/" + std::to_string(i), std::string(value_bytes_max, 'x')));
  const auto page = e->range("/", "", 100);
  CHECK(page.records.size() == 2);
  CHECK(page.more);
  const auto changes = e->changes(0, 100);
  CHECK(changes.changes.size() == 2);
  CHECK(changes.last == 2);
}

TEMPLATE_TEST_CASE("reads run beside a writer and see whole batches", "", lmdb_subject, logged_subject, moving_subject, memory_subject) {
  TestType e;
  constexpr int rounds = 200;
  std::thread writer([&] {
    for (int i = 0; i < rounds; ++i) {
      const std::vector<storage::write> batch{put("/a", std::to_string(i)), put("/b", std::to_string(i))};
      e->commit(batch, 1000);
    }
  });
  size_t torn = 0;
  while (e->current() < 2 * rounds) {
    const auto page = e->range("/", "", 10);
    torn += page.records.size() == 2 && page.records[0].value != page.records[1].value;
    torn += page.at % 2;
    const auto now = e->current();
    torn += now > 0 && e->changes(now - 1, 1).changes.at(0).rev != now;
  }
  writer.join();
  CHECK(torn == 0);
}
