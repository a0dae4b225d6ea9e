// The role's description; the front is wired here, so that the actor itself knows no sockets.
#include "actors/apiserver/apiserver.hpp"

#include "actors/apiserver/apiserver_actor.hpp"
#include "actors/apiserver/auth/page_sessions.hpp"
#include "actors/apiserver/control_port.hpp"
#include "actors/apiserver/http/server.hpp"

namespace actors::apiserver {

namespace {

constexpr const char* invite_command = "ui";

/// The front and what it needs of its host, ended in reverse order: first nobody is invited any more.
struct running_front final : front {
  runtime::control::command_table_ptr commands;
  std::shared_ptr<http::server> server;

  ~running_front() override {
    if (commands)
      commands->remove(invite_command);
    server.reset();
  }
  void drain() override { server->drain(); }
};

/// `troupe ui`: where the page is, and a token that it takes once.
void add_invitations(const runtime::host::role_context& context, const std::shared_ptr<auth::page_sessions>& sessions,
                     const std::string& address) {
  context.commands->add(invite_command, [sessions, address, clock = context.clock](const runtime::control::words&, auto) {
    return runtime::control::reply{.error = {}, .lines = {{address, sessions->invite(clock->monotonic_us())}}};
  });
}

std::shared_ptr<front> start_front(const runtime::host::role_context& context, std::shared_ptr<front_port> port) {
  http::server_options options;
  options.address = context.settings.text("address");
  options.advertised = context.settings.list("advertise");
  options.public_address = context.settings.text("publicAddress");
  options.host = context.host;
  options.data = context.data;
  options.pki = context.pki;
  options.cluster_name = context.cluster.name;
  options.service_cidr = context.cluster.service_cidr;
  options.clock = context.clock;
  options.random = context.random;
  options.sessions = std::make_shared<auth::page_sessions>(context.random);
  if (context.commands)
    options.cluster = std::make_shared<control_port>(context.commands, context.log);
  auto result = std::make_shared<running_front>();
  result->server = http::start(options, std::move(port), context.log);
  if (context.commands) {
    result->commands = context.commands;
    // Not publicAddress: a balancer may lead to another apiserver, which knows nothing of the invitation.
    const auto names = options.advertised;
    add_invitations(context, options.sessions, http::reachable_address(options.address, result->server->port(), names));
  }
  return result;
}

} // namespace

runtime::host::role_descriptor describe() {
  using runtime::placement::setting_type;
  return {
    .spec = {.name = "apiserver",
             .summary = "serves the Kubernetes API to clients and to the other roles",
             .naming = runtime::placement::instance_naming::per_host,
             .settings = {{.name = "address",
                           .type = setting_type::address,
                           .help = "where HTTPS is served",
                           .otherwise = std::string{"127.0.0.1:6443"}},
                          {.name = "advertise",
                           .type = setting_type::names,
                           .help = "more names and addresses that the serving certificate is valid for: a load balancer's, "
                                   "and this host's own when it serves on 0.0.0.0"},
                          {.name = "publicAddress",
                           .type = setting_type::endpoint,
                           .help = "what the kubeconfig names instead of `address`: a load balancer"}},
             .required = true},
    .phase = runtime::host::start_phase::apiserver,
    .ready = runtime::host::readiness::when_registered,
    .start_failure_is_fatal = true,
    .spawn =
      [](caf::actor_system& system, const runtime::host::role_context& context) {
        return caf::actor_cast<caf::strong_actor_ptr>(system.spawn<apiserver>(context, start_front));
      },
  };
}

} // namespace actors::apiserver
