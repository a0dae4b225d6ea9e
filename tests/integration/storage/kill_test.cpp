// Kills a store with SIGKILL 50 times at random moments, under 8 concurrent writers, and checks after each
// that every acknowledged write is there exactly once and that the change log equals the state.
// STORAGE_KILL_SEED replays a run.
#include "storage/lmdb/lmdb_engine.hpp"
#include "tests/unit/storage/subjects.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <catch2/catch.hpp>
#include <chrono>
#include <csignal>
#include <iostream>
#include <map>
#include <random>

using namespace storage;
using namespace std::chrono;

namespace {

constexpr int rounds = 50;
constexpr int delay_ms_max = 60;
constexpr auto first_write_max = seconds(20);

uint64_t seed() {
  if (const char* given = std::getenv("STORAGE_KILL_SEED"))
    return std::stoull(given);
  return std::random_device{}();
}

struct acknowledgement {
  std::string key;
  revision rev;
};

// The child process and the pipe with its acknowledgements.
class writer {
public:
  writer(const std::string& folder, int round, bool compact) {
    int ends[2];
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    pipe_ = ends[0];
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
    auto number = std::to_string(round);
    std::string program = KILL_WRITER;
    std::string path = folder;
    std::string mode = compact ? "compact" : "keep";
    char* arguments[] = {program.data(), path.data(), number.data(), mode.data(), nullptr};
    const int failed = ::posix_spawn(&process_, KILL_WRITER, &actions, nullptr, arguments, environ);
    ::posix_spawn_file_actions_destroy(&actions);
    ::close(ends[1]);
    REQUIRE(failed == 0);
  }

  ~writer() {
    if (process_ > 0)
      kill();
    ::close(pipe_);
  }

  // Reads acknowledgements until `time` has passed, or the first one is there.
  void run_for(milliseconds time, bool until_first = false) {
    const auto end = steady_clock::now() + time;
    for (;;) {
      const auto left = ceil<milliseconds>(end - steady_clock::now()).count();
      if (left <= 0 || (until_first && !text_.empty()))
        return;
      pollfd ready{pipe_, POLLIN, 0};
      if (::poll(&ready, 1, static_cast<int>(left)) > 0 && !read_some())
        return;
    }
  }

  // Returns whether it was alive until then, and takes what is left in the pipe.
  bool kill() {
    ::kill(process_, SIGKILL);
    int status = 0;
    ::waitpid(process_, &status, 0);
    process_ = -1;
    while (read_some()) {
    }
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  }

  std::vector<acknowledgement> acknowledgements() const {
    std::vector<acknowledgement> list;
    for (size_t at = 0, end; (end = text_.find('\n', at)) != std::string::npos; at = end + 1) {
      const auto space = text_.find(' ', at);
      list.push_back({text_.substr(at, space - at), std::stoll(text_.substr(space + 1, end - space - 1))});
    }
    return list;
  }

private:
  bool read_some() {
    char buffer[65536];
    const auto n = ::read(pipe_, buffer, sizeof buffer);
    if (n <= 0)
      return false;
    text_.append(buffer, static_cast<size_t>(n));
    return true;
  }

  pid_t process_ = -1;
  int pipe_ = -1;
  std::string text_;
};

std::map<std::string, record> state_at(engine& e, revision at) {
  std::map<std::string, record> state;
  range_page page;
  page.at = at;
  std::string after;
  do {
    page = e.range("/", after, 1000, page.at);
    for (auto& r : page.records) {
      after = r.key;
      REQUIRE(state.emplace(after, std::move(r)).second);
    }
  } while (page.more);
  return state;
}

// The writers erase every eighth of their keys.
bool may_be_erased(const std::string& unique_key) {
  return std::stoi(unique_key.substr(unique_key.rfind('/') + 1)) % 8 == 7;
}

// What the log tells, whatever has been forgotten of it.
struct log_check {
  std::map<revision, std::string> key_of;   // every revision that was ever seen in the log
  std::map<std::string, revision> created;  // unique keys, when they were created
  std::map<std::string, revision> promised; // acknowledged creations that no erase was tried for

  // Follows the log from the oldest state to the newest and compares; learns what is new in it.
  void run(engine& e) {
    const auto oldest = e.oldest();
    auto state = oldest == 0 ? std::map<std::string, record>{} : state_at(e, oldest);
    auto rev = oldest;
    while (rev < e.current())
      for (const auto& c : e.changes(rev, 1000).changes) {
        REQUIRE(c.rev == ++rev); // no gap, no duplicate
        apply(state, c);
        const auto [known, is_new] = key_of.emplace(c.rev, c.key);
        REQUIRE(known->second == c.key); // what was there before a kill is what is there after it
        if (c.kind == change_kind::put && c.key.starts_with("/unique/"))
          REQUIRE(created.emplace(c.key, c.rev).first->second == c.rev); // created once
      }
    REQUIRE(state == state_at(e, 0));
    for (const auto& [key, rev] : promised) {
      REQUIRE(state.contains(key));
      REQUIRE(state.at(key).modified == rev);
      REQUIRE(state.at(key).value.find(key) != std::string::npos); // its own value
    }
  }

  static void apply(std::map<std::string, record>& state, const change& c) {
    const auto before = state.find(c.key);
    REQUIRE((before != state.end()) == c.previous.has_value());
    if (c.previous) {
      REQUIRE(before->second.value == *c.previous);
      REQUIRE(before->second.modified == c.previous_rev);
    }
    if (c.kind == change_kind::erase)
      state.erase(before);
    else
      state[c.key] = {c.key, c.created, c.rev, c.value};
  }
};

} // namespace

TEST_CASE("every acknowledged write survives SIGKILL at any moment, exactly once") {
  const auto number = seed();
  std::cout << "seed " << number << " (replay the moments with STORAGE_KILL_SEED=" << number << ")"
            << std::endl;
  std::mt19937_64 random(number);
  test::temporary_folder folder;
  const auto store = folder.path() / "main";
  log_check log;
  size_t acknowledged = 0;
  revision newest = 0;
  int rounds_with_writes = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto delay = milliseconds(std::uniform_int_distribution<>(0, delay_ms_max)(random));
    // Mostly counted from the first write; in every fifth round from the start, to hit the opening of the
    // store.
    const bool from_start = round % 5 == 4;
    // First with the whole log kept, then with history forgotten while writes go on.
    const bool compact = round >= rounds / 2;
    INFO("round " << round << ", killed after " << delay.count() << " ms"
                  << (from_start ? " from the start" : ""));
    std::vector<acknowledgement> acks;
    {
      writer w(store, round, compact);
      if (!from_start)
        w.run_for(first_write_max, true);
      w.run_for(delay);
      REQUIRE(w.kill()); // it did not end by itself
      acks = w.acknowledgements();
    }
    const auto e = lmdb::open({store});
    for (const auto& a : acks)
      if (a.key.starts_with("/unique/") && !may_be_erased(a.key))
        REQUIRE(log.promised.emplace(a.key, a.rev).second);
    log.run(*e);
    revision last = newest;
    for (const auto& a : acks) {
      REQUIRE(a.rev > newest); // above all revisions of the rounds before
      REQUIRE(a.rev <= e->current());
      last = std::max(last, a.rev);
      // Compaction may have taken the entry before we saw it; what is in the log is that write.
      if (a.rev > e->oldest())
        REQUIRE(log.key_of.at(a.rev) == a.key);
    }
    REQUIRE(e->current() >= last);
    newest = e->current();
    acknowledged += acks.size();
    rounds_with_writes += !acks.empty();
  }
  const auto e = lmdb::open({store});
  std::cout << rounds << " kills, " << acknowledged << " acknowledged writes in " << rounds_with_writes
            << " rounds, revision " << e->current() << ", oldest " << e->oldest() << std::endl;
  CHECK(rounds_with_writes >= rounds * 4 / 5);
  CHECK(e->oldest() > 0);
}
