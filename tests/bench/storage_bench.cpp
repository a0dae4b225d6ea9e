// Durable puts of 2 KB per second from 64 concurrent clients: through the engine alone with a plain batching
// queue, and through the shard actor, without and with a watcher. `storage_bench [SECONDS [FOLDER]]`; FOLDER
// decides which disk.
#include "actors/store/store.hpp"
#include "runtime/protocols/register.hpp"
#include "runtime/transport/ask.hpp"
#include "storage/lmdb/lmdb_engine.hpp"
#include "tests/unit/actors/store/samples.hpp"
#include "tests/unit/storage/subjects.hpp"

#include <sys/resource.h>
#include <algorithm>
#include <condition_variable>
#include <cstdio>
#include <future>
#include <thread>

using namespace std::chrono;
using namespace actors::store;
using namespace actors::store::test;

namespace {

constexpr int clients = 64;
constexpr int keys_per_client = 300;
constexpr size_t value_bytes = 2048;

struct result {
  size_t puts = 0;
  std::vector<float> latency_us;
};

double cpu_seconds() {
  rusage used;
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

// CPU time includes that of the clients.
void print(const char* name, result r, double elapsed) {
  static double cpu_before = 0;
  const auto cpu = cpu_seconds();
  std::sort(r.latency_us.begin(), r.latency_us.end());
  const auto at = [&](double part) {
    return r.latency_us[static_cast<size_t>(part * (r.latency_us.size() - 1))];
  };
  std::printf("%-34s %8.0f puts/s   p50 %6.2f ms   p99 %6.2f ms   %5.1f us CPU per put\n", name,
              r.puts / elapsed, at(0.5) / 1000, at(0.99) / 1000,
              (cpu - cpu_before) * 1e6 / static_cast<double>(r.puts));
  cpu_before = cpu;
  std::fflush(stdout);
}

std::string key_of(int client, size_t n) {
  return "/pods/namespace-" + std::to_string(client) + "/pod-" + std::to_string(n % keys_per_client);
}

// The simplest group commit: whoever waits is committed by one thread.
class batching_queue {
public:
  explicit batching_queue(storage::engine& e) : engine_(e), committer_([this] { run(); }) {}
  ~batching_queue() {
    {
      std::lock_guard held(mutex_);
      stop_ = true;
    }
    wake_.notify_one();
    committer_.join();
  }
  void put(storage::write w) {
    std::promise<void> done;
    auto wait = done.get_future();
    {
      std::lock_guard held(mutex_);
      writes_.push_back(std::move(w));
      waiters_.push_back(std::move(done));
    }
    wake_.notify_one();
    wait.get();
  }

private:
  void run() {
    for (;;) {
      std::vector<storage::write> writes;
      std::vector<std::promise<void>> waiters;
      {
        std::unique_lock held(mutex_);
        wake_.wait(held, [&] { return stop_ || !writes_.empty(); });
        if (writes_.empty())
          return;
        writes.swap(writes_);
        waiters.swap(waiters_);
      }
      engine_.commit(writes, time(nullptr));
      for (auto& w : waiters)
        w.set_value();
    }
  }
  storage::engine& engine_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::vector<storage::write> writes_;
  std::vector<std::promise<void>> waiters_;
  bool stop_ = false;
  std::thread committer_;
};

void bench_engine(const std::filesystem::path& folder, seconds time) {
  const auto engine = storage::lmdb::open({folder});
  std::vector<result> results(clients);
  const auto start = steady_clock::now();
  {
    batching_queue queue(*engine);
    std::vector<std::thread> threads;
    for (int i = 0; i < clients; ++i)
      threads.emplace_back([&, i] {
        auto& r = results[i];
        for (auto now = steady_clock::now(); now < start + time;) {
          queue.put(storage::test::put(key_of(i, r.puts++), std::string(value_bytes, 'x')));
          const auto end = steady_clock::now();
          r.latency_us.push_back(duration<float, std::micro>(end - now).count());
          now = end;
        }
      });
    for (auto& t : threads)
      t.join();
  }
  const double elapsed = duration<double>(steady_clock::now() - start).count();
  result all;
  for (auto& r : results) {
    all.puts += r.puts;
    all.latency_us.insert(all.latency_us.end(), r.latency_us.begin(), r.latency_us.end());
  }
  print("engine, one queue", std::move(all), elapsed);
}

using client_done = caf::atom_constant<caf::atom("done")>;

struct client_state {
  result r;
  steady_clock::time_point sent;
};

void send_next(caf::stateful_actor<client_state>* self, runtime::protocols::store_actor shard, int number,
               attachment object, steady_clock::time_point end, result* out) {
  auto& state = self->state;
  state.sent = steady_clock::now();
  if (state.sent >= end) {
    *out = std::move(state.r);
    self->quit();
    return;
  }
  fb::CommitRequestT request;
  request.writes.push_back(std::make_unique<fb::WriteT>());
  request.writes.back()->key = key_of(number, state.r.puts);
  request.writes.back()->object = 0;
  runtime::transport::ask(
    self, shard, 10s, protocol::commit_request{request, {object}},
    [=](const protocol::commit_reply&) {
      ++self->state.r.puts;
      self->state.r.latency_us.push_back(
        duration<float, std::micro>(steady_clock::now() - self->state.sent).count());
      send_next(self, shard, number, object, end, out);
    },
    [=](caf::error& e) {
      std::fprintf(stderr, "put failed: %s\n", self->system().render(e).c_str());
      self->quit();
    });
}

runtime::protocols::shard_watcher_actor::behavior_type watch(
  runtime::protocols::shard_watcher_actor::pointer self, runtime::protocols::store_actor shard,
  std::atomic<size_t>* seen) {
  self->request(shard, 10s, protocol::watch_request{fb::WatchRequestT{}})
    .then([](const protocol::watch_reply&) {});
  return {[=](const protocol::shard_changes& m) {
    *seen += m->changes() ? m->changes()->size() : 0;
    fb::ShardChangesAckT ack;
    ack.to = m->to();
    self->send(shard, protocol::shard_changes_ack{ack});
  }};
}

void bench_shard(const std::filesystem::path& folder, seconds time, bool with_watcher) {
  caf::actor_system_config config;
  config.set("scheduler.policy", caf::atom("sharing"));
  runtime::protocols::register_messages(config);
  caf::actor_system system{config};
  shard_options options;
  options.shard = "pods";
  options.open = [=]() -> std::shared_ptr<storage::engine> { return storage::lmdb::open({folder}); };
  options.clock = std::make_shared<runtime::seams::system_clock>();
  const auto shard = spawn_shard(system, options);
  std::atomic<size_t> seen{0};
  caf::actor watcher;
  if (with_watcher)
    watcher = caf::actor_cast<caf::actor>(system.spawn(watch, shard, &seen));
  std::vector<result> results(clients);
  caf::scoped_actor self{system};
  const auto start = steady_clock::now();
  const auto payload = object(std::string(value_bytes, 'x'));
  std::vector<caf::actor> actors;
  for (int i = 0; i < clients; ++i)
    actors.push_back(
      system.spawn([=, out = &results[i]](caf::stateful_actor<client_state>* me) -> caf::behavior {
        send_next(me, shard, i, payload, start + time, out);
        return {[](client_done) {}};
      }));
  self->wait_for(actors);
  const double elapsed = duration<double>(steady_clock::now() - start).count();
  result all;
  for (auto& r : results) {
    all.puts += r.puts;
    all.latency_us.insert(all.latency_us.end(), r.latency_us.begin(), r.latency_us.end());
  }
  const auto puts = all.puts;
  print(with_watcher ? "shard actor, one watcher" : "shard actor", std::move(all), elapsed);
  if (with_watcher) {
    for (int i = 0; i < 100 && seen < puts; ++i)
      std::this_thread::sleep_for(10ms);
    std::printf("%-34s %8zu of %zu changes\n", "  the watcher saw", seen.load(), puts);
    caf::anon_send_exit(watcher, caf::exit_reason::user_shutdown);
  }
  caf::anon_send_exit(shard, caf::exit_reason::user_shutdown);
  self->wait_for(shard);
}

} // namespace

int main(int argc, char** argv) {
  const seconds time{argc > 1 ? std::atoi(argv[1]) : 5};
  storage::test::temporary_folder temporary;
  const auto folder = argc > 2 ? std::filesystem::path(argv[2]) / "storage_bench" : temporary.path();
  bench_engine(folder / "engine", time);
  bench_shard(folder / "shard", time, false);
  bench_shard(folder / "watched", time, true);
  std::filesystem::remove_all(folder);
}
