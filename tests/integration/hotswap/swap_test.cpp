// Hot swap as an operator meets it: real shared objects, a controller's actor under 1,000 events a second, real time.
#include "actors/controllers/framework/controller_actor.hpp"
#include "runtime/hotswap/commands.hpp"
#include "runtime/protocols/register.hpp"
#include "tests/integration/hotswap/counting_controller.hpp"
#include "tests/unit/actors/client/samples.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <fstream>
#include <iostream>
#include <mutex>
#include <thread>

namespace client = actors::client;
namespace framework = actors::controllers::framework;
namespace protocol = runtime::protocols::apiserver;
namespace hotswap = runtime::hotswap;
using namespace std::chrono_literals;
using hotswap_test::role;

namespace {

struct written {
  std::string by;
  int64_t syncs = 0, known = 0;
};

/// What the fake apiserver was told; read by the test's thread.
struct ledger {
  std::mutex mutex;
  std::map<std::string, written> last; // of each pod
  size_t writes = 0;
  std::chrono::steady_clock::time_point last_write{};
  std::chrono::nanoseconds gap_max{};

  void enter(const std::string& name, written what) {
    std::lock_guard guard{mutex};
    const auto now = std::chrono::steady_clock::now();
    if (writes++ > 0)
      gap_max = std::max(gap_max, now - last_write);
    last_write = now;
    last[name] = std::move(what);
  }
  template <class F>
  auto read(F function) {
    std::lock_guard guard{mutex};
    return function(*this);
  }
};

/// "one more pod", from the test.
struct add_pod {
  std::string name;
};

} // namespace

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(add_pod)

namespace {

/// Serves watches of pods and nodes, and answers every write.
struct fake_apiserver {
  std::shared_ptr<ledger> book;
  std::map<std::string, std::pair<messages::codec::object_buffer, int64_t>> pods;
  std::map<uint64_t, std::pair<std::string, caf::strong_actor_ptr>> watches; // by id: resource, watcher
  int64_t revision = 1;
};

protocol::watch_batch batch_of(uint64_t id, int64_t revision, bool synced,
                               const std::vector<std::tuple<protocol::EventType, messages::codec::object_buffer, int64_t>>& events) {
  protocol::WatchBatchT batch;
  batch.watch_id = id;
  batch.revision = revision;
  batch.synced = synced;
  std::vector<runtime::transport::attachment> attachments;
  for (const auto& [type, object, at] : events) {
    auto event = std::make_unique<protocol::WatchEventT>();
    event->type = type;
    event->revision = at;
    event->object = static_cast<int32_t>(attachments.size());
    attachments.push_back({&client::pods.type(), object});
    batch.events.push_back(std::move(event));
  }
  return protocol::watch_batch{batch, std::move(attachments)};
}

caf::behavior run_apiserver(caf::stateful_actor<fake_apiserver>* self, std::shared_ptr<ledger> book) {
  self->state.book = std::move(book);
  const auto tell_watchers = [=](protocol::EventType type, const messages::codec::object_buffer& object) {
    const int64_t revision = ++self->state.revision;
    for (const auto& [id, watch] : self->state.watches)
      if (watch.first == "pods")
        caf::anon_send(caf::actor_cast<caf::actor>(watch.second), batch_of(id, revision, false, {{type, object, revision}}));
    return revision;
  };
  return {
    [=](const protocol::watch_request& request) {
      auto& state = self->state;
      const auto id = request->watch_id();
      const auto resource = request->target()->resource()->str();
      state.watches[id] = {resource, self->current_sender()};
      std::vector<std::tuple<protocol::EventType, messages::codec::object_buffer, int64_t>> events;
      if (resource == "pods")
        for (const auto& [name, pod] : state.pods)
          events.emplace_back(protocol::EventType::added, pod.first, pod.second);
      caf::anon_send(caf::actor_cast<caf::actor>(self->current_sender()), batch_of(id, state.revision, true, events));
      return protocol::watch_reply{protocol::WatchReplyT{}};
    },
    [=](const protocol::write_request& request) {
      if (request->target()->resource()->str() == "pods") { // the others are Events
        const auto patch = messages::codec::parse_json({request->patch()->c_str(), request->patch()->size()}).value;
        const auto number = [&](const char* name) { return std::stoll(std::string{patch.at({"metadata", "annotations", name}).str()}); };
        self->state.book->enter(request->target()->name()->str(),
                                {std::string{patch.at({"metadata", "annotations", "by"}).str()}, number("syncs"), number("known")});
      }
      protocol::WriteReplyT reply;
      reply.code = 200;
      return protocol::write_reply{reply};
    },
    [](const protocol::watch_ack&) {},
    [=](const protocol::watch_cancel& cancel) { self->state.watches.erase(cancel->watch_id()); },
    [=](const add_pod& what) {
      auto object = client_samples::packed_pod(what.name);
      self->state.pods[what.name] = {object, tell_watchers(protocol::EventType::added, object)};
    },
  };
}

bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds limit = 20s) {
  const auto until = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until)
      return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

const framework::controller_descriptor descriptor{
  .name = "counting",
  .account = "counting-controller",
  .summary = "counts",
  .make = [](const runtime::host::role_context&) -> std::unique_ptr<framework::controller> {
    return std::make_unique<hotswap_test::counting_controller>("built-in");
  },
};

struct temporary_folder {
  std::filesystem::path path;
  temporary_folder() {
    auto name = (std::filesystem::temp_directory_path() / "troupe-swap-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~temporary_folder() {
    std::filesystem::remove_all(path);
  }
};

struct system_config : caf::actor_system_config {
  system_config() {
    set("scheduler.max-threads", size_t{2});
    set("logger.console", caf::atom("none"));
    runtime::protocols::register_messages(*this);
  }
};

/// One role on one host: what `troupe host` and its control socket would be.
struct host_fixture {
  temporary_folder data;
  system_config config;
  caf::actor_system system{config};
  std::shared_ptr<ledger> book = std::make_shared<ledger>();
  std::shared_ptr<runtime::seams::system_clock> clock = std::make_shared<runtime::seams::system_clock>();
  std::shared_ptr<hotswap::version_table> versions = std::make_shared<hotswap::version_table>(data.path, clock, runtime::telemetry::logger{});
  runtime::control::command_table commands;
  runtime::directory::handle directory = runtime::directory::spawn(system, "a", {});
  runtime::host::role_context context;
  caf::actor apiserver;
  caf::strong_actor_ptr actor;
  int pods = 0;

  explicit host_fixture(int pods_before = 100) {
    hotswap::add_commands(commands, system, versions);
    context.id = role;
    context.role = role;
    context.host = "a";
    context.directory = directory;
    context.clock = clock;
    context.random = std::make_shared<runtime::seams::seeded_random>(1);
    context.versions = versions;
    apiserver = system.spawn(run_apiserver, book);
    caf::anon_send(directory, runtime::directory::register_role{"apiserver/a", caf::actor_cast<caf::strong_actor_ptr>(apiserver), ""});
    for (int i = 0; i < pods_before; ++i)
      one_more();
    start();
    REQUIRE(eventually([&] { return written_by("built-in") == static_cast<size_t>(pods); }));
  }
  ~host_fixture() {
    end();
    caf::anon_send_exit(apiserver, caf::exit_reason::kill);
    caf::anon_send_exit(directory, caf::exit_reason::kill);
    apiserver = nullptr;
    directory = nullptr;
    context.directory = nullptr;
  }
  void start() {
    actor = caf::actor_cast<caf::strong_actor_ptr>(system.spawn<framework::controller_actor>(context, descriptor));
  }
  void end() {
    caf::scoped_actor self{system};
    self->send_exit(caf::actor_cast<caf::actor>(actor), caf::exit_reason::kill);
    self->wait_for(caf::actor_cast<caf::actor>(actor));
    actor = nullptr;
  }
  void one_more() {
    caf::anon_send(apiserver, add_pod{"pod-" + std::to_string(pods++)});
  }
  /// How many pods this version has looked at last.
  size_t written_by(const std::string& version) {
    return book->read([&](auto& all) {
      return static_cast<size_t>(std::count_if(all.last.begin(), all.last.end(), [&](const auto& item) { return item.second.by == version; }));
    });
  }
  runtime::control::reply ask(const runtime::control::words& request) {
    return commands.answer(request, std::chrono::steady_clock::now() + 20s);
  }
  runtime::control::reply swap(const std::string& plugin, int probation_ms = 60'000) {
    return swap_file(std::string{PLUGIN_FOLDER} + "/swap_" + plugin + ".so", probation_ms);
  }
  runtime::control::reply swap_file(const std::string& file, int probation_ms = 60'000) {
    return ask({"swap", role, file, std::to_string(probation_ms)});
  }
  runtime::control::reply roll_back() {
    return ask({"swap-rollback", role});
  }
  hotswap::record last() {
    return versions->records().back();
  }
  std::string running() {
    return versions->running(role)->name;
  }
  /// The built-in version works on, as if nothing had been asked.
  void check_untouched() {
    CHECK(running() == "built-in");
    const auto name = "pod-" + std::to_string(pods);
    one_more();
    CHECK(eventually([&] { return book->read([&](auto& all) { return all.last[name].by == "built-in"; }); }));
  }
  bool wait_for(hotswap::outcome what) {
    return eventually([&] { return last().what == what; });
  }
};

int64_t value_of(const runtime::control::reply& answer, const std::string& name) {
  for (const auto& line : answer.lines)
    if (line.size() == 2 && line[0] == name)
      return std::stoll(line[1]);
  return -1;
}

#ifdef __SANITIZE_ADDRESS__
constexpr bool timed = false; // instrumented code is many times slower
constexpr int pods_before = 500;
constexpr auto event_interval = 20ms;
#else
constexpr bool timed = true;
constexpr int pods_before = 5'000;
constexpr auto event_interval = 1ms;
#endif

/// Adds a pod each event_interval until it ends.
class event_stream {
public:
  explicit event_stream(host_fixture& host) : thread_([this, &host] {
    auto next = std::chrono::steady_clock::now();
    while (!stop_) {
      host.one_more();
      std::this_thread::sleep_until(next += event_interval);
    }
  }) {}
  ~event_stream() {
    stop_ = true;
    thread_.join();
  }

private:
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

} // namespace

TEST_CASE("swaps under 1,000 events a second lose nothing and pause for less than 10 ms") {
  constexpr int swaps = 5;
  host_fixture host{pods_before};
  std::vector<int64_t> pauses;
  {
    event_stream events{host};
    for (int i = 0; i < swaps; ++i) {
      const auto answer = host.swap(i % 2 == 0 ? "good" : "better", 100);
      REQUIRE(answer.error == "");
      pauses.push_back(value_of(answer, "pause_us"));
      CHECK(value_of(answer, "state_bytes") > 0);
      REQUIRE(host.wait_for(hotswap::outcome::settled));
    }
  }
  // Every pod there ever was has been looked at by the last version, which knows all of them.
  const auto last = swaps % 2 == 1 ? "good" : "better";
  CHECK(eventually([&] { return host.written_by(last) == static_cast<size_t>(host.pods); }));
  const auto newest = "pod-" + std::to_string(host.pods - 1);
  CHECK(host.book->read([&](auto& all) { return all.last[newest].known; }) == host.pods);
  // What a version counted, its successor goes on counting: every decision of every version is in the last one's number.
  const auto uncounted = [](const ledger& all) {
    int64_t most = 0;
    for (const auto& [name, item] : all.last)
      most = std::max(most, item.syncs);
    return most - static_cast<int64_t>(all.writes);
  };
  CHECK(eventually([&] { return host.book->read(uncounted) == 0; }));
  std::sort(pauses.begin(), pauses.end());
  std::cout << "pause of " << swaps << " swaps in us: median " << pauses[swaps / 2] << ", most " << pauses.back()
            << "; longest time between two writes " << host.book->read([](auto& all) { return all.gap_max; }) / 1us << "\n";
  CHECK((!timed || pauses[swaps / 2] <= 10'000));
}

TEST_CASE("what does not fit is refused with a reason, and the old version works on") {
  host_fixture host;
  const auto refused = [&](const std::string& plugin, const std::string& why) {
    INFO(plugin);
    CHECK_THAT(host.swap(plugin).error, Catch::Contains(why));
    CHECK(host.last().what == hotswap::outcome::refused);
    CHECK_THAT(host.last().reason, Catch::Contains(why));
  };
  refused("no_plugin", "is no plugin of troupe");
  refused("missing", "No such file or directory");
  refused("foreign", "was built for `troupe");
  refused("elsewhere", "is a version of `controllers/other`, not of `controllers/counting`");
  refused("unmakable", "cannot be made: no such colour");
  refused("choosy", "it failed on an object: cannot bear default/pod-0");
  refused("rejecting", "it rejects the state of built-in (3 bytes)");
  const auto text = host.data.path / "notes.txt";
  std::ofstream{text} << "swap me in\n";
  CHECK_THAT(host.swap_file(text).error, Catch::Contains("is no shared object"));
  CHECK_THAT(host.swap_file(host.data.path).error, Catch::Contains("is no file"));
  CHECK_THAT(host.ask({"swap", "controllers/countin", "x", "1"}).error, Catch::Contains("did you mean controllers/counting?"));
  CHECK_THAT(host.swap("good", 0).error, Catch::Contains("a probation is between"));
  CHECK_THAT(host.roll_back().error, Catch::Contains("there is nothing to go back to"));
  host.check_untouched();
  REQUIRE(host.swap("good").error == ""); // and the role can be swapped still
  CHECK(eventually([&] { return host.written_by("good") == static_cast<size_t>(host.pods); }));
}

TEST_CASE("a version that throws in its probation is rolled back at once") {
  host_fixture host;
  REQUIRE(host.swap("crashing").error == "");
  REQUIRE(host.wait_for(hotswap::outcome::rolled_back));
  CHECK_THAT(host.last().reason, Catch::Contains("it threw: cannot decide on default/pod-"));
  CHECK(eventually([&] { return host.written_by("built-in") == static_cast<size_t>(host.pods); }));
  host.check_untouched();
}

TEST_CASE("a version that falls behind in its probation is rolled back") {
  host_fixture host;
  event_stream events{host};
  REQUIRE(host.swap("slow", 20'000).error == "");
  REQUIRE(host.wait_for(hotswap::outcome::rolled_back));
  CHECK_THAT(host.last().reason, Catch::Contains("it falls behind"));
  CHECK(host.running() == "built-in");
}

TEST_CASE("a version whose actor fails in its probation is given up, one that is settled is started again") {
  host_fixture host;
  REQUIRE(host.swap("good", 60'000).error == "");
  CHECK_THAT(host.swap("better").error, Catch::Contains("has version good on probation"));
  host.end(); // as its supervisor would see it
  host.start();
  CHECK(host.running() == "built-in");
  CHECK(host.last().what == hotswap::outcome::rolled_back);
  host.check_untouched();
  REQUIRE(host.swap("good", 50).error == "");
  REQUIRE(host.wait_for(hotswap::outcome::settled));
  host.end();
  host.start();
  CHECK(host.running() == "good");
  const auto pods = static_cast<size_t>(host.pods);
  CHECK(eventually([&] { return host.written_by("good") == pods; }));
  // And after a restart of the whole host.
  auto next = std::make_shared<hotswap::version_table>(host.data.path, host.clock, runtime::telemetry::logger{});
  next->restore();
  host.end();
  host.context.versions = host.versions = next;
  host.start();
  CHECK(host.running() == "good");
  CHECK(next->records().back().what == hotswap::outcome::restored);
}

TEST_CASE("an operator rolls back, from a probation and after it, step by step") {
  host_fixture host;
  REQUIRE(host.swap("good").error == "");
  REQUIRE(host.roll_back().error == "");
  CHECK(host.running() == "built-in");
  CHECK(host.last().reason == "by `troupe swap --rollback`");
  REQUIRE(host.swap("good", 50).error == "");
  REQUIRE(host.wait_for(hotswap::outcome::settled));
  REQUIRE(host.swap("better", 50).error == "");
  REQUIRE(host.wait_for(hotswap::outcome::settled));
  REQUIRE(host.roll_back().error == "");
  CHECK(host.running() == "good");
  REQUIRE(host.roll_back().error == "");
  CHECK(host.running() == "built-in");
  host.check_untouched();
}

TEST_CASE("two commands at once on one role: the second is refused") {
  host_fixture host;
  {
    hotswap::version_table::turn turn{*host.versions, role};
    CHECK(host.swap("good").error == "another swap of `controllers/counting` is under way");
    CHECK(host.roll_back().error == "another swap of `controllers/counting` is under way");
  }
  std::vector<std::thread> threads;
  std::atomic<int> done{0};
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] { done += host.swap("good").error.empty() ? 1 : 0; });
  for (auto& thread : threads)
    thread.join();
  CHECK(done == 1); // the others came at the same time, or found it on probation
}

TEST_CASE("a process takes a bounded number of plugins") {
  host_fixture host;
  for (size_t i = 0; i < hotswap::version_table::loads_max; ++i)
    CHECK_THAT(host.swap("elsewhere").error, Catch::Contains("not of"));
  CHECK_THAT(host.swap("no_plugin").error, Catch::Contains("is no plugin")); // said before it would be loaded
  CHECK_THAT(host.swap("good").error, Catch::Contains("restart the host"));
  host.check_untouched();
}
