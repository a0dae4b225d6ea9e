// Many watchers in one process: how long after a write has the last of them the change? Used by tools/bench.
//
//   TOKEN=... watch_client --port N --watchers N --rounds N --path /api/v1/namespaces/NS/configmaps --name NAME
//
// Opens the watchers over TLS (which certificate the server shows is not checked: it measures, on loopback), waits until each has
// its first event, says "watching", then changes the object `rounds` times, each time after all have seen the change before. Prints one line of JSON:
// per round the milliseconds from before the request until the last watcher has the line, until the writer has its answer, and the
// processor time that this client itself used meanwhile.
#include "tests/bench/tls_stream.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

#include <boost/program_options.hpp>
#include <fmt/format.h>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using tests::bench::stream;
using steady = std::chrono::steady_clock;
constexpr auto round_seconds_max = std::chrono::seconds{60};

struct options {
  uint16_t port = 0;
  size_t watchers = 0, rounds = 0;
  std::string path, name, token;
};

double cpu_ms() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto ms = [](const timeval& t) { return static_cast<double>(t.tv_sec) * 1e3 + static_cast<double>(t.tv_usec) / 1e3; };
  return ms(used.ru_utime) + ms(used.ru_stime);
}

double ms_since(steady::time_point begin) {
  return std::chrono::duration<double, std::milli>(steady::now() - begin).count();
}

std::string head(const options& o, std::string_view method, const std::string& target, std::string_view more) {
  return fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nAuthorization: Bearer {}\r\n{}\r\n", method, target, o.port,
                     o.token, more);
}

/// Waits until every watcher has `mark`, and the writer (if any) its answer; its time is put into `answered_ms`.
void wait_for_all(int epoll, const std::string& mark, size_t count, size_t round, stream* writer, steady::time_point begin,
                  double& answered_ms) {
  std::vector<epoll_event> events(1024);
  size_t left = count;
  bool answered = writer == nullptr;
  while (left > 0 || !answered) {
    if (steady::now() - begin > round_seconds_max)
      throw std::runtime_error(fmt::format("{} of {} watchers had no change within 60 s", left, count));
    const int n = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 1'000);
    for (int i = 0; i < n; ++i) {
      auto& from = *static_cast<stream*>(events[static_cast<size_t>(i)].data.ptr);
      if (&from == writer) {
        if (from.receive("HTTP/1.1 200") && !std::exchange(answered, true))
          answered_ms = ms_since(begin);
      } else if (from.receive(mark) && from.seen < round) {
        from.seen = round;
        --left;
      }
    }
  }
}

void watch_on(int epoll, stream& item) {
  epoll_event wanted{};
  wanted.events = EPOLLIN;
  wanted.data.ptr = &item;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, item.fd, &wanted);
}

void run(const options& o) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
  const int epoll = ::epoll_create1(0);
  stream writer{context, o.port};
  std::vector<std::unique_ptr<stream>> watchers;
  const auto opened = steady::now();
  for (size_t i = 0; i < o.watchers; ++i) {
    watchers.push_back(std::make_unique<stream>(context, o.port));
    watchers.back()->send(head(o, "GET", o.path + "?watch=true&fieldSelector=metadata.name%3D" + o.name, ""));
    watchers.back()->stop_blocking();
    watch_on(epoll, *watchers.back());
  }
  double ignored = 0;
  wait_for_all(epoll, "\"type\":\"ADDED\"", o.watchers, 1, nullptr, steady::now(), ignored);
  const double open_ms = ms_since(opened);
  writer.stop_blocking();
  watch_on(epoll, writer);
  std::cout << "watching" << std::endl; // the caller looks at the server's use of the processor
  std::string last, answer, own;
  for (size_t round = 1; round <= o.rounds; ++round) {
    const std::string body = fmt::format(R"({{"data":{{"round":"r{}."}}}})", round);
    const auto request = head(o, "PATCH", o.path + "/" + o.name,
                              fmt::format("Content-Type: application/merge-patch+json\r\nContent-Length: {}\r\n", body.size()));
    const double used = cpu_ms();
    const auto begin = steady::now();
    double answered_ms = 0;
    writer.send(request + body);
    wait_for_all(epoll, fmt::format("\"round\":\"r{}.\"", round), o.watchers, round + 1, &writer, begin, answered_ms);
    const char* comma = round == 1 ? "" : ",";
    last += fmt::format("{}{:.3f}", comma, ms_since(begin));
    answer += fmt::format("{}{:.3f}", comma, answered_ms);
    own += fmt::format("{}{:.3f}", comma, cpu_ms() - used);
    ::usleep(100'000); // the next round starts from rest
  }
  fmt::print("{{\"open_ms\":{:.1f},\"last_ms\":[{}],\"answered_ms\":[{}],\"own_cpu_ms\":[{}]}}\n", open_ms, last, answer, own);
  std::cout.flush();
  std::getchar(); // the caller looks at the server's memory while all watch, then closes our input
  watchers.clear();
}

} // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  options o;
  namespace po = boost::program_options;
  po::options_description known{"options"};
  known.add_options()("port", po::value(&o.port)->required())("watchers", po::value(&o.watchers)->required())(
    "rounds", po::value(&o.rounds)->required())("path", po::value(&o.path)->required())("name",
                                                                                        po::value(&o.name)->required());
  try {
    po::variables_map given;
    po::store(po::parse_command_line(argc, argv, known), given);
    po::notify(given);
    const char* token = std::getenv("TOKEN");
    if (token == nullptr)
      throw std::runtime_error("the environment has no TOKEN");
    o.token = token;
    run(o);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "watch_client: " << error.what() << '\n';
    return 1;
  }
}
