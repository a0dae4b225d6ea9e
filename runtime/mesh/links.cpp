// Which links there are: listener, peers, events. How a link comes to be is in link_making.cpp.
#include "runtime/mesh/links.hpp"

#include "runtime/mesh/links_impl.hpp"
#include "runtime/mesh/pki_init.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <caf/logger.hpp>

#include <fmt/format.h>
#include <stdexcept>

namespace runtime::mesh {

namespace {

constexpr int backlog = 64;

net::ip::tcp::endpoint endpoint_of(const std::string& address) {
  auto colon = address.rfind(':');
  auto ip = address.substr(0, colon);
  if (ip.starts_with('[') && ip.ends_with(']'))
    ip = ip.substr(1, ip.size() - 2);
  return {net::ip::make_address(ip), static_cast<uint16_t>(std::stoi(address.substr(colon + 1)))};
}

} // namespace

links::impl::impl(links_options options) : options_(std::move(options)) {
  identity_ = std::make_unique<identity>(options_.pki, options_.mine.host, options_.clock->wall_seconds());
  warn_of_expiry();
}

links::impl::~impl() {
  stop("ended");
}

void links::impl::warn_of_expiry() const {
  auto days = (identity_->expiry_seconds() - options_.clock->wall_seconds()) / (24 * 3600);
  if (days < warn_before_days)
    options_.log.warning("this host's certificate ends soon; renew it with `troupe pki init --renew`",
                         {{"days", days}, {"pki", options_.pki.string()}});
}

void links::impl::start() {
  listen();
  set_hosts(options_.hosts);
  net::co_spawn(io_, accept(), net::detached);
  thread_ = std::thread{[this] {
    io_.run();
    // CAF keeps its logger per thread, and ~actor_system waits until nobody holds it.
    caf::logger::set_current_actor_system(nullptr);
  }};
}

void links::impl::listen() {
  std::string address;
  for (auto& host : options_.hosts)
    if (host.name == options_.mine.host)
      address = host.address;
  try {
    auto endpoint = endpoint_of(address);
    acceptor_.open(endpoint.protocol());
    acceptor_.set_option(net::socket_base::reuse_address{true});
    acceptor_.bind(endpoint);
    acceptor_.listen(backlog);
  } catch (const boost::system::system_error& e) {
    throw std::runtime_error(fmt::format("mesh address {} of host {}: {}", address, options_.mine.host, e.code().message()));
  }
}

void links::impl::stop(const std::string& reason) {
  if (!thread_.joinable())
    return;
  post([this, reason] {
    stopping_ = true;
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    listener_ = nullptr;
    close_all(reason);
    for (auto& [name, peer] : peers_)
      peer->wake.cancel();
    // Whatever does not end by itself in time is cut off.
    auto timer = std::make_shared<net::steady_timer>(io_, stop_time_max);
    timer->async_wait([this, timer](auto) { io_.stop(); });
    net::co_spawn(
      io_,
      [](impl* self) -> net::awaitable<void> {
        net::steady_timer tick{self->io_};
        auto busy = [&] {
          for (auto& [name, peer] : self->peers_)
            if (peer->current || peer->draining > 0)
              return true;
          return false;
        };
        while (busy())
          co_await wait_for(tick, std::chrono::milliseconds(10));
        self->io_.stop();
      }(this),
      net::detached);
  });
  thread_.join();
}

void links::impl::set_hosts(const std::vector<placement::host_entry>& hosts) {
  options_.hosts = hosts;
  std::vector<std::string> names;
  std::map<std::string, peer_ptr> next;
  for (auto& host : hosts) {
    if (host.name == options_.mine.host)
      continue;
    names.push_back(host.name);
    auto known = find(host.name);
    if (known && known->entry.address == host.address) {
      next.emplace(host.name, known);
      continue;
    }
    next.emplace(host.name, std::make_shared<peer_link>(io_, host));
  }
  options_.table->set_hosts(names, options_.clock->wall_us());
  std::swap(peers_, next);
  for (auto& [name, old] : next) {
    if (find(name) == old)
      continue;
    old->wanted = false;
    old->wake.cancel();
    if (old->current)
      old->current->close("the placement has changed");
  }
  for (auto& [name, fresh] : peers_)
    if (next.count(name) == 0 || next[name] != fresh)
      if (dials(options_.mine.host, name))
        net::co_spawn(io_, dial(fresh), net::detached);
}

peer_ptr links::impl::find(const std::string& host) const {
  auto i = peers_.find(host);
  return i == peers_.end() ? nullptr : i->second;
}

void links::impl::tell(const link_event& event) const {
  if (listener_)
    listener_(event);
}

void links::impl::attach(link_listener listener) {
  if (stopping_)
    return;
  if (listener_)
    detach("this host's gate has restarted");
  listener_ = std::move(listener);
  for (auto& [name, peer] : peers_)
    peer->wake.cancel();
}

void links::impl::detach(const std::string& reason) {
  listener_ = nullptr;
  close_all(reason);
}

void links::impl::close_all(const std::string& reason) {
  for (auto& [name, peer] : peers_)
    if (peer->current)
      peer->current->close(reason);
}

void links::impl::reset(const std::string& host, uint64_t number, const std::string& reason) {
  auto peer = find(host);
  if (peer && peer->current && (number == 0 || peer->current->number() == number))
    peer->current->drop(reason);
}

void links::impl::reset_node(const std::string& node, const std::string& reason) {
  for (auto& [name, peer] : peers_)
    if (peer->current && peer->current->peer().node == node)
      return reset(name, 0, reason);
}

// -- what sessions tell ----------------------------------------------------------------------------------

void links::impl::on_slow(session& which, bool slow) {
  auto& host = which.peer().host;
  options_.table->set_state(host, slow ? link_state::slow : link_state::up, {}, options_.clock->wall_us());
  options_.log.warning(slow ? "link is slow" : "link is fast again", {{"host", host}});
  tell({.what = slow ? link_event::kind::slow : link_event::kind::fast, .host = host, .session = which.number()});
}

void links::impl::on_traffic(session& which, uint64_t bytes_in, uint64_t bytes_out, int64_t round_trip_us) {
  options_.table->add_traffic(which.peer().host, bytes_in, bytes_out, round_trip_us);
}

void links::impl::on_ping(session& which, std::vector<std::string> sees) {
  options_.table->set_sees(which.peer().host, std::move(sees));
}

std::vector<std::string> links::impl::sees() {
  return options_.table->up();
}

void links::impl::on_end(session& which, const std::string& reason) {
  auto& host = which.peer().host;
  auto self = which.shared_from_this();
  auto mine = which.of.lock();
  if (!mine || mine->current != self)
    return; // was never adopted
  mine->current = nullptr;
  mine->wake.cancel();
  // Not so when the placement has a new address for it.
  if (find(host) == mine)
    options_.table->set_state(host, link_state::down, reason, options_.clock->wall_us());
  options_.log.warning("link down", {{"host", host}, {"reason", reason}});
  tell({.what = link_event::kind::closed, .host = host, .session = which.number(), .reason = reason});
  tell_peers();
  ++mine->draining;
  net::co_spawn(io_, drain(mine, self), net::detached);
}

void links::impl::tell_peers() {
  for (auto& [name, peer] : peers_)
    if (peer->current)
      peer->current->ping();
}

// -- the public face, for any thread ---------------------------------------------------------------------

links::links(links_options options) : impl_(std::make_unique<impl>(std::move(options))) {
}

links::~links() = default;

void links::start() {
  impl_->start();
}

void links::stop(const std::string& reason) {
  impl_->stop(reason);
}

void links::attach(link_listener listener) {
  impl_->post([this, listener = std::move(listener)] { impl_->attach(listener); });
}

void links::detach(const std::string& reason) {
  impl_->post([this, reason] { impl_->detach(reason); });
}

void links::reset(const std::string& host, uint64_t session, const std::string& reason) {
  impl_->post([=, this] { impl_->reset(host, session, reason); });
}

void links::reset_node(const std::string& node, const std::string& reason) {
  impl_->post([=, this] { impl_->reset_node(node, reason); });
}

void links::set_hosts(const std::vector<placement::host_entry>& hosts) {
  impl_->post([this, hosts] { impl_->set_hosts(hosts); });
}

} // namespace runtime::mesh
