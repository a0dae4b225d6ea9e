#include "runtime/mesh/mesh_middleman.hpp"

#include <caf/all.hpp>
#include <caf/io/all.hpp>
#include <caf/io/basp_broker.hpp>
#include <caf/io/middleman_actor_impl.hpp>
#include <caf/io/network/default_multiplexer.hpp>
#include <caf/io/network/doorman_impl.hpp>

#include <atomic>
#include <optional>
#include <sys/socket.h>
#include <unistd.h>
#include <vector>

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(std::shared_ptr<runtime::mesh::middleman_options>)

namespace runtime::mesh {

namespace {

using check_atom = caf::atom_constant<caf::atom("backlog")>;
using quiet_atom = caf::atom_constant<caf::atom("quiet")>;

/// CAF's protocol, with a bound on what waits to be sent.
class mesh_broker final : public caf::io::basp_broker {
public:
  using basp_broker::basp_broker;

  caf::behavior make_behavior() override {
    auto basp = basp_broker::make_behavior();
    return caf::message_handler{[this](check_atom, const std::shared_ptr<middleman_options>& options) {
                                  if (quiet_) {
                                    quiet_->deliver(caf::unit);
                                    return;
                                  }
                                  check(*options);
                                  delayed_send(this, backlog_check_period, check_atom::value, options);
                                },
                                [this](quiet_atom) {
                                  quiet_ = make_response_promise();
                                  return *quiet_;
                                }}
      .or_else(caf::message_handler{basp.as_behavior_impl()});
  }

private:
  std::optional<caf::response_promise> quiet_; ///< to be told when no timer of this actor runs any more

  void check(const middleman_options& options) {
    for (auto& [stream, context] : ctx) {
      auto& waiting = wr_buf(stream);
      if (waiting.size() > backlog_bytes_max)
        options.on_backlog(caf::to_string(context.id));
      else if (waiting.empty() && waiting.capacity() > buffer_kept_max)
        std::vector<char>{}.swap(waiting); // CAF uses two in turn, and would keep both as large as the largest crowd of messages was
    }
  }
};

/// Takes connections of this process only, whoever else may reach the socket's file.
class own_doorman final : public caf::io::network::doorman_impl {
public:
  own_doorman(caf::io::network::default_multiplexer& multiplexer, int fd, uint16_t number)
    : doorman_impl(multiplexer, fd), number_(number) {
  }

  bool new_connection() override {
    ucred who{};
    socklen_t size = sizeof who;
    auto fd = acceptor_.accepted_socket();
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.pid == getpid())
      return doorman_impl::new_connection();
    close(fd);
    return true;
  }

  /// CAF knows by it which actor is published here.
  uint16_t port() const override {
    return number_;
  }

private:
  uint16_t number_;
};

class mesh_middleman final : public caf::io::middleman_actor_impl {
public:
  mesh_middleman(caf::actor_config& cfg, caf::actor broker, std::shared_ptr<middleman_options> options)
    : middleman_actor_impl(cfg, std::move(broker)), options_(std::move(options)) {
  }

protected:
  caf::expected<caf::io::scribe_ptr> connect(const std::string&, uint16_t port) override {
    auto stream = options_->ports->take(port);
    if (!stream)
      return caf::sec::cannot_connect_to_node;
    return backend().new_scribe(stream.release());
  }

  caf::expected<caf::io::doorman_ptr> open(uint16_t, const char*, bool) override {
    try {
      auto listener = control::listen_in(options_->data, stream_socket_name);
      auto& multiplexer = dynamic_cast<caf::io::network::default_multiplexer&>(backend());
      return caf::io::doorman_ptr{caf::make_counted<own_doorman>(multiplexer, listener.release(), ++published_)};
    } catch (const std::exception&) {
      return caf::sec::cannot_open_port;
    }
  }

private:
  caf::io::network::multiplexer& backend() {
    return system().middleman().backend();
  }

  std::shared_ptr<middleman_options> options_;
  uint16_t published_ = 0;
};

} // namespace

caf::io::middleman_actor spawn_middleman(caf::actor_system& system, middleman_options options) {
  auto shared = std::make_shared<middleman_options>(std::move(options));
  auto broker = system.middleman().named_broker<mesh_broker>(caf::atom("MESH"));
  caf::anon_send(broker, check_atom::value, shared);
  return system.spawn<mesh_middleman, caf::hidden>(std::move(broker), std::move(shared));
}

void quiet_middleman(caf::actor_system& system) {
  {
    caf::scoped_actor self{system};
    auto broker = system.middleman().named_broker<mesh_broker>(caf::atom("MESH"));
    self->request(broker, 10 * backlog_check_period, quiet_atom::value).receive([] {}, [](caf::error&) {});
  }
  caf::logger::set_current_actor_system(nullptr);
}

} // namespace runtime::mesh
