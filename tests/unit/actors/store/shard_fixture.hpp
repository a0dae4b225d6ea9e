// One shard over a memory engine, under CAF's test coordinator.
#pragma once

#include "actors/store/store.hpp"
#include "runtime/protocols/register.hpp"
#include "runtime/telemetry/failure.hpp"
#include "storage/memory/memory_engine.hpp"
#include "tests/unit/actors/store/samples.hpp"
#include "tests/unit/runtime/test_system.hpp"

namespace actors::store::test {

struct shard_fixture : test_system {
  using failure = std::string;
  // Of the test's own requests: in virtual time, beyond all that a test lets pass.
  static constexpr std::chrono::seconds test_deadline{86'400};

  std::shared_ptr<storage::memory::memory_engine> engine{storage::memory::open()};
  std::shared_ptr<runtime::seams::manual_clock> clock = std::make_shared<runtime::seams::manual_clock>();
  std::shared_ptr<runtime::telemetry::memory_output> log =
    std::make_shared<runtime::telemetry::memory_output>();
  limits bounds;
  std::function<std::shared_ptr<storage::engine>(std::shared_ptr<storage::engine>)> wrap; // to look on
  bool commits_lone_writes = false;
  int locked = 0; // so many attempts to open find the folder in use
  int opened = 0;
  int ready = 0;
  std::shared_ptr<runtime::host::shard_revisions::cell> revision = runtime::host::shard_revisions().of("main");
  runtime::protocols::store_actor shard;

  // Bounds can be changed before.
  void start() {
    shard_options options;
    options.shard = "main";
    options.bounds = bounds;
    options.own_threads = false;
    options.commits_lone_writes = commits_lone_writes;
    options.clock = clock;
    options.revision = revision;
    options.log = runtime::telemetry::logger(log, clock, "store/main");
    options.open = [this]() -> std::shared_ptr<storage::engine> {
      if (locked > 0 && locked--)
        throw storage::error(storage::error_code::locked, "in use");
      ++opened;
      if (wrap)
        return wrap(engine);
      return engine;
    };
    options.on_ready = [this](const caf::strong_actor_ptr&) { ++ready; };
    shard = spawn_shard(sys, std::move(options));
  }

  ~shard_fixture() {
    if (shard)
      kill(shard.address());
  }

  // A request whose answer is taken later.
  template <class Request>
  auto ask(Request request) {
    return self->request(shard, test_deadline, std::move(request));
  }

  // The answer of a request that was asked, as text, or the failure's.
  template <class Reply, class Handle, class Show>
  std::string answer(Handle&& handle, Show show) {
    run();
    std::string text;
    handle.receive([&](const Reply& reply) { text = show(reply); },
                   [&](caf::error& e) { text = "error: " + runtime::telemetry::failure_text(e); });
    return text;
  }

  template <class Handle>
  std::string committed(Handle&& handle) {
    return answer<protocol::commit_reply>(handle, results_of);
  }

  std::string commit(const std::vector<write_sample>& writes) { return committed(ask(commit_of(writes))); }

  // Every message that was pushed to this test so far, in order.
  std::vector<std::string> pushed() {
    run();
    std::vector<std::string> result;
    bool more = true;
    while (more)
      self->receive([&](const protocol::shard_changes& m) { result.push_back(changes_of(m)); },
                    caf::after(std::chrono::seconds(0)) >> [&] { more = false; });
    return result;
  }

  std::string watch(int64_t after) {
    fb::WatchRequestT request;
    request.after = after;
    return answer<protocol::watch_reply>(
      ask(protocol::watch_request{request}), [](const protocol::watch_reply& r) {
        return std::to_string(r->oldest()) + ".." + std::to_string(r->current()) +
               (r->compacted() ? " compacted" : "");
      });
  }

  void acknowledge(int64_t to) {
    fb::ShardChangesAckT ack;
    ack.to = to;
    self->send(shard, protocol::shard_changes_ack{ack});
    run();
  }

  bool mailbox_empty() { return pushed().empty(); }
};

using strings = std::vector<std::string>;

} // namespace actors::store::test
