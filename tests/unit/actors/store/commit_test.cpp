// What the committer does with a batch, without actors: replies and failures.
#include "actors/store/commit_actor.hpp"
#include "storage/memory/memory_engine.hpp"
#include "tests/unit/actors/store/samples.hpp"

#include <catch2/catch.hpp>

using namespace actors::store;
using namespace actors::store::test;
using storage::error_code;

namespace {

// A memory engine on which every commit that touches a damaged key fails, as LMDB's does.
class damaged_engine : public storage::engine {
public:
  std::vector<storage::write_result> commit(std::span<const storage::write> writes, int64_t second) override {
    for (const auto& w : writes)
      if (w.key == "/damaged")
        throw storage::error(error_code::corrupt, "current record of \"/damaged\": wrong checksum");
    return inner->commit(writes, second);
  }
  std::optional<storage::record> get(std::string_view key, storage::revision at) override {
    return inner->get(key, at);
  }
  storage::range_page range(std::string_view p, std::string_view a, size_t n, storage::revision at) override {
    return inner->range(p, a, n, at);
  }
  storage::change_page changes(storage::revision after, size_t n) override {
    return inner->changes(after, n);
  }
  int64_t raise_fence(std::string_view role, int64_t epoch) override { return inner->raise_fence(role, epoch); }
  int64_t fence(std::string_view role) override { return inner->fence(role); }
  storage::revision current() override { return inner->current(); }
  storage::revision oldest() override { return inner->oldest(); }
  size_t compact(storage::revision before, size_t n) override { return inner->compact(before, n); }
  storage::revision revision_before(int64_t second) override { return inner->revision_before(second); }

  std::unique_ptr<storage::memory::memory_engine> inner = storage::memory::open();
};

} // namespace

TEST_CASE("each request of a batch gets its own results") {
  const auto engine = storage::memory::open();
  const auto done =
    commit(*engine, {{commit_of({put("/a", "1", 0), put("/b", "2")}), commit_of({put("/a", "3", 0)}),
                      commit_of({erase("/none"), erase("/b")})},
                     1000});
  CHECK(done.failure.empty());
  REQUIRE(done.replies.size() == 3);
  CHECK(results_of(done.replies[0]) == "done 1, done 2");
  CHECK(results_of(done.replies[1]) == "conflict 1");
  CHECK(results_of(done.replies[2]) == "absent 0, done 3");
  CHECK(engine->revision_before(1001) == 3);
}

TEST_CASE("a request of a writer with an older epoch is refused, its neighbours are not") {
  const auto engine = storage::memory::open();
  engine->raise_fence("scheduler", 5);
  const auto done = commit(*engine, {{commit_of({put("/a", "1")}, "scheduler", 4), commit_of({put("/b", "2")}),
                                      commit_of({put("/c", "3"), put("/d", "4")}, "scheduler", 4),
                                      commit_of({put("/e", "5")}, "scheduler", 5),
                                      commit_of({put("/f", "6")}, "controllers/job", 1)},
                                     1000});
  CHECK(results_of(done.replies.at(0)) == "fenced 5");
  CHECK(results_of(done.replies.at(1)) == "done 1");
  CHECK(results_of(done.replies.at(2)) == "fenced 5, fenced 5");
  CHECK(results_of(done.replies.at(3)) == "done 2");
  CHECK(results_of(done.replies.at(4)) == "done 3");
  CHECK(engine->current() == 3);
}

TEST_CASE("a full disk fails every write of the batch with the reason, and the store goes on") {
  const auto engine = storage::memory::open();
  engine->fail_next_commit(storage::error(error_code::disk_full, "no space left"));
  const commit_batch batch{{commit_of({put("/a", "1"), put("/b", "2")}), commit_of({put("/c", "3")})}, 1000};
  const auto done = commit(*engine, batch);
  CHECK(done.failure.empty());
  CHECK(results_of(done.replies.at(0)) == "failed 0, failed 0");
  CHECK(done.replies.at(1)->message()->str() == "no space left");
  CHECK(results_of(commit(*engine, batch).replies.at(1)) == "done 3");
}

TEST_CASE("a broken disk is a failure of the shard, not an answer") {
  const auto engine = storage::memory::open();
  engine->fail_next_commit(storage::error(error_code::io, "input/output error"));
  const auto done = commit(*engine, {{commit_of({put("/a", "1")})}, 1000});
  CHECK(done.failure == "input/output error");
  CHECK(done.replies.empty());
}

TEST_CASE("a damaged key fails only the requests that touch it") {
  damaged_engine engine;
  const auto done = commit(
    engine,
    {{commit_of({put("/a", "1")}), commit_of({put("/damaged", "2")}), commit_of({put("/c", "3")})}, 1000});
  CHECK(done.failure.empty());
  CHECK(results_of(done.replies.at(0)) == "done 1");
  CHECK(results_of(done.replies.at(1)) == "failed 0");
  CHECK_THAT(done.replies.at(1)->message()->str(), Catch::Contains("wrong checksum"));
  CHECK(results_of(done.replies.at(2)) == "done 2");
}

TEST_CASE("a compaction step is bounded and says whether there is more") {
  const auto engine = storage::memory::open();
  for (int i = 0; i < 10; ++i)
    commit(*engine, {{commit_of({put("/a", std::to_string(i))})}, 1000});
  CHECK(compact(*engine, {7, 5}).more);
  CHECK(engine->oldest() == 5);
  CHECK(!compact(*engine, {7, 5}).more);
  CHECK(engine->oldest() == 7);
  CHECK(!compact(*engine, {7, 5}).more);
}
