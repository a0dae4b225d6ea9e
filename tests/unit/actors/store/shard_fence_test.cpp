// Fences at a shard: a takeover against writers of the old epoch.
#include "tests/unit/actors/store/shard_fixture.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>

using namespace actors::store;
using namespace actors::store::test;

namespace {

std::string raised(shard_fixture& f, std::string role, int64_t epoch) {
  return f.answer<protocol::fence_reply>(f.ask(fence_of(std::move(role), epoch)), [](const protocol::fence_reply& r) {
    return std::to_string(r->epoch());
  });
}

// The text of the object that a change wrote, a number.
int64_t epoch_of(const storage::change& change) {
  auto bytes = std::make_shared<const std::string>(change.value);
  const auto size = bytes->size();
  return std::stoll(text_of(*runtime::transport::attachment_from_wire(std::move(bytes), 0, size, false)));
}

// Notes at which revision each fence rose.
class onlooker : public storage::engine {
public:
  onlooker(std::shared_ptr<storage::engine> inner, std::map<int64_t, storage::revision>& risen)
      : inner_(std::move(inner)), risen_(risen) {}
  int64_t raise_fence(std::string_view role, int64_t epoch) override {
    risen_.emplace(epoch, inner_->current());
    return inner_->raise_fence(role, epoch);
  }
  int64_t fence(std::string_view role) override { return inner_->fence(role); }
  std::vector<storage::write_result> commit(std::span<const storage::write> w, int64_t second) override {
    return inner_->commit(w, second);
  }
  std::optional<storage::record> get(std::string_view k, storage::revision at) override { return inner_->get(k, at); }
  storage::range_page range(std::string_view p, std::string_view a, size_t n, storage::revision at) override {
    return inner_->range(p, a, n, at);
  }
  storage::change_page changes(storage::revision after, size_t n) override { return inner_->changes(after, n); }
  storage::revision current() override { return inner_->current(); }
  storage::revision oldest() override { return inner_->oldest(); }
  size_t compact(storage::revision before, size_t n) override { return inner_->compact(before, n); }
  storage::revision revision_before(int64_t second) override { return inner_->revision_before(second); }

private:
  std::shared_ptr<storage::engine> inner_;
  std::map<int64_t, storage::revision>& risen_;
};

} // namespace

TEST_CASE_METHOD(shard_fixture, "a fence overtakes the writes that wait, and is kept over a restart of the shard") {
  start();
  run();
  CHECK(committed(ask(commit_of({put("/a", "1")}, "scheduler", 1))) == "done 1");
  auto queued = ask(commit_of({put("/a", "2"), put("/b", "2")}, "scheduler", 1));
  CHECK(raised(*this, "scheduler", 2) == "2");
  // In which order the two came to the committer does not matter, but after the fence's answer it is over.
  CHECK_THAT(committed(queued), Catch::Contains("done") || Catch::Contains("fenced 2, fenced 2"));
  const auto before = engine->current();
  CHECK(committed(ask(commit_of({put("/a", "3")}, "scheduler", 1))) == "fenced 2");
  CHECK(engine->current() == before);
  kill(shard.address());
  start();
  CHECK(committed(ask(commit_of({put("/a", "4")}, "scheduler", 1))) == "fenced 2");
  CHECK_THAT(committed(ask(commit_of({put("/a", "5")}, "scheduler", 2))), Catch::StartsWith("done"));
  CHECK(raised(*this, "scheduler", 1) == "2");
}

TEST_CASE_METHOD(shard_fixture, "many writers against takeovers: nothing of an epoch lands once its successor's fence is up") {
  bounds.batch_writes_max = 4;
  std::map<int64_t, storage::revision> risen; // epoch -> the newest revision when its fence was raised
  wrap = [&](std::shared_ptr<storage::engine> inner) { return std::make_shared<onlooker>(inner, risen); };
  start();
  run();
  std::mt19937 random(7);
  size_t landed = 0;
  size_t refused = 0;
  for (int64_t epoch = 2; epoch < 20; ++epoch) {
    const auto old = std::to_string(epoch - 1);
    std::vector<decltype(ask(commit_of({put("/k", "")})))> writes;
    const auto write = [&](int i) {
      writes.push_back(ask(commit_of({put("/k" + std::to_string(i), old)}, "scheduler", epoch - 1)));
    };
    for (int i = 0; i < 30; ++i)
      write(i);
    for (auto steps = random() % 40; steps > 0 && scheduler().try_run_once(); --steps)
      ;
    auto fence = ask(fence_of("scheduler", epoch));
    for (int i = 30; i < 60; ++i)
      write(i);
    CHECK(answer<protocol::fence_reply>(fence, [](const protocol::fence_reply& r) {
            return std::to_string(r->epoch());
          }) == std::to_string(epoch));
    for (auto& w : writes) {
      const auto result = committed(w);
      result == "fenced " + std::to_string(epoch) ? ++refused : ++landed;
      CHECK_THAT(result, Catch::StartsWith("done") || Catch::Equals("fenced " + std::to_string(epoch)));
    }
  }
  CHECK(landed > 0);
  CHECK(refused > 0);
  for (const auto& [epoch, revision] : risen)
    for (const auto& change : engine->changes(revision, 100'000).changes)
      CHECK(epoch_of(change) >= epoch);
}

TEST_CASE_METHOD(shard_fixture, "a fence without a role or an epoch is refused with the reason") {
  start();
  CHECK_THAT(raised(*this, "", 1), Catch::Contains("needs the id of a role"));
  CHECK_THAT(raised(*this, "scheduler", 0), Catch::Contains("epochs start at 1"));
}

TEST_CASE_METHOD(shard_fixture, "a group that runs into the next request is refused, and one that fails is not written at all") {
  start();
  run();
  CHECK(raised(*this, "scheduler", 1) == "1");
  CHECK(commit({joined(put("/a", "1", 0)), put("/b", "2", 5)}) == "skipped 0, absent 0");
  CHECK_THAT(commit({joined(put("/a", "1", 0))}), Catch::Contains("joined to a next one"));
}
