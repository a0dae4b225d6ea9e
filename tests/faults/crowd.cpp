// Many clients in one process that do little: idle connections, watchers of which some never read, half-sent bodies. For tests/faults.
//
//   TOKEN=... crowd --port N --connections N [--watch PATH [--deaf N --deaf-watch PATH]] [--body-bytes N --path PATH] [--impatient 1]
//
// `impatient`: connects and says nothing, so that a server which cannot take it does not hold it up.
// Prints a line of JSON when all are open. Then answers each line of its input with one: how many the server has not closed, and how
// many changes each watcher that reads has seen (least and most). Ends with its input. A connection that cannot be made is counted.
#include "tests/bench/tls_stream.hpp"

#include <sys/epoll.h>
#include <sys/resource.h>

#include <boost/program_options.hpp>
#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using tests::bench::stream;
constexpr size_t threads = 2; // handshakes: the server's turn while another one is ours
constexpr int small_buffer_bytes = 4 * 1024; // of one who does not read: the kernel shall not read for it

struct options {
  uint16_t port = 0;
  size_t connections = 0, deaf = 0, body_bytes = 0;
  bool impatient = false;
  std::string watch, deaf_watch, path, token;
};

struct client {
  std::unique_ptr<stream> wire;
  bool deaf = false, gone = false;
  size_t events = 0;
  std::string first; // of what the server said
};

constexpr std::string_view event_mark = "{\"type\":\"";
constexpr size_t first_bytes_max = 512;

std::string head(const options& o, std::string_view method, const std::string& target, const std::string& more) {
  return fmt::format("{} {} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {}\r\n{}\r\n", method, target, o.token, more);
}

void open_one(SSL_CTX* context, const options& o, size_t index, client& item) {
  item.deaf = index < o.deaf;
  item.wire = o.impatient ? std::make_unique<stream>(o.port) : std::make_unique<stream>(context, o.port, item.deaf ? small_buffer_bytes : 0);
  if (o.impatient)
    return;
  if (!o.watch.empty())
    item.wire->send(head(o, "GET", item.deaf ? o.deaf_watch : o.watch, ""));
  if (o.body_bytes > 0)
    item.wire->send(head(o, "POST", o.path, fmt::format("Content-Type: application/json\r\nContent-Length: {}\r\n", o.body_bytes)));
  item.wire->stop_blocking();
}

/// All of the body but its last byte, as far as the server takes it now. True: no more to send.
bool send_body(const options& o, client& item, size_t& sent) {
  static const std::string block(16 * 1024, ' ');
  while (sent + 1 < o.body_bytes) {
    const size_t n = std::min(block.size(), o.body_bytes - 1 - sent);
    const int done = SSL_write(item.wire->ssl, block.data(), static_cast<int>(n));
    if (done <= 0) {
      const int why = SSL_get_error(item.wire->ssl, done);
      return why != SSL_ERROR_WANT_WRITE && why != SSL_ERROR_WANT_READ;
    }
    sent += static_cast<size_t>(done);
  }
  return true;
}

void read_all(client& item) {
  char block[16 * 1024];
  for (;;) {
    const int got = SSL_read(item.wire->ssl, block, sizeof block);
    if (got <= 0) {
      item.gone = SSL_get_error(item.wire->ssl, got) != SSL_ERROR_WANT_READ;
      return;
    }
    const std::string_view text(block, static_cast<size_t>(got));
    if (item.first.size() < first_bytes_max)
      item.first.append(text.substr(0, first_bytes_max - item.first.size()));
    // A mark in two pieces is counted when it is whole.
    item.wire->tail.append(text);
    size_t at = 0;
    for (size_t found; (found = item.wire->tail.find(event_mark, at)) != std::string::npos; at = found + event_mark.size())
      ++item.events;
    at = std::max(at, item.wire->tail.size() - std::min(item.wire->tail.size(), event_mark.size() - 1));
    item.wire->tail.erase(0, at);
  }
}

std::string count(const std::vector<client>& all, size_t failed) {
  size_t open = 0, least = SIZE_MAX, most = 0, readers = 0, refused = 0;
  for (const auto& item : all) {
    open += item.wire && !item.gone;
    refused += item.first.starts_with("HTTP/1.1 4") || item.first.starts_with("HTTP/1.1 5");
    if (!item.wire || item.deaf)
      continue;
    ++readers;
    least = std::min(least, item.events);
    most = std::max(most, item.events);
  }
  return fmt::format("{{\"open\":{},\"failed\":{},\"refused\":{},\"events_min\":{},\"events_max\":{}}}", open, failed, refused,
                     readers > 0 ? least : 0, most);
}

void run(const options& o) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  std::vector<client> all(o.connections);
  std::atomic<size_t> next{0}, failed{0};
  std::vector<std::thread> workers;
  for (size_t i = 0; i < threads; ++i)
    workers.emplace_back([&] {
      for (size_t at; (at = next++) < all.size();)
        try {
          open_one(context, o, at, all[at]);
        } catch (const std::exception&) {
          all[at].wire.reset();
          ++failed;
        }
    });
  for (auto& item : workers)
    item.join();

  const int epoll = ::epoll_create1(0);
  std::vector<size_t> sent(all.size());
  for (auto& item : all) {
    if (!item.wire || item.deaf || o.impatient)
      continue;
    epoll_event wanted{};
    wanted.events = EPOLLIN;
    if (o.body_bytes > 0)
      wanted.events |= EPOLLOUT;
    wanted.data.ptr = &item;
    ::epoll_ctl(epoll, EPOLL_CTL_ADD, item.wire->fd, &wanted);
  }
  epoll_event input{};
  input.events = EPOLLIN;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, STDIN_FILENO, &input);
  std::cout << count(all, failed) << std::endl;
  std::vector<epoll_event> events(1024);
  for (;;) {
    const int n = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), 1'000);
    for (int i = 0; i < n; ++i) {
      const auto& event = events[static_cast<size_t>(i)];
      auto* item = static_cast<client*>(event.data.ptr);
      if (item == nullptr) {
        char line[64];
        if (::read(STDIN_FILENO, line, sizeof line) <= 0)
          return;
        std::cout << count(all, failed) << std::endl;
        continue;
      }
      if (event.events & EPOLLOUT) {
        if (send_body(o, *item, sent[static_cast<size_t>(item - all.data())])) {
          epoll_event wanted{};
          wanted.events = EPOLLIN;
          wanted.data.ptr = item;
          ::epoll_ctl(epoll, EPOLL_CTL_MOD, item->wire->fd, &wanted);
        }
      }
      read_all(*item);
      if (item->gone)
        ::epoll_ctl(epoll, EPOLL_CTL_DEL, item->wire->fd, nullptr);
    }
  }
}

} // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);
  options o;
  namespace po = boost::program_options;
  po::options_description known{"options"};
  known.add_options()("port", po::value(&o.port)->required())("connections", po::value(&o.connections)->required())(
    "watch", po::value(&o.watch))("deaf-watch", po::value(&o.deaf_watch))("deaf", po::value(&o.deaf))("body-bytes", po::value(&o.body_bytes))("path", po::value(&o.path))(
    "impatient", po::value(&o.impatient));
  try {
    po::variables_map given;
    po::store(po::parse_command_line(argc, argv, known), given);
    po::notify(given);
    const char* token = std::getenv("TOKEN");
    o.token = token == nullptr ? "" : token;
    run(o);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "crowd: " << error.what() << '\n';
    return 1;
  }
}
