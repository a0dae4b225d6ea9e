// The process that kill_test.cpp kills: a store shard with 8 concurrent writers that report each acknowledged
// write.
//
//   storage_kill_writer FOLDER ROUND compact|keep
//
// Prints a line per acknowledged write, "KEY REVISION", in one write(2). Each thread creates keys of its own
// and counts up one key by compare-and-swap; every eighth key is erased again.
#include "actors/store/store.hpp"
#include "runtime/protocols/register.hpp"
#include "runtime/telemetry/failure.hpp"
#include "storage/lmdb/lmdb_engine.hpp"
#include "tests/unit/actors/store/samples.hpp"

#include <unistd.h>
#include <cstdio>
#include <thread>

using namespace actors::store;
using namespace actors::store::test;
using namespace std::chrono_literals;

namespace {

constexpr int writers = 8;
constexpr auto deadline = 10s;

[[noreturn]] void fail(const std::string& why) {
  std::fprintf(stderr, "writer: %s\n", why.c_str());
  ::_exit(1);
}

// Returns the write's revision.
int64_t commit(caf::scoped_actor& self, const runtime::protocols::store_actor& shard, const write_sample& w) {
  int64_t revision = 0;
  self->request(shard, deadline, commit_of({w}))
    .receive(
      [&](const protocol::commit_reply& reply) {
        const auto* result = reply->results()->Get(0);
        if (result->status() != fb::WriteStatus::done)
          fail(w.key + ": " + fb::EnumNameWriteStatus(result->status()) + (reply->message() ? ": " + reply->message()->str() : ""));
        revision = result->revision();
      },
      [&](caf::error& e) { fail(runtime::telemetry::failure_text(e)); });
  const auto line = w.key + ' ' + std::to_string(revision) + '\n';
  if (::write(STDOUT_FILENO, line.data(), line.size()) != static_cast<ssize_t>(line.size()))
    fail("cannot report");
  return revision;
}

// Where the counter of this thread is: its value and its revision.
std::pair<int, int64_t> counter_at(caf::scoped_actor& self, const runtime::protocols::store_actor& shard,
                                   const std::string& key) {
  fb::RangeRequestT request;
  request.prefix = key;
  std::pair<int, int64_t> found{0, 0};
  self->request(shard, deadline, protocol::range_request{request})
    .receive(
      [&](const protocol::range_reply& reply) {
        if (reply->records() && reply->records()->size() == 1) {
          const auto* record = reply->records()->Get(0);
          found = {std::stoi(text_of(reply.at(record->object()))), record->modified()};
        }
      },
      [&](caf::error& e) { fail(runtime::telemetry::failure_text(e)); });
  return found;
}

void write_until_killed(caf::actor_system& system, const runtime::protocols::store_actor& shard, int thread,
                        const std::string& round) {
  caf::scoped_actor self{system};
  const auto counter = "/counter/" + std::to_string(thread);
  auto [count, revision] = counter_at(self, shard, counter);
  for (int n = 0;; ++n) {
    const auto key = "/unique/" + round + "/" + std::to_string(thread) + "/" + std::to_string(n);
    const auto created =
      commit(self, shard, put(key, key + std::string(static_cast<size_t>(n % 5) * 700, 'x'), 0));
    if (n % 8 == 7)
      commit(self, shard, erase(key, created));
    revision = commit(self, shard, put(counter, std::to_string(++count), revision));
  }
}

} // namespace

int main(int argc, char** argv) {
  if (argc != 4)
    fail("usage: storage_kill_writer FOLDER ROUND compact|keep");
  caf::actor_system_config config;
  config.set("logger.console", caf::atom("none"));
  runtime::protocols::register_messages(config);
  caf::actor_system system{config};
  shard_options options;
  options.shard = "main";
  // To LMDB in every second round; else only when the log is full, or a second later.
  const bool moves_always = std::atoi(argv[2]) % 2 == 1;
  options.open = [moves_always, folder = std::string(argv[1])]() -> std::shared_ptr<storage::engine> {
    storage::lmdb::options how{folder, 1 << 20}; // the map grows on the way
    how.log.sizes = {8'192, 65'536}; // its files are used up all the time
    if (moves_always) {
      how.log.apply.writes_due = 40;
      how.log.apply.after = 5ms;
    }
    return storage::lmdb::open(how);
  };
  options.clock = std::make_shared<runtime::seams::system_clock>();
  if (std::string_view(argv[3]) == "compact") {
    options.bounds.history_changes_max = 300;
    options.bounds.compact_changes_max = 50;
    options.bounds.compact_interval = 5ms;
  }
  const auto shard = spawn_shard(system, options);
  std::vector<std::thread> threads;
  for (int i = 0; i < writers; ++i)
    threads.emplace_back([&, i] { write_until_killed(system, shard, i, argv[2]); });
  for (auto& t : threads)
    t.join();
}
