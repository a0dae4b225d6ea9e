// How a link comes to be: accept or connect, verify, replace an older one, hand it to the actor system.
#include "runtime/mesh/links_impl.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <cerrno>
#include <fmt/format.h>
#include <sys/socket.h>
#include <system_error>

namespace runtime::mesh {

/// Decrements on every way out of a coroutine, whose frame has it: not in the unnamed namespace for that.
struct counted {
  size_t& count;
  explicit counted(size_t& count) : count(count) {
    ++count;
  }
  ~counted() {
    --count;
  }
};

namespace {

using boost::system::error_code;
using tcp = net::ip::tcp;

/// A link that ends sooner is not made again at once.
constexpr int64_t steady_after_us = 1'000'000;

std::pair<control::descriptor, control::descriptor> make_stream() {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
    throw std::system_error(errno, std::generic_category(), "socketpair");
  return {control::descriptor{ends[0]}, control::descriptor{ends[1]}};
}

} // namespace

expectation links::impl::expect(const std::string& dialled) const {
  expectation result{.mine = options_.mine, .hosts = {}, .dialled = dialled};
  for (auto& host : options_.hosts)
    result.hosts.push_back(host.name);
  return result;
}

/// Read anew when its files have changed, so that a renewed certificate needs no restart.
identity& links::impl::current_identity() {
  auto written = written_time(options_.pki);
  if (written == identity_->written() || written == unusable_ || written == std::filesystem::file_time_type::min())
    return *identity_;
  try {
    identity_ = std::make_unique<identity>(options_.pki, options_.mine.host, options_.clock->wall_seconds());
    options_.log.info("certificate read anew", {{"pki", options_.pki.string()}});
    warn_of_expiry();
  } catch (const std::exception& e) {
    unusable_ = written; // not read again for each connection
    options_.log.error("the new certificate is not used", {{"error", e.what()}});
  }
  return *identity_;
}

void links::impl::refuse(const std::string& from, const refused& why) {
  options_.table->count(why.reason);
  auto second = options_.clock->monotonic_us() / 1'000'000;
  if (second != log_second_) {
    if (unlogged_ > 0)
      options_.log.warning("more connections refused", {{"count", unlogged_}});
    log_second_ = second;
    logged_ = unlogged_ = 0;
  }
  if (logged_++ < refusal_logs_per_second_max)
    options_.log.warning("connection refused", {{"peer", from}, {"reason", to_string(why.reason)}, {"why", why.what()}});
  else
    ++unlogged_;
}

// -- accepting -------------------------------------------------------------------------------------------

net::awaitable<void> links::impl::accept() {
  net::steady_timer pause{io_};
  while (!stopping_) {
    tcp::socket socket{io_};
    error_code failure;
    co_await acceptor_.async_accept(socket, into(failure));
    if (stopping_)
      co_return;
    if (failure) { // out of descriptors, for instance: trying at once would spin
      options_.log.error("cannot accept", {{"error", failure.message()}});
      co_await wait_for(pause, std::chrono::milliseconds(100));
      continue;
    }
    if (handshakes_ >= handshakes_max) {
      error_code ignored;
      auto from = socket.remote_endpoint(ignored);
      refuse(from.address().to_string(),
             refused{refusal_reason::too_many, fmt::format("{} handshakes are unfinished", handshakes_max)});
      continue;
    }
    net::co_spawn(io_, serve(std::move(socket)), net::detached);
  }
}

net::awaitable<void> links::impl::serve(tcp::socket socket) {
  counted unfinished{handshakes_};
  auto mine = std::make_shared<session>(std::move(socket), current_identity().server(), expect(""), *this, *options_.clock);
  std::optional<refused> failure;
  try {
    co_await mine->shake_hands();
    auto peer = find(mine->peer().host);
    if (!peer || !listener_)
      throw refused(refusal_reason::broken_off, "this host is not ready for links");
    check_duplicate(*peer, *mine);
    co_await replace(peer, mine);
    adopt(peer, mine);
  } catch (const refused& e) {
    failure = e;
  } catch (const std::exception& e) {
    failure = refused{refusal_reason::broken_off, e.what()};
  }
  if (failure) {
    refuse(mine->address(), *failure);
    co_await mine->refuse(failure->what());
  }
}

/// Two processes with one host's certificate would take the link from each other for ever: the younger one keeps it.
void links::impl::check_duplicate(const peer_link& of, const session& by) const {
  if (!of.current || of.current->peer().incarnation == by.peer().incarnation)
    return;
  if (by.peer().started_us < of.current->peer().started_us)
    throw refused(refusal_reason::duplicate,
                  fmt::format("another process that started later runs as host {}, from {}", by.peer().host,
                              of.current->address()));
}

net::awaitable<void> links::impl::replace(peer_ptr with, std::shared_ptr<session> by) {
  if (with->current)
    with->current->drop("replaced by a newer connection from " + by->address());
  // The actor system takes a second stream from one node for a redundant one as long as it has the first.
  while (with->draining > 0)
    co_await wait_for(with->drained);
  co_await by->welcome();
  if (with->current)
    throw refused(refusal_reason::duplicate, "two connections at once");
  if (!listener_ || !with->wanted || stopping_)
    throw refused(refusal_reason::broken_off, "this host is not ready for links");
}

void links::impl::adopt(const peer_ptr& by, const std::shared_ptr<session>& which) {
  auto& host = which->peer().host;
  auto outgoing = dials(options_.mine.host, host);
  uint16_t port = 0;
  control::descriptor ours;
  if (outgoing) {
    auto [mine, theirs] = make_stream();
    ours = std::move(mine);
    port = options_.ports->offer(std::move(theirs));
  } else {
    ours = control::connect_in(options_.data, stream_socket_name);
  }
  which->port = port;
  which->of = by;
  by->current = which;
  by->last_failure.clear();
  options_.table->set_connected(host, which->peer().incarnation);
  options_.table->set_state(host, link_state::up, {}, options_.clock->wall_us());
  options_.log.info("link up", {{"host", host}, {"peer", which->address()}, {"build", which->peer().build}});
  // Before its first byte: nothing from the peer reaches the gate ahead of this.
  tell({.what = link_event::kind::opened,
        .host = host,
        .session = which->number(),
        .incarnation = which->peer().incarnation,
        .node = which->peer().node,
        .port = port});
  session::stream_socket stream{io_};
  stream.assign(net::local::stream_protocol{}, ours.release());
  which->carry(std::move(stream));
  tell_peers();
}

/// Waits until the actor system has seen the end of a stream, so that its successor is not mistaken for a second one.
net::awaitable<void> links::impl::drain(peer_ptr of, std::shared_ptr<session> which) {
  auto& stream = *which->stream();
  if (which->port != 0)
    options_.ports->take(which->port); // if it was never asked for
  error_code failure;
  stream.cancel(failure);
  stream.shutdown(session::stream_socket::shutdown_send, failure);
  net::steady_timer deadline{io_, drain_time_max};
  deadline.async_wait([which](const error_code& cancelled) {
    error_code ignored;
    if (!cancelled)
      which->stream()->close(ignored);
  });
  std::array<char, 16'384> sink;
  failure = {};
  while (!failure)
    co_await stream.async_read_some(net::buffer(sink), into(failure));
  deadline.cancel();
  stream.close(failure);
  --of->draining;
  of->drained.cancel();
  of->wake.cancel();
}

// -- connecting ------------------------------------------------------------------------------------------

net::awaitable<void> links::impl::dial(peer_ptr to) {
  net::steady_timer pause{io_};
  auto delay = retry_first;
  while (!stopping_ && to->wanted) {
    if (!listener_ || to->current) {
      co_await wait_for(to->wake);
      delay = retry_first;
      continue;
    }
    auto begin = options_.clock->monotonic_us();
    auto problem = co_await dial_once(to);
    if (problem.empty()) {
      while (to->current && !stopping_)
        co_await wait_for(to->wake);
      if (options_.clock->monotonic_us() - begin > steady_after_us) {
        delay = retry_first;
        continue; // at once: it may be back already
      }
    } else {
      options_.table->set_reason(to->entry.name, problem);
      if (problem != to->last_failure)
        options_.log.warning("cannot connect", {{"host", to->entry.name}, {"address", to->entry.address}, {"error", problem}});
      to->last_failure = problem;
    }
    auto jitter = static_cast<int64_t>(options_.random->uint64() % static_cast<uint64_t>(delay.count() / 2 + 1));
    co_await wait_for(pause, std::chrono::milliseconds(delay.count() - jitter));
    delay = std::min(delay * 2, retry_max);
  }
}

/// Empty: there is a link.
net::awaitable<std::string> links::impl::dial_once(peer_ptr to) {
  std::shared_ptr<session> mine;
  std::optional<refused> failure;
  std::string problem;
  try {
    auto socket = co_await connect(to->entry);
    mine = std::make_shared<session>(std::move(socket), current_identity().client(), expect(to->entry.name), *this,
                                     *options_.clock);
    co_await mine->shake_hands();
    co_await replace(to, mine);
    adopt(to, mine);
    co_return "";
  } catch (const refused& e) {
    failure = e;
  } catch (const std::exception& e) {
    problem = e.what();
  }
  if (failure) {
    // The same refusal over and over is one line in the log.
    if (to->last_failure == failure->what())
      options_.table->count(failure->reason);
    else
      refuse(to->entry.name + " (" + to->entry.address + ")", *failure);
    problem = failure->what();
    to->last_failure = problem;
  }
  if (mine)
    co_await mine->refuse(problem);
  co_return problem;
}

net::awaitable<tcp::socket> links::impl::connect(const placement::host_entry& to) {
  auto colon = to.address.rfind(':');
  auto ip = to.address.substr(0, colon);
  if (ip.starts_with('[') && ip.ends_with(']'))
    ip = ip.substr(1, ip.size() - 2);
  tcp::endpoint end{net::ip::make_address(ip), static_cast<uint16_t>(std::stoi(to.address.substr(colon + 1)))};
  auto socket = std::make_shared<tcp::socket>(io_);
  net::steady_timer deadline{io_, connect_time_max};
  auto late = std::make_shared<bool>(false);
  deadline.async_wait([socket, late](const error_code& cancelled) {
    if (cancelled)
      return;
    *late = true;
    error_code ignored;
    socket->close(ignored);
  });
  error_code failure;
  co_await socket->async_connect(end, into(failure));
  deadline.cancel();
  if (*late)
    throw std::runtime_error(fmt::format("no answer within {} ms", connect_time_max.count()));
  if (failure)
    throw std::runtime_error(failure.message());
  co_return std::move(*socket);
}

} // namespace runtime::mesh
