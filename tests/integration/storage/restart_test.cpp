// Makes a live shard fail again and again under writers and a watcher, with its real threads and LMDB, and
// starts a successor on the same folder at once: no acknowledged write is lost, no retried write happens
// twice, and the watcher that resumes at its last revision sees every change once.
#include "actors/store/store.hpp"
#include "runtime/protocols/register.hpp"
#include "runtime/telemetry/failure.hpp"
#include "storage/lmdb/lmdb_engine.hpp"
#include "tests/unit/actors/store/samples.hpp"
#include "tests/unit/storage/subjects.hpp"

#include <catch2/catch.hpp>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>

using namespace actors::store;
using namespace actors::store::test;
using namespace std::chrono_literals;
using runtime::protocols::shard_watcher_actor;
using runtime::protocols::store_actor;

namespace {

constexpr int failures = 20;
constexpr int writers = 4;
constexpr size_t writes_between_failures = 40;
constexpr auto patience = 30s;

// The newest shard that serves, as a directory would know it.
class address_book {
public:
  void announce(store_actor shard) {
    std::lock_guard held(mutex_);
    shard_ = std::move(shard);
    changed_.notify_all();
  }
  // Another one than `old`; an empty handle when there is none in time.
  store_actor other_than(const store_actor& old) {
    std::unique_lock held(mutex_);
    changed_.wait_for(held, patience, [&] { return shard_ && shard_ != old; });
    return shard_ != old ? shard_ : store_actor{};
  }
  void clear() { announce({}); }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  store_actor shard_;
};

struct tally {
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::string, int64_t> acknowledged;
  std::vector<int64_t> seen; // revisions, as the watcher got them
  std::string trouble;
  bool stop = false;

  template <class Condition>
  bool wait(Condition condition) {
    std::unique_lock held(mutex);
    return changed.wait_for(held, patience, [&] { return condition() || !trouble.empty(); }) &&
           trouble.empty();
  }
  template <class Change>
  void update(Change change) {
    std::lock_guard held(mutex);
    change();
    changed.notify_all();
  }
};

// One attempt to create `key`: its revision, or 0 when the outcome is unknown.
int64_t try_create(caf::scoped_actor& self, const store_actor& shard, const std::string& key, tally& t) {
  int64_t revision = 0;
  self->request(shard, 5s, commit_of({put(key, key, 0)}))
    .receive(
      [&](const protocol::commit_reply& reply) {
        const auto* r = reply->results()->Get(0);
        // A conflict: an attempt before, whose outcome we did not learn, was durable.
        if (r->status() != fb::WriteStatus::done && r->status() != fb::WriteStatus::conflict)
          t.update([&] { t.trouble = results_of(reply); });
        revision = r->revision();
      },
      [](caf::error&) {});
  return revision;
}

void write_until_stopped(caf::actor_system& system, address_book& book, tally& t, int number) {
  caf::scoped_actor self{system};
  auto shard = book.other_than({});
  for (int n = 0;; ++n) {
    const auto key = "/unique/" + std::to_string(number) + "/" + std::to_string(n);
    int64_t revision = 0;
    while ((revision = try_create(self, shard, key, t)) == 0) {
      shard = book.other_than(shard);
      if (!shard)
        return t.update([&] { t.trouble = "no successor"; });
    }
    bool stop = false;
    t.update([&] {
      t.acknowledged[key] = revision;
      stop = t.stop || !t.trouble.empty();
    });
    if (stop)
      return;
  }
}

using follow_atom = caf::atom_constant<caf::atom("follow")>;
using watcher_interface = shard_watcher_actor::extend<caf::reacts_to<follow_atom, store_actor>>;

watcher_interface::behavior_type watch(watcher_interface::pointer self, tally* t) {
  auto last = std::make_shared<int64_t>(0);
  return {
    [=](const protocol::shard_changes& m) {
      t->update([&] {
        if (m->lagging() || m->after() != *last)
          t->trouble = "unexpected " + changes_of(m);
        for (const auto* c : *m->changes())
          t->seen.push_back(c->revision());
      });
      *last = m->to();
      fb::ShardChangesAckT ack;
      ack.to = m->to();
      self->send(caf::actor_cast<store_actor>(self->current_sender()), protocol::shard_changes_ack{ack});
    },
    [=](follow_atom, const store_actor& shard) {
      fb::WatchRequestT request;
      request.after = *last;
      self->request(shard, 10s, protocol::watch_request{request})
        .then(
          [=](const protocol::watch_reply& reply) {
            if (reply->compacted())
              t->update([&] { t->trouble = "compacted"; });
          },
          [](caf::error&) { /* that shard failed, too: its successor is followed next */ });
    },
  };
}

} // namespace

TEST_CASE("a shard that fails again and again loses nothing, doubles nothing and hides nothing") {
  caf::actor_system_config config;
  config.set("logger.console", caf::atom("none"));
  runtime::protocols::register_messages(config);
  caf::actor_system system{config};
  storage::test::temporary_folder folder;
  address_book book;
  tally t;
  auto watcher = system.spawn(watch, &t);

  shard_options options;
  options.shard = "main";
  options.open = [&]() -> std::shared_ptr<storage::engine> { return storage::lmdb::open({folder.path()}); };
  options.clock = std::make_shared<runtime::seams::system_clock>();
  options.on_ready = [&](const caf::strong_actor_ptr& self) {
    const auto shard = caf::actor_cast<store_actor>(self);
    caf::anon_send(watcher, follow_atom::value, shard);
    book.announce(shard);
  };

  caf::scoped_actor self{system};
  auto shard = spawn_shard(system, options);
  std::vector<std::thread> threads;
  for (int i = 0; i < writers; ++i)
    threads.emplace_back([&, i] { write_until_stopped(system, book, t, i); });
  for (int i = 1; i <= failures; ++i) {
    CHECK(t.wait([&] { return t.acknowledged.size() >= i * writes_between_failures; }));
    runtime::telemetry::send_failure(caf::actor_cast<caf::strong_actor_ptr>(shard), "told to fail");
    shard = spawn_shard(system, options); // at once: the old committer may still be in its sync
  }
  t.update([&] { t.stop = true; });
  for (auto& thread : threads)
    thread.join();

  int64_t current = 0;
  self->request(book.other_than({}), 10s, protocol::revision_request{fb::RevisionRequestT{}})
    .receive([&](const protocol::revision_reply& r) { current = r->current(); },
             [&](caf::error& e) { FAIL(runtime::telemetry::failure_text(e)); });
  CHECK(t.wait([&] { return t.seen.size() >= static_cast<size_t>(current); }));
  CHECK(t.trouble == "");
  CHECK(current == static_cast<int64_t>(t.acknowledged.size()));
  std::vector<int64_t> every(static_cast<size_t>(current));
  for (size_t i = 0; i < every.size(); ++i)
    every[i] = static_cast<int64_t>(i) + 1;
  CHECK(t.seen == every);

  caf::anon_send_exit(watcher, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(shard, caf::exit_reason::user_shutdown);
  self->wait_for(shard, watcher);
  book.clear();
  // Its committer lets go of the folder when its last transaction has ended; system's destructor waits for
  // it.
}
