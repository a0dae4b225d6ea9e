// Copies of an engine: from every engine into every engine, while the source is written to and forgets; and who may do what.
#include "tests/unit/storage/subjects.hpp"

#include <catch2/catch.hpp>

#include <random>

using namespace storage;
using namespace storage::test;

namespace {

struct lmdb_copy {
  temporary_folder folder;
  std::unique_ptr<engine> held = open();
  std::unique_ptr<engine> open() { return lmdb::open({.folder = folder.path() / "copy", .as_copy = true}); }
  engine& operator*() { return *held; }
  engine* operator->() { return held.get(); }
  void reopen() {
    held.reset();
    held = open();
  }
};

struct memory_copy {
  std::unique_ptr<memory::memory_engine> held = memory::open({.as_copy = true});
  engine& operator*() { return *held; }
  engine* operator->() { return held.get(); }
  void reopen() { held->lose_unsynced(); }
};

template <class From, class To>
struct pair {
  using from = From;
  using to = To;
};

error_code code_of(const std::function<void()>& work) {
  try {
    work();
  } catch (const error& e) {
    return e.code();
  }
  FAIL("no error");
  return {};
}

// Everything that an engine shows, at every revision of its history.
std::string all_of(engine& e) {
  std::string text = std::to_string(e.oldest()) + ".." + std::to_string(e.current()) + "\n";
  for (auto at = std::max<revision>(e.oldest(), 1); at <= e.current(); ++at)
    for (const auto& r : e.range("", "", 10'000, at).records)
      text += std::to_string(at) + ":" + r.key + "=" + r.value + "@" + std::to_string(r.created) + "-" + std::to_string(r.modified) + "\n";
  for (const auto& c : e.changes(e.oldest(), 100'000).changes)
    text += std::to_string(c.rev) + (c.kind == change_kind::erase ? "-" : "+") + c.key + "=" + c.value + "(" + c.previous.value_or("none") + ")" +
            std::to_string(c.created) + "," + std::to_string(c.previous_rev) + "\n";
  for (const auto& f : e.fences())
    text += f.role + "=" + std::to_string(f.epoch) + "\n";
  for (int64_t second = 990; second < 1'100; second += 7)
    text += std::to_string(e.revision_before(second)) + " ";
  return text;
}

void write_some(engine& e, std::mt19937& random, int writes, int64_t second) {
  for (int i = 0; i < writes; ++i) {
    const auto key = "/k" + std::to_string(random() % 20);
    if (random() % 4 == 0)
      commit_one(e, erase(key), second);
    else
      commit_one(e, put(key, std::string(random() % 50, 'v') + std::to_string(i)), second);
  }
}

} // namespace

TEMPLATE_TEST_CASE("a copy equals its source, however it is written to meanwhile", "", (pair<lmdb_subject, lmdb_copy>),
                   (pair<memory_subject, memory_copy>), (pair<lmdb_subject, memory_copy>), (pair<memory_subject, lmdb_copy>),
                   (pair<logged_subject, lmdb_copy>), (pair<moving_subject, lmdb_copy>)) {
  for (unsigned seed = 1; seed <= 8; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    typename TestType::from source;
    typename TestType::to copy;
    write_some(*source, random, 100, 1000);
    source->raise_fence("scheduler", 4);
    while (source->compact(source->current() - 20, 7) > 0)
      continue;
    copy->begin_copy("c1", "host-a");
    int pages = 0;
    for (bool whole = false; !whole; ++pages) {
      const auto page = source->copy(copy->current(), 300);
      copy->append(page);
      whole = page.last == page.current && pages > 30;
      if (pages < 30)
        write_some(*source, random, static_cast<int>(random() % 4), 1001 + pages);
      if (random() % 10 == 0) {
        copy.reopen();
        REQUIRE(copy->current() == page.last);
      }
      REQUIRE(copy->owner().state == owner_state::following);
      REQUIRE(code_of([&] { commit_one(*copy, put("/x", "y")); }) == error_code::moved);
    }
    CHECK(copy->stored() == source->stored());
    copy->mark_asking();
    const auto handed = source->hand_over("c1", "host-b");
    CHECK(handed == owner_record{owner_state::handed_over, 1, copy->current(), "c1", "host-b"});
    copy->take_over(handed.epoch, source->fences());
    copy.reopen();
    source.reopen();
    CHECK(all_of(*copy) == all_of(*source));
    CHECK(copy->owner() == owner_record{owner_state::serving, 1, 0, "c1", "host-a"});
    // From here on they are what they are, also in what they write and forget next.
    CHECK(code_of([&] { commit_one(*source, put("/x", "y")); }) == error_code::moved);
    CHECK(code_of([&] { source->raise_fence("scheduler", 9); }) == error_code::moved);
    CHECK(code_of([&] { source->compact(source->current(), 10); }) == error_code::moved);
    CHECK(code_of([&] { source->begin_copy("c2", "host-b"); }) == error_code::moved);
    CHECK(code_of([&] { source->hand_over("c2", "host-c"); }) == error_code::moved);
    CHECK(source->hand_over("c1", "host-b") == handed);
    CHECK(code_of([&] { copy->append({}); }) == error_code::moved);
    CHECK(commit_one(*copy, put("/x", "y"), 2000).rev == handed.last + 1);
    while (copy->compact(copy->current(), 5) > 0)
      continue;
    CHECK(copy->oldest() == handed.last + 1);
    CHECK(copy->get("/x")->value == "y");
    CHECK(copy->stored() == copy->range("", "", 1000).records.size());
  }
}

TEMPLATE_TEST_CASE("an empty shard, and one whose newest write is forgotten, can be copied", "", (pair<lmdb_subject, lmdb_copy>),
                   (pair<memory_subject, memory_copy>)) {
  for (const bool empty : {true, false}) {
    typename TestType::from source;
    typename TestType::to copy;
    if (!empty) {
      commit_one(*source, put("/a", "1"));
      commit_one(*source, put("/b", "1"));
      commit_one(*source, erase("/a"));
      while (source->compact(3, 10) > 0)
        continue;
    }
    copy->begin_copy("c", "host-a");
    const auto page = source->copy(0, 1000);
    CHECK(page.writes.size() == (empty ? 0 : 1));
    copy->append(page);
    copy->mark_asking();
    copy->take_over(source->hand_over("c", "b").epoch, {});
    CHECK(copy->current() == source->current());
    CHECK(copy->oldest() == source->oldest());
    CHECK(commit_one(*copy, put("/a", "2")).rev == (empty ? 1 : 4));
  }
}

TEMPLATE_TEST_CASE("a page that does not fit changes nothing", "", lmdb_copy, memory_copy) {
  TestType copy;
  copy->begin_copy("c", "host-a");
  copy->append({{{1, change_kind::put, "/a", "1", 1, 0, 1000}}, 1, 3, 0, 1000, 3});
  const auto refused = [&](std::vector<copied_write> writes, revision last) {
    const auto code = code_of([&] { copy->append({writes, last, 9, 0, 1000, 3}); });
    CHECK(copy->current() == 1);
    CHECK(copy->stored() == 1);
    return code == error_code::corrupt;
  };
  CHECK(refused({{3, change_kind::put, "/b", "1", 3, 0, 1000}}, 3));                                                // a gap
  CHECK(refused({{1, change_kind::put, "/b", "1", 1, 0, 1000}}, 1));                                                // twice
  CHECK(refused({{2, change_kind::put, "/b", "1", 2, 0, 1000}}, 3));                                                // ends too early
  CHECK(refused({{2, change_kind::put, "/a", "2", 1, 0, 1000}}, 2));                                                // supersedes nothing
  CHECK(refused({{2, change_kind::put, "/b", "1", 2, 0, 1000}, {3, change_kind::put, "/b", "2", 2, 1, 1000}}, 3)); // another than it has
  CHECK(refused({{2, change_kind::erase, "/b", "", 2, 0, 1000}, {3, change_kind::put, "", "2", 3, 0, 1000}}, 3));
  copy->append({{{2, change_kind::erase, "/a", "", 1, 1, 1000}}, 2, 3, 0, 1000, 3});
  CHECK(copy->current() == 2);
}

TEMPLATE_TEST_CASE("a copy that begins anew is empty", "", lmdb_copy, memory_copy) {
  TestType copy;
  copy->begin_copy("c1", "host-a");
  copy->append({{{7, change_kind::put, "/a", "1", 7, 0, 1000}}, 8, 9, 8, 1000, 3});
  copy->begin_copy("c2", "host-c");
  copy.reopen();
  CHECK(copy->owner() == owner_record{owner_state::following, 0, 0, "c2", "host-c"});
  CHECK(copy->current() == 0);
  CHECK(copy->oldest() == 0);
  CHECK(copy->stored() == 0);
  copy->append({{{1, change_kind::put, "/a", "1", 1, 0, 1000}}, 1, 1, 0, 1000, 1});
  CHECK(copy->range("", "", 10).records.size() == 1);
}
