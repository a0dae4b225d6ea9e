// `troupe host`, `ps` and `kill` as processes: what an operator sees.
#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>

using namespace std::chrono_literals;
namespace fs = std::filesystem;

namespace {

constexpr auto patience = 20s;

std::string slurp(const fs::path& file) {
  std::ifstream in{file};
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Polls a condition that another process brings about.
bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds limit = patience) {
  auto until = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until)
      return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

struct folder {
  fs::path path;
  folder() {
    auto name = (fs::temp_directory_path() / "troupe-host-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~folder() {
    fs::remove_all(path);
  }
};

/// A port that was free a moment ago.
int free_port() {
  auto fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof in;
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&in), size) == 0);
  getsockname(fd, reinterpret_cast<sockaddr*>(&in), &size);
  close(fd);
  return ntohs(in.sin_port);
}

class process {
public:
  process(const folder& place, std::vector<std::string> arguments) {
    static int number = 0;
    auto base = place.path / ("process-" + std::to_string(number++));
    out_ = base.string() + ".out";
    err_ = base.string() + ".err";
    arguments.insert(arguments.begin(), HOST_UNDER_TEST);
    std::vector<char*> argv;
    for (auto& argument : arguments)
      argv.push_back(argument.data());
    argv.push_back(nullptr);
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      dup2(open(out_.c_str(), O_WRONLY | O_CREAT, 0600), 1);
      dup2(open(err_.c_str(), O_WRONLY | O_CREAT, 0600), 2);
      execv(argv[0], argv.data());
      _exit(127);
    }
  }

  ~process() {
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
  }

  void signal(int number) {
    ::kill(pid_, number);
  }

  /// Exit code; -1 when it does not end, 1000 + signal when one ended it.
  int exit_code() {
    int status = 0;
    if (!eventually([&] { return waitpid(pid_, &status, WNOHANG) == pid_; }))
      return -1;
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
  }

  std::string out() const {
    return slurp(out_);
  }
  std::string err() const {
    return slurp(err_);
  }

private:
  pid_t pid_;
  fs::path out_, err_;
};

struct result {
  int code;
  std::string out, err;
};

struct cluster {
  folder place;
  int port = free_port();
  fs::path data = place.path / "data";
  fs::path file = place.path / "p.yaml";

  explicit cluster(const std::string& more = {}) {
    std::ofstream{file} << "apiVersion: troupe.dev/v1\nkind: Placement\n"
                           "hosts: [{name: host-a, address: 127.0.0.1:7100}]\n"
                           "roles:\n"
                           "  - {role: store, host: host-a}\n"
                           "  - {role: apiserver, host: host-a, address: 127.0.0.1:"
                        << port << "}\n  - {role: scheduler, host: host-a}\n" << more;
  }

  std::vector<std::string> host_arguments() const {
    return {"host", "--placement", file.string(), "--data", data.string()};
  }

  result run(std::vector<std::string> arguments) const {
    arguments.insert(arguments.end(), {"--data", data.string()});
    process p{place, arguments};
    auto code = p.exit_code();
    return {code, p.out(), p.err()};
  }

  bool wait_ready(const process& host) const {
    return eventually([&] { return host.out() == "troupe: ready: https://127.0.0.1:" + std::to_string(port) + "\n"; });
  }

  /// The line of `troupe ps` for one actor.
  std::string row(const std::string& id) const {
    std::istringstream lines{run({"ps"}).out};
    std::string line;
    while (std::getline(lines, line))
      if (line.substr(0, id.size() + 1) == id + " ")
        return line;
    return {};
  }
};

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

} // namespace

TEST_CASE("a host says when it is ready, lists its actors, and stops in order with exit code 0") {
  cluster c;
  process host{c.place, c.host_arguments()};
  REQUIRE(c.wait_ready(host));
  auto ps = c.run({"ps"});
  CHECK(ps.code == 0);
  for (auto id : {"store/pods", "store/main", "apiserver/host-a", "scheduler", "directory", "supervisor ", "supervisor/store"})
    CHECK(has(ps.out, id));
  CHECK(has(c.row("apiserver/host-a"), "running"));
  CHECK(has(c.run({"ps", "-o", "json"}).out, "\"id\":\"scheduler\""));
  host.signal(SIGTERM);
  CHECK(host.exit_code() == 0);
  auto log = host.err();
  auto scheduler = log.find("role=scheduler msg=released");
  auto front = log.find("role=apiserver/host-a msg=released");
  auto store = log.find("role=store/main msg=released");
  REQUIRE(store != std::string::npos);
  CHECK(scheduler < front);
  CHECK(front < store);
  CHECK_FALSE(fs::exists(c.data / "control.sock"));
}

TEST_CASE("kill makes any actor fail, which its supervisor restarts") {
  cluster c;
  process host{c.place, c.host_arguments()};
  REQUIRE(c.wait_ready(host));
  for (auto id : {"scheduler", "apiserver/host-a", "store/main", "store/pods", "supervisor/store", "directory"}) {
    auto kill = c.run({"kill", id});
    INFO(id << kill.err);
    CHECK(kill.code == 0);
    CHECK(eventually([&] { return has(c.row(id), "running"); }));
    CHECK(has(c.row(id), "killed by `troupe kill`"));
  }
  CHECK(eventually([&] { return has(c.row("apiserver/host-a"), "running"); }));
  auto unknown = c.run({"kill", "schedular"});
  CHECK(unknown.code == 1);
  CHECK(has(unknown.err, "no actor is named `schedular`; did you mean scheduler"));
  CHECK(c.run({"kill", "supervisor"}).code == 1);
  host.signal(SIGINT);
  CHECK(host.exit_code() == 0);
}

TEST_CASE("a role that always breaks is restarted ever more slowly and harms no other") {
  cluster c{"  - {role: crashing, host: host-a}\n"};
  process host{c.place, c.host_arguments()};
  REQUIRE(c.wait_ready(host));
  CHECK(eventually([&] { return has(c.row("crashing"), "it always breaks"); }));
  CHECK(has(c.run({"ps", "-o", "json"}).out,
            "\"id\":\"scheduler\",\"role\":\"scheduler\",\"host\":\"host-a\",\"state\":\"running\",\"restarts\":0,"));
  host.signal(SIGTERM);
  CHECK(host.exit_code() == 0);
}

TEST_CASE("a role that does not stop in its time is killed") {
  cluster c{"  - {role: stubborn, host: host-a}\n"};
  process host{c.place, c.host_arguments()};
  REQUIRE(c.wait_ready(host));
  auto kill = c.run({"kill", "stubborn"});
  CHECK(kill.code == 0);
  CHECK(eventually([&] { return has(c.row("stubborn"), "running"); }));
  host.signal(SIGTERM);
  CHECK(host.exit_code() == 0);
  CHECK(has(host.err(), "child had to be killed"));
}

TEST_CASE("a port in use ends the start with one clear error") {
  cluster c;
  auto fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  in.sin_port = htons(static_cast<uint16_t>(c.port));
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&in), sizeof in) == 0);
  process host{c.place, c.host_arguments()};
  CHECK(host.exit_code() == 1);
  CHECK(host.out() == "");
  CHECK(has(host.err(), "troupe: cannot start: apiserver/host-a: bind 127.0.0.1:" + std::to_string(c.port)
                          + ": Address already in use\n"));
  close(fd);
}

TEST_CASE("a data folder in use is refused, and free again after kill -9") {
  cluster c;
  {
    process host{c.place, c.host_arguments()};
    REQUIRE(c.wait_ready(host));
    process second{c.place, c.host_arguments()};
    CHECK(second.exit_code() == 1);
    CHECK(second.err() == "troupe: data folder " + c.data.string() + ": in use by another troupe host\n");
    host.signal(SIGKILL);
    CHECK(host.exit_code() == 1000 + SIGKILL);
  }
  CHECK(fs::exists(c.data / "control.sock"));
  auto ps = c.run({"ps"});
  CHECK(ps.code == 1);
  CHECK(has(ps.err, "no troupe host runs on data folder"));
  process again{c.place, c.host_arguments()};
  CHECK(c.wait_ready(again));
  CHECK(c.run({"ps"}).code == 0);
}

TEST_CASE("a wrong placement file gives its place and exit code 2") {
  cluster c{"  - {role: schedular, host: host-a}\n"};
  process host{c.place, c.host_arguments()};
  CHECK(host.exit_code() == 2);
  CHECK(host.err() == "troupe: " + c.file.string() + ":8:12: unknown role `schedular` (did you mean `scheduler`?)\n");
  auto arguments = c.host_arguments();
  auto text = slurp(c.file);
  std::ofstream{c.file} << text.substr(0, text.rfind("  - {role: schedular"));
  arguments.insert(arguments.end(), {"--name", "host-b"});
  process other{c.place, arguments};
  CHECK(other.exit_code() == 2);
  CHECK(has(other.err(), "the placement has no host `host-b` (did you mean `host-a`?)"));
}

TEST_CASE("the control socket is for its owner, and bad clients do not stop it") {
  cluster c;
  process host{c.place, c.host_arguments()};
  REQUIRE(c.wait_ready(host));
  struct stat info {};
  REQUIRE(stat((c.data / "control.sock").c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  auto connect_raw = [&] {
    auto fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    auto path = (c.data / "control.sock").string();
    REQUIRE(path.size() < sizeof address.sun_path);
    std::copy(path.begin(), path.end(), address.sun_path);
    REQUIRE(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    return fd;
  };
  auto silent = connect_raw();
  auto flood = connect_raw();
  std::string junk(1 << 16, 'x');
  CHECK(send(flood, junk.data(), junk.size(), MSG_NOSIGNAL | MSG_DONTWAIT) > 0);
  auto hasty = connect_raw();
  CHECK(send(hasty, "ps\n", 3, MSG_NOSIGNAL) == 3);
  close(hasty);
  CHECK(c.run({"ps"}).code == 0);
  close(silent);
  close(flood);
  host.signal(SIGTERM);
  CHECK(host.exit_code() == 0);
}

TEST_CASE("when restarting does not help, the host ends with exit code 1 and says why") {
  cluster c{"  - {role: crashing, host: host-a, supervision: {backoff: {first: 1ms, cap: 1ms}}}\n"
            "supervision: {kubelet: {intensity: 2, period: 10s}, host: {intensity: 1, period: 20s}}\n"};
  process host{c.place, c.host_arguments()};
  CHECK(host.exit_code() == 1);
  auto said = host.err();
  INFO(said);
  for (auto part : {"troupe: the host gave up: restarting did not help\n",
                    "\n  supervisor/kubelet: more than 2 restarts in 10s; the last one failed: crashing\n",
                    "\n    crashing: it always breaks (3 times)\n",
                    "\n  supervisor: more than 1 restart in 20s; the last one failed: supervisor/kubelet\n",
                    "\nwhat to do: ", "To leave crashing down when it fails"})
    CHECK(has(said, part));
}

TEST_CASE("the tree of a host shows who restarts whom, how often and why") {
  cluster c{"  - {role: crashing, host: host-a, supervision: {restart: temporary}}\n"
            "supervision: {scheduler: {intensity: 3, period: 1m}}\n"};
  process host{c.place, c.host_arguments()};
  REQUIRE(c.wait_ready(host));
  CHECK(eventually([&] { return has(c.row("crashing"), "failed"); }));
  auto tree = c.run({"tree", "--ascii"});
  INFO(tree.out);
  CHECK(tree.code == 0);
  CHECK(has(tree.out, "\n|- supervisor/scheduler "));
  CHECK(has(tree.out, "one_for_one, 3 in 60s"));
  CHECK(has(tree.out, "\n|  `- scheduler "));
  CHECK(has(tree.out, "it always breaks"));
  CHECK(has(c.run({"tree"}).out, "├─ supervisor/store"));
  CHECK(c.run({"tree", "--asci"}).code == 2);
  host.signal(SIGTERM);
  CHECK(host.exit_code() == 0);
}
