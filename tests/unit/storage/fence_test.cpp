// Fences and groups of writes, over every engine.
#include "tests/unit/storage/subjects.hpp"

#include <catch2/catch.hpp>

using namespace storage;
using namespace storage::test;

TEMPLATE_TEST_CASE("a fence only rises, is kept over a restart and is no part of the history", "", lmdb_subject, logged_subject, moving_subject,
                   memory_subject) {
  TestType subject;
  commit_one(*subject, put("/a", "v"));
  CHECK(subject->fence("scheduler") == 0);
  CHECK(subject->raise_fence("scheduler", 3) == 3);
  CHECK(subject->raise_fence("scheduler", 2) == 3);
  CHECK(subject->raise_fence("controllers/job", 1) == 1);
  CHECK(subject->current() == 1);
  subject.reopen();
  CHECK(subject->fence("scheduler") == 3);
  CHECK(subject->fence("controllers/job") == 1);
  CHECK(subject->fence("controllers") == 0);
  CHECK(subject->changes(0, 10).changes.size() == 1);
  CHECK(subject->range("", "", 10).records.size() == 1);
}

TEMPLATE_TEST_CASE("the number of fences is bounded", "", lmdb_subject) {
  TestType subject;
  for (size_t i = 0; i < fences_max; ++i)
    subject->raise_fence("role-" + std::to_string(i % 8), static_cast<int64_t>(i) + 1);
  CHECK(subject->fence("role-7") == static_cast<int64_t>(fences_max));
}

TEMPLATE_TEST_CASE("the writes of a group are done together or not at all", "", lmdb_subject, logged_subject, moving_subject, memory_subject) {
  TestType subject;
  commit_one(*subject, put("/taken", "by another"));
  const auto joined = [](storage::write w) {
    w.with_next = true;
    return w;
  };
  const std::vector<storage::write> batch{put("/alone", "1", 0),
                                 joined(put("/service", "2", 0)),
                                 joined(put("/free", "3", 0)),
                                 put("/taken", "4", 0),
                                 joined(put("/other", "5", 0)),
                                 put("/rest", "6", 0),
                                 joined(put("/twice", "7")),
                                 put("/twice", "8")};
  const auto results = subject->commit(batch, 1000);
  using enum write_status;
  CHECK(results == std::vector<write_result>{
                     {done, 2}, {skipped, 0}, {skipped, 0}, {conflict, 1}, {done, 3}, {done, 4}, {skipped, 0}, {failed, 0}});
  CHECK_FALSE(subject->get("/service"));
  CHECK_FALSE(subject->get("/free"));
  CHECK(subject->get("/rest")->value == "6");
  // The last write of a batch has no next one.
  CHECK(subject->commit(std::vector<storage::write>{joined(put("/end", "9"))}, 1000).at(0).status == done);
}
