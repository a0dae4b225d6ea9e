// Listening, spreading connections over the loops, stopping.
#include "actors/apiserver/http/server.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <algorithm>
#include <pthread.h>
#include <sys/resource.h>
#include <csignal>
#include <future>
#include <stdexcept>

#include "actors/apiserver/auth/pki.hpp"
#include "runtime/pki/private_file.hpp"
#include "actors/apiserver/http/connection.hpp"
#include "actors/apiserver/http/limits.hpp"
#include "actors/apiserver/http/loop.hpp"

namespace actors::apiserver::http {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

size_t connection_threads() {
  return std::clamp<size_t>(threads_per_processor * std::thread::hardware_concurrency(), threads_min, threads_max);
}

} // namespace

// ---- loops
// ---------------------------------------------------------------------------------------------------

void loop::post(std::function<void()> work) { asio::post(io_, std::move(work)); }

void loop::start() {
  thread_ = std::thread([this] {
    // A client that goes away must not end the process.
    sigset_t signals;
    sigfillset(&signals);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    pthread_setname_np(pthread_self(), fmt::format("https-{}", index_).c_str());
    auto work = asio::make_work_guard(io_);
    io_.run();
  });
}

void loop::adopt(tcp::socket socket, std::shared_ptr<connection_place> place) {
  auto item = std::make_shared<connection>(*this, std::move(socket), std::move(place));
  item->start();
  if (ending_)
    item->stop(*ending_);
}

void loop::end_connections(std::chrono::milliseconds grace) {
  post([this, grace] { // lives longer than its queue
    ending_ = grace;
    for (auto& [key, item] : connections_)
      if (auto live = item.lock())
        live->stop(grace);
  });
}

void loop::make_room() {
  post([this] {
    const auto before = std::chrono::steady_clock::now() - idle_crowded_seconds_max;
    std::vector<std::pair<std::chrono::steady_clock::time_point, std::shared_ptr<connection>>> idle;
    for (auto& [key, item] : connections_)
      if (auto live = item.lock())
        if (const auto since = live->idle_since(); since && *since < before)
          idle.emplace_back(*since, std::move(live));
    const size_t count = std::min(idle.size(), make_room_max);
    std::partial_sort(idle.begin(), idle.begin() + static_cast<std::ptrdiff_t>(count), idle.end(),
                      [](const auto& a, const auto& b) { return a.first < b.first; });
    for (size_t i = 0; i < count; ++i)
      idle[i].second->stop(std::chrono::milliseconds{0});
  });
}

void loop::stop_and_join() {
  io_.stop();
  if (thread_.joinable())
    thread_.join();
}

void loop::add(const std::shared_ptr<connection>& item) {
  connections_.emplace(item.get(), item);
}

void loop::remove(connection* item) { connections_.erase(item); }

// ---- the server
// ----------------------------------------------------------------------------------------------

namespace {

struct listen_address {
  std::string host;
  uint16_t port = 0;
};

listen_address parse_address(const std::string& text) {
  const auto colon = text.rfind(':');
  char* end = nullptr;
  const unsigned long port =
    colon == std::string::npos ? 65'536 : std::strtoul(text.c_str() + colon + 1, &end, 10);
  if (port > 65'535 || end == nullptr || *end != '\0')
    throw std::runtime_error(fmt::format("\"{}\" is no address to listen on: expected <ip>:<port>", text));
  std::string host = text.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  return {host.empty() ? "127.0.0.1" : host, static_cast<uint16_t>(port)};
}

/// A descriptor per connection: what the process may have, it gets. Returns how many connections there may be.
size_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
    return connections_max;
  if (limit.rlim_cur < limit.rlim_max) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
    ::getrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur == RLIM_INFINITY)
    return connections_max;
  const size_t descriptors = limit.rlim_cur;
  return std::min(connections_max, descriptors - std::min(descriptors_kept, descriptors / 2));
}

class https_server final : public server {
public:
  https_server(const listen_address& where, size_t threads, size_t accepted_max, std::shared_ptr<shared_state> shared)
      : shared_(std::move(shared)), accepted_max_(accepted_max) {
    for (size_t i = 0; i < (threads == 0 ? connection_threads() : threads); ++i)
      loops_.push_back(std::make_shared<loop>(i, shared_));
    retry_ = std::make_unique<asio::steady_timer>(loops_.front()->io());
    listen(where);
    for (auto& item : loops_)
      item->start();
    asio::post(loops_.front()->io(), [this] { accept(); });
  }

  ~https_server() override {
    end_connections({});
    for (auto& item : loops_)
      item->stop_and_join();
    retry_.reset();
    acceptor_.reset();
  }

  void drain() override { end_connections(stop_grace_ms); }
  uint16_t port() const override { return port_; }
  size_t connections() const override { return shared_->connections.value(); }

private:
  void end_connections(std::chrono::milliseconds grace) {
    std::promise<void> closed;
    asio::post(loops_.front()->io(), [this, &closed] {
      boost::system::error_code ignored;
      acceptor_->cancel(ignored);
      accept_waiting();
      acceptor_->close(ignored);
      retry_->cancel();
      closed.set_value();
    });
    closed.get_future().wait();
    for (auto& item : loops_)
      item->end_connections(grace);
    shared_->connections.wait_for_none(stop_drain_ms_max);
  }

  void listen(const listen_address& where) {
    boost::system::error_code error;
    const auto ip = asio::ip::make_address(where.host, error);
    if (error)
      throw std::runtime_error(fmt::format("\"{}\" is no IP address to listen on", where.host));
    acceptor_ = std::make_unique<tcp::acceptor>(loops_.front()->io());
    const tcp::endpoint endpoint{ip, where.port};
    acceptor_->open(endpoint.protocol());
    acceptor_->set_option(tcp::acceptor::reuse_address{true});
    acceptor_->bind(endpoint, error);
    if (!error)
      acceptor_->listen(asio::socket_base::max_listen_connections, error);
    if (error)
      throw std::runtime_error(
        fmt::format("cannot listen on {}:{}: {} (is another API server running there? give the "
                    "apiserver role another address in the placement file)",
                    where.host, where.port, error.message()));
    port_ = acceptor_->local_endpoint().port();
  }

  /// At the limit, clients wait in the kernel's queue until somebody leaves, or is asked to.
  void accept_later() {
    retry_->expires_after(accept_retry_ms);
    retry_->async_wait([this](boost::system::error_code error) {
      if (!error && acceptor_->is_open())
        accept();
    });
  }

  void accept() {
    if (shared_->connections.value() >= accepted_max_) {
      warn("as many connections as there may be: idle ones are ended for those who wait",
           {{"connections", accepted_max_}});
      for (auto& item : loops_)
        item->make_room();
      return accept_later();
    }
    auto* home = loops_[next_++ % loops_.size()].get(); // no owner: a loop must not keep itself alive
    acceptor_->async_accept(home->io(), [this, home](boost::system::error_code error, tcp::socket socket) {
      if (!error)
        adopt(home, std::move(socket)); // also when the server is ending: then it ends as others do
      if (!acceptor_->is_open())
        return;
      if (error) {
        warn("cannot accept a connection", {{"error", error.message()}});
        return accept_later();
      }
      accept();
    });
  }

  /// On the first loop. The state that it tells of may last.
  void warn(std::string_view text, std::initializer_list<runtime::telemetry::log_field> what) {
    const auto now = std::chrono::steady_clock::now();
    if (warned_ && now - *warned_ < accept_warning_seconds)
      return;
    warned_ = now;
    shared_->log.warning(text, what);
  }

  void adopt(loop* home, tcp::socket socket) {
    auto moved = std::make_shared<tcp::socket>(std::move(socket));
    auto place = std::make_shared<connection_place>(shared_->connections); // now: the next one is accepted before its loop has this one
    home->post([home, moved, place] { home->adopt(std::move(*moved), place); });
  }

  /// Before the end: the kernel has let these clients in already.
  void accept_waiting() {
    boost::system::error_code error;
    acceptor_->non_blocking(true, error);
    while (!error && shared_->connections.value() < accepted_max_) {
      auto* home = loops_[next_++ % loops_.size()].get();
      tcp::socket socket{home->io()};
      acceptor_->accept(socket, error);
      if (!error)
        adopt(home, std::move(socket));
    }
  }

  std::shared_ptr<shared_state> shared_;
  std::vector<std::shared_ptr<loop>> loops_;
  std::unique_ptr<tcp::acceptor> acceptor_;
  std::unique_ptr<asio::steady_timer> retry_;
  uint16_t port_ = 0;
  size_t next_ = 0;
  const size_t accepted_max_;
  std::optional<std::chrono::steady_clock::time_point> warned_;
};

/// What the certificate must be valid for: the standard names, and all that the server is known by.
std::vector<std::string> names_of(const server_options& settings, const std::string& address) {
  auto names = auth::server_names(address, settings.service_cidr);
  auto known_by = settings.advertised;
  known_by.push_back(settings.host);
  if (!settings.public_address.empty())
    known_by.push_back(parse_address(settings.public_address).host);
  for (auto& name : known_by)
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end())
      names.push_back(std::move(name));
  return names;
}

} // namespace

std::string reachable_address(std::string_view address, uint16_t port, const std::vector<std::string>& names) {
  auto host = parse_address(std::string{address}).host;
  if (host == "0.0.0.0" || host == "::")
    host = names.empty() ? "127.0.0.1" : names.front();
  return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port) : fmt::format("[{}]:{}", host, port);
}

std::shared_ptr<server> start(const server_options& settings, std::shared_ptr<handler> served,
                              runtime::telemetry::logger log) {
  const auto clock = settings.clock ? settings.clock : std::make_shared<runtime::seams::system_clock>();
  const auto where = parse_address(settings.address);
  const auto accepted_max = raise_descriptor_limit();
  const auto keys =
    auth::load_or_create_pki({settings.data / "pki", names_of(settings, where.host), clock->wall_seconds(), settings.pki});
  auto result = std::make_shared<https_server>(
    where, settings.threads, accepted_max, std::make_shared<shared_state>(keys, std::move(served), clock, log));
  const auto own = reachable_address(settings.address, result->port());
  const auto url = fmt::format("https://{}", settings.public_address.empty() ? own : settings.public_address);
  const auto kubeconfig = auth::render_kubeconfig(keys, url, settings.cluster_name);
  const auto file = settings.data / "admin.kubeconfig";
  if (runtime::pki::read_private_file(file) != kubeconfig)
    runtime::pki::write_private_file(file, kubeconfig);
  log.info("serving the API", {{"address", "https://" + own}});
  return result;
}

} // namespace actors::apiserver::http
