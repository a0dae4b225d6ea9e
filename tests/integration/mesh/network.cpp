#include "tests/integration/mesh/network.hpp"

#include "runtime/mesh/pki_init.hpp"

#include <arpa/inet.h>
#include <csignal>
#include <cstring>
#include <deque>
#include <fcntl.h>
#include <fstream>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace mesh_test {

namespace fs = std::filesystem;
using clock = std::chrono::steady_clock;

namespace {

sockaddr_in loopback(int port) {
  sockaddr_in in{};
  in.sin_family = AF_INET;
  in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  in.sin_port = htons(static_cast<uint16_t>(port));
  return in;
}

int listen_on(int port) {
  auto fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int one = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  auto in = loopback(port);
  if (bind(fd, reinterpret_cast<sockaddr*>(&in), sizeof in) != 0 || listen(fd, 16) != 0)
    throw std::runtime_error("listen");
  return fd;
}

int port_of(int fd) {
  sockaddr_in in{};
  socklen_t size = sizeof in;
  getsockname(fd, reinterpret_cast<sockaddr*>(&in), &size);
  return ntohs(in.sin_port);
}

/// Held all at once, so that no two are the same.
std::vector<int> free_ports(size_t count) {
  std::vector<int> held, result;
  for (size_t i = 0; i < count; ++i) {
    held.push_back(listen_on(0));
    result.push_back(port_of(held.back()));
  }
  for (auto fd : held)
    close(fd);
  return result;
}

} // namespace

int free_port() {
  return free_ports(1).front();
}

world::world(std::vector<std::string> names) {
  auto name = (fs::temp_directory_path() / "troupe-mesh-XXXXXX").string();
  path_ = mkdtemp(name.data());
  runtime::mesh::init_pki({.folder = path_ / "pki",
                           .cluster = "troupe",
                           .hosts = names,
                           .now_seconds = runtime::seams::system_clock{}.wall_seconds()});
  auto ports = free_ports(names.size());
  for (auto& host : names) {
    all.push_back({host, "127.0.0.1:" + std::to_string(ports[all.size()])});
    fs::create_directories(data(host));
  }
}

void world::renew(const std::string& host) const {
  std::vector<std::string> names;
  for (auto& one : all)
    names.push_back(one.name);
  runtime::mesh::init_pki({.folder = path_ / "pki",
                           .cluster = "troupe",
                           .hosts = names,
                           .renew = host,
                           .now_seconds = runtime::seams::system_clock{}.wall_seconds()});
}

world::~world() {
  fs::remove_all(path_);
}

fs::path world::data(const std::string& host) const {
  return path_ / ("data-" + host);
}

std::string world::address(const std::string& host) const {
  for (auto& entry : all)
    if (entry.name == host)
      return entry.address;
  return {};
}

node_options world::options(const std::string& host) const {
  return {.host = host, .all = all, .pki = pki(host), .data = data(host), .log = log};
}

bool world::logged(const std::string& text) const {
  for (auto& line : log->lines())
    if (line.find(text) != line.npos)
      return true;
  return false;
}

wire::wire(const std::string& target) : target_(target), listener_(listen_on(0)), port_(port_of(listener_)) {
  thread_ = std::thread{[this] { run(); }};
}

wire::~wire() {
  stopping_ = true;
  thread_.join();
  for (auto& thread : threads_)
    thread.join();
  close(listener_);
}

void wire::run() {
  while (!stopping_) {
    pollfd watched{listener_, POLLIN, 0};
    if (poll(&watched, 1, 20) <= 0)
      continue;
    auto client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (client >= 0)
      threads_.emplace_back([this, client] { carry(client); });
  }
}

void wire::carry(int client) {
  auto server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  auto in = loopback(std::stoi(target_.substr(target_.rfind(':') + 1)));
  struct piece {
    clock::time_point due;
    std::string bytes;
  };
  std::deque<piece> waiting[2];
  int from[2] = {client, server}, to[2] = {server, client};
  bool open = connect(server, reinterpret_cast<sockaddr*>(&in), sizeof in) == 0;
  fcntl(server, F_SETFL, O_NONBLOCK);
  std::vector<char> buffer(64 << 10);
  while (open && !stopping_) {
    pollfd watched[2] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    if (stuck)
      watched[0].events = watched[1].events = 0;
    poll(watched, 2, 2);
    for (int way = 0; way < 2 && open; ++way) {
      auto cut = way == 0 ? cut_forward.load() : cut_backward.load();
      if (!stuck && waiting[way].size() < 64) {
        auto count = read(from[way], buffer.data(), buffer.size());
        if (count == 0 || (count < 0 && errno != EAGAIN))
          open = cut; // a cut loses the end of a connection, too
        else if (count > 0 && !cut)
          waiting[way].push_back({clock::now() + std::chrono::milliseconds(delay_ms), {buffer.data(), static_cast<size_t>(count)}});
      }
      while (!waiting[way].empty() && waiting[way].front().due <= clock::now()) {
        auto& bytes = waiting[way].front().bytes;
        auto count = send(to[way], bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (count < 0 && errno == EAGAIN)
          break;
        if (count < 0) {
          open = false;
          break;
        }
        bytes.erase(0, static_cast<size_t>(count));
        if (bytes.empty())
          waiting[way].pop_front();
      }
    }
  }
  close(client);
  close(server);
}

node_process::node_process(const world& place, const std::string& host) {
  std::vector<std::string> words{MESH_NODE, host, place.pki(host).string(), place.data(host).string()};
  for (auto& entry : place.all)
    words.push_back(entry.name + "=" + entry.address);
  std::vector<char*> argv;
  for (auto& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  auto log = (place.path() / ("log-" + host)).string();
  pid_ = fork();
  if (pid_ == 0) {
    dup2(open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600), 2);
    execv(argv[0], argv.data());
    _exit(127);
  }
}

node_process::~node_process() {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

void node_process::signal(int number) {
  kill(pid_, number);
  // Threads on other processors go on until the stop reaches them; wait until the process has stopped as a whole.
  if (number == SIGSTOP)
    waitpid(pid_, nullptr, WUNTRACED);
}

size_t resident_bytes() {
  std::ifstream in{"/proc/self/statm"};
  size_t all = 0, resident = 0;
  in >> all >> resident;
  return resident * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

} // namespace mesh_test
