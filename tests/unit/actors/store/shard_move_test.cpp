// A shard moves from one host to another while it is written to, with either side ending at every step: nothing that was
// acknowledged is lost, and no write is taken by two shards.
#include "tests/unit/actors/store/shard_fixture.hpp"

#include <catch2/catch.hpp>

#include <map>
#include <random>

using namespace actors::store;
using namespace actors::store::test;
using storage::owner_state;
namespace rd = runtime::directory;

namespace {

constexpr std::chrono::minutes test_deadline{60 * 24}; // in virtual time

} // namespace

namespace {

// The store of one host: its disk outlives the actor.
struct place {
  std::string name;
  std::shared_ptr<storage::memory::memory_engine> disk;
  caf::strong_actor_ptr shard = nullptr;
  bool announced = false;
  int64_t epoch = 0;
  std::shared_ptr<runtime::host::shard_revisions::cell> revision = runtime::host::shard_revisions().of("main");
};

struct outcome {
  std::string text = "pending"; // "done 7", "moving 0", "error"
  std::string key;
};

struct move_fixture : test_system {
  std::shared_ptr<runtime::seams::manual_clock> clock = std::make_shared<runtime::seams::manual_clock>();
  std::shared_ptr<runtime::telemetry::memory_output> log = std::make_shared<runtime::telemetry::memory_output>();
  limits bounds;
  place a{"host-a", storage::memory::open()};
  place b{"host-b", storage::memory::open({.as_copy = true})};
  std::vector<std::shared_ptr<outcome>> writes;

  move_fixture() {
    bounds.copy_page_bytes = bounds.copy_page_bytes_min = 600;
    bounds.hand_over_lag_max = 4;
  }

  ~move_fixture() {
    for (auto* p : {&a, &b})
      if (p->shard)
        caf::anon_send_exit(caf::actor_cast<caf::actor>(std::exchange(p->shard, nullptr)), caf::exit_reason::kill);
    run();
  }

  place& other(place& p) { return &p == &a ? b : a; }

  void start(place& p) {
    shard_options options;
    options.shard = "main";
    options.host = p.name;
    options.bounds = bounds;
    options.own_threads = false;
    options.commits_lone_writes = false; // more steps between which something may fail
    options.clock = clock;
    options.revision = p.revision;
    options.random = std::make_shared<runtime::seams::seeded_random>(writes.size() + 1);
    options.log = runtime::telemetry::logger(log, clock, "store/main");
    options.open = [&p]() -> std::shared_ptr<storage::engine> {
      if (p.disk.use_count() > 1) // a predecessor, or its committer, still has the folder
        throw storage::error(storage::error_code::locked, "in use");
      return p.disk;
    };
    options.find_source = [this, &p](const caf::strong_actor_ptr&) { tell(p, other(p)); };
    options.on_ready = [this, &p](const caf::strong_actor_ptr& self) {
      if (p.shard != self)
        return; // it is about to end
      const auto owner = p.disk->owner();
      p.announced = true;
      p.epoch = owner.state == owner_state::handed_over ? owner.epoch - 1 : owner.epoch;
      tell(other(p), p);
    };
    p.shard = caf::actor_cast<caf::strong_actor_ptr>(spawn_shard(sys, std::move(options)));
  }

  // As the directory does.
  void tell(place& who, place& of) {
    if (who.shard && of.announced)
      caf::anon_send(caf::actor_cast<caf::actor>(who.shard), rd::role_up{"store/main", of.shard, of.name, of.epoch});
  }

  void crash(place& p) {
    const auto victim = std::exchange(p.shard, nullptr);
    if (!victim)
      return;
    if (std::exchange(p.announced, false) && other(p).shard)
      caf::anon_send(caf::actor_cast<caf::actor>(other(p).shard), rd::role_down{"store/main", "killed", p.name});
    caf::anon_send_exit(caf::actor_cast<caf::actor>(victim), caf::exit_reason::kill);
  }

  // To the one that the directory would name.
  void write(const std::string& key, int64_t expected = -1) {
    place* best = nullptr;
    for (auto* p : {&a, &b})
      if (p->announced && (best == nullptr || p->epoch > best->epoch))
        best = p;
    if (best == nullptr)
      return;
    auto note = std::make_shared<outcome>();
    note->key = key;
    writes.push_back(note);
    const auto target = caf::actor_cast<runtime::protocols::store_actor>(best->shard);
    sys.spawn([this, target, key, expected, note, n = writes.size()](caf::event_based_actor* self) {
      self->request(target, test_deadline, commit_of({put(key, std::to_string(n), expected)}))
        .then(
          [this, note](const protocol::commit_reply& r) {
            note->text = results_of(r);
            // Whoever is told that this host has the newest state is told the truth.
            for (const auto* p : {&a, &b})
              REQUIRE(p->revision->load() >= r->results()->Get(0)->revision());
          },
          [note](caf::error&) { note->text = "error"; });
    });
  }

  void pass(std::chrono::milliseconds time) {
    clock->advance_us(std::chrono::microseconds(time).count());
    advance(time);
  }

  bool moved() const { return b.announced && b.disk->owner().state == owner_state::serving; }

  void settle() {
    run();
    for (int i = 0; i < 200 && !moved(); ++i)
      pass(bounds.copy_retry);
    REQUIRE(moved());
    run();
  }

  void preload() {
    start(a);
    run();
    for (int i = 0; i < 30; ++i)
      write("/k" + std::to_string(i % 12));
    run();
    fb::FenceRequestT fence;
    fence.role = "scheduler";
    fence.epoch = 5;
    a.disk->raise_fence("scheduler", 5);
    while (a.disk->compact(15, 5) > 0)
      continue;
  }

  // Every acknowledged write is in the successor, where it was acknowledged; what was answered otherwise is nowhere.
  void verify() {
    CHECK(a.disk->owner().state == owner_state::handed_over);
    CHECK(b.disk->owner().state == owner_state::serving);
    CHECK(b.disk->owner().epoch == 1);
    CHECK(b.disk->fence("scheduler") == 5);
    CHECK(b.disk->current() >= a.disk->owner().last);
    std::map<storage::revision, storage::change> found;
    for (auto after = b.disk->oldest(); after < b.disk->current();) {
      const auto page = b.disk->changes(after, 100);
      for (const auto& c : page.changes)
        found[c.rev] = c;
      after = page.last;
    }
    CHECK(found.size() == static_cast<size_t>(b.disk->current() - b.disk->oldest()));
    std::map<storage::revision, size_t> taken;
    for (size_t n = 1; n <= writes.size(); ++n) {
      const auto& w = *writes[n - 1];
      CAPTURE(n, w.key, w.text);
      CHECK(w.text != "pending");
      if (!w.text.starts_with("done "))
        continue;
      const auto rev = std::stoll(w.text.substr(5));
      CHECK(taken.emplace(rev, n).second); // nobody else was given this revision
      if (rev <= b.disk->oldest())
        continue;
      REQUIRE(found.count(rev) == 1);
      CHECK(found[rev].key == w.key);
      auto bytes = std::make_shared<const std::string>(found[rev].value);
      const auto size = bytes->size();
      CHECK(text_of(*runtime::transport::attachment_from_wire(std::move(bytes), 0, size, false)) == std::to_string(n));
    }
  }

  // One run; after `at` steps `victim` ends and is started again. Returns how many steps there were.
  int move(int at, place* victim) {
    preload();
    start(b);
    int step = 0;
    for (int idle = 0; idle < 200 && !moved(); ++step) {
      if (step % 12 == 0 && writes.size() < 70)
        write("/w" + std::to_string(step % 3));
      if (step == at && victim != nullptr) {
        crash(*victim);
        start(*victim);
      }
      if (!scheduler().try_run_once()) {
        pass(bounds.copy_retry);
        ++idle;
      }
    }
    settle();
    for (int i = 0; i < 3; ++i)
      write("/after" + std::to_string(i));
    run();
    verify();
    return step;
  }
};

fb::ShardStateReplyT state_of(move_fixture& f, const place& p) {
  fb::ShardStateReplyT result;
  auto handle = f.self->request(caf::actor_cast<runtime::protocols::store_copy_actor>(p.shard), test_deadline,
                                protocol::shard_state_request{fb::ShardStateRequestT{}});
  f.run();
  handle.receive([&](const protocol::shard_state_reply& reply) { result = reply.unpack(); }, [](caf::error&) { FAIL("no state"); });
  return result;
}

} // namespace

TEST_CASE("a shard moves while it is written to") {
  move_fixture f;
  const auto steps = f.move(-1, nullptr);
  CHECK(steps > 50);
  size_t acknowledged = 0;
  for (const auto& w : f.writes)
    acknowledged += w->text.starts_with("done ");
  CHECK(acknowledged > 33);
  CHECK(state_of(f, f.a).phase == fb::ShardPhase::handed_over);
  CHECK(state_of(f, f.a).peer == "host-b");
  const auto now = state_of(f, f.b);
  CHECK(now.phase == fb::ShardPhase::serving);
  CHECK(now.epoch == 1);
  CHECK(now.peer == "host-a");
}

TEST_CASE("either side ends at any step of a move") {
  const auto steps = [] {
    move_fixture f;
    return f.move(-1, nullptr);
  }();
  for (const bool source : {true, false})
    for (int at = 0; at < steps + 10; ++at) {
      CAPTURE(source, at);
      move_fixture f;
      f.move(at, source ? &f.a : &f.b);
    }
}

TEST_CASE("both sides end again and again") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    std::mt19937 random(seed);
    move_fixture f;
    f.preload();
    f.start(f.b);
    for (int step = 0, crashes = 0; step < 3'000 && !(f.moved() && crashes >= 12); ++step) {
      if (random() % 12 == 0)
        f.write("/w" + std::to_string(random() % 5));
      if (random() % 25 == 0 && crashes < 12) {
        ++crashes;
        auto& victim = random() % 2 ? f.a : f.b;
        f.crash(victim);
        f.start(victim);
      }
      if (!f.scheduler().try_run_once() || random() % 50 == 0)
        f.pass(f.bounds.copy_retry);
    }
    f.settle();
    f.write("/after");
    f.run();
    f.verify();
  }
}

TEST_CASE("what a former shard, and a copy, answer") {
  move_fixture f;
  f.move(-1, nullptr);
  const auto former = caf::actor_cast<runtime::protocols::store_actor>(f.a.shard);
  const auto ask = [&](auto request, auto reply) {
    auto handle = f.self->request(former, test_deadline, std::move(request));
    f.run();
    std::string text;
    handle.receive([&](const decltype(reply)&) { text = "answered"; }, [&](caf::error& e) { text = runtime::telemetry::failure_text(e); });
    return text;
  };
  auto commit = f.self->request(former, test_deadline, commit_of({put("/a", "1")}));
  f.run();
  commit.receive([](const protocol::commit_reply& r) { CHECK(results_of(r) == "moving 0"); }, [](caf::error&) { FAIL("no answer"); });
  CHECK(f.a.revision->load() == runtime::host::shard_revisions::unknown);
  CHECK(f.b.revision->load() == f.b.disk->current());
  const std::string gone = "the store shard main has moved to host host-b";
  CHECK(ask(protocol::revision_request{fb::RevisionRequestT{}}, protocol::revision_reply{}) == gone);
  CHECK(ask(protocol::range_request{fb::RangeRequestT{}}, protocol::range_reply{}) == gone);
  CHECK(ask(protocol::watch_request{fb::WatchRequestT{}}, protocol::watch_reply{}) == gone);
  CHECK(ask(fence_of("scheduler", 9), protocol::fence_reply{}) == gone);
  // Another copy gets nothing from it, neither data nor the shard.
  const auto source = caf::actor_cast<runtime::protocols::store_copy_actor>(f.a.shard);
  fb::CopyRequestT copy;
  copy.copy = "another";
  auto page = f.self->request(source, test_deadline, protocol::copy_request{copy});
  f.run();
  page.receive([](const protocol::copy_reply& r) { CHECK(r->refused()->str() == "the data was handed over to host host-b"); },
               [](caf::error&) { FAIL("no answer"); });
  fb::HandOverRequestT over;
  over.copy = "another";
  over.host = "host-c";
  auto refused = f.self->request(source, test_deadline, protocol::hand_over_request{over});
  f.run();
  refused.receive([](const protocol::hand_over_reply& r) { CHECK_THAT(r->refused()->str(), Catch::Contains("handed over to host host-b")); },
                  [](caf::error&) { FAIL("no answer"); });
}

TEST_CASE("a copy waits for its source, and goes on where it was") {
  move_fixture f;
  f.start(f.b);
  f.run();
  CHECK(state_of(f, f.b).phase == fb::ShardPhase::waiting);
  CHECK(state_of(f, f.b).reason == "no host serves it");
  move_fixture g;
  g.preload();
  g.start(g.b);
  while (g.b.disk->current() == 0)
    REQUIRE(g.scheduler().try_run_once());
  g.crash(g.a);
  g.run();
  const auto waiting = state_of(g, g.b);
  CHECK(waiting.phase == fb::ShardPhase::waiting);
  CHECK(waiting.reason == "host host-a does not serve it: killed");
  CHECK(waiting.percent > 0);
  const auto copy = g.b.disk->owner().copy;
  g.start(g.a);
  g.settle();
  CHECK(g.b.disk->owner().copy == copy);
}

TEST_CASE("a copy begins anew when its source has forgotten what it lacks") {
  move_fixture f;
  f.preload();
  f.start(f.b);
  while (f.b.disk->current() == 0)
    REQUIRE(f.scheduler().try_run_once());
  const auto copy = f.b.disk->owner().copy;
  REQUIRE(f.b.disk->current() < f.a.disk->current());
  while (f.a.disk->compact(f.a.disk->current(), 100) > 0)
    continue;
  f.settle();
  CHECK(f.b.disk->owner().copy != copy);
  CHECK(f.b.disk->oldest() == f.a.disk->oldest());
  f.verify();
}

TEST_CASE("history is kept while a copy is taken, and not for ever") {
  move_fixture f;
  f.bounds.history_changes_max = 1'000;
  f.bounds.history_seconds = 10;
  f.start(f.a);
  f.run();
  for (int i = 0; i < 5; ++i)
    f.write("/a");
  f.run();
  fb::CopyRequestT copy;
  copy.copy = "slow";
  f.self->request(caf::actor_cast<runtime::protocols::store_copy_actor>(f.a.shard), test_deadline, protocol::copy_request{copy});
  f.run();
  for (int i = 0; i < 10; ++i)
    f.pass(f.bounds.compact_interval);
  CHECK(f.a.disk->oldest() == 0);
  for (int i = 0; i < 5; ++i)
    f.pass(f.bounds.compact_interval);
  CHECK(f.a.disk->oldest() == 5);
}

TEST_CASE("a source does not hand over to a copy that is far behind, and to one that is close for good") {
  move_fixture f;
  f.preload();
  const auto ask = [&](int64_t after) {
    fb::HandOverRequestT over;
    over.copy = "c";
    over.host = "host-b";
    over.after = after;
    auto handle = f.self->request(caf::actor_cast<runtime::protocols::store_copy_actor>(f.a.shard), test_deadline, protocol::hand_over_request{over});
    f.run();
    std::string text;
    handle.receive([&](const protocol::hand_over_reply& r) { text = r.unpack().refused; }, [](caf::error&) { FAIL("no answer"); });
    return text;
  };
  CHECK(ask(20) == "the copy is 10 changes behind");
  CHECK(f.a.disk->owner().state == owner_state::serving);
  f.write("/still");
  f.run();
  CHECK(f.writes.back()->text == "done 31");
  CHECK(ask(31).empty());
  CHECK(ask(31).empty()); // again: the same answer
  f.write("/late");
  f.run();
  CHECK(f.writes.back()->text == "moving 0");
}
