#include "runtime/directory/directory.hpp"

#include "runtime/directory/directory_state.hpp"
#include "runtime/telemetry/metered.hpp"

namespace runtime::directory {

namespace {

using directory_self = caf::stateful_actor<directory_state, telemetry::metered<handle::base>>;

void watch(directory_self* self, const caf::strong_actor_ptr& who) {
  if (self->state.watched.insert(caf::actor_cast<caf::actor_addr>(who)).second)
    self->monitor(who);
}

template <class Message>
void push(directory_self* self, std::string_view id, const Message& message) {
  for (auto& who : self->state.subscribers_of(id))
    caf::anon_send(caf::actor_cast<caf::actor>(who), message);
}

void tell_down(directory_self* self, const std::string& id, const std::string& reason) {
  self->state.log.info("role down", {{"id", id}, {"reason", reason}});
  push(self, id, role_down{id, reason});
}

void on_end(directory_self* self, const caf::down_msg& down) {
  auto& state = self->state;
  state.watched.erase(down.source);
  // First the subscriber: an actor that subscribed to itself must not be sent its own end.
  state.forget_subscriber(down.source);
  auto reason = telemetry::is_orderly(down.reason) ? std::string{"stopped"} : telemetry::failure_text(down.reason);
  for (auto& id : state.forget_role(down.source))
    tell_down(self, id, reason);
}

caf::result<void> on_register(directory_self* self, const register_role& request) {
  auto& state = self->state;
  if (!request.handle || request.id.empty())
    return telemetry::make_failure("a registration needs an id and a live actor");
  if (state.roles.size() >= roles_max && state.roles.count(request.id) == 0)
    return telemetry::make_failure("the directory is full: " + std::to_string(roles_max) + " roles");
  auto host = request.host.empty() ? state.host : request.host;
  state.roles[request.id] = role_entry{request.id, request.handle, host};
  watch(self, request.handle);
  state.log.info("role up", {{"id", request.id}, {"host", host}});
  push(self, request.id, role_up{request.id, request.handle});
  return caf::unit;
}

caf::result<void> on_subscribe(directory_self* self, const subscribe& request) {
  auto& state = self->state;
  if (!request.subscriber)
    return telemetry::make_failure("a subscription needs a live subscriber");
  if (state.subscription_count >= subscriptions_max) {
    state.log.error("subscription refused", {{"pattern", request.pattern}, {"max", subscriptions_max}});
    return telemetry::make_failure("the directory has " + std::to_string(subscriptions_max) + " subscriptions");
  }
  state.add_subscription(request.pattern, request.subscriber);
  watch(self, request.subscriber);
  for (auto& entry : state.find(request.pattern))
    caf::anon_send(caf::actor_cast<caf::actor>(request.subscriber), role_up{entry.id, entry.handle});
  return caf::unit;
}

handle::behavior_type run(directory_self* self, const std::string& host, const telemetry::logger& log) {
  self->state.host = host;
  self->state.log = log;
  self->set_down_handler([self](const caf::down_msg& down) { on_end(self, down); });
  return {
    [self](const register_role& request) { return on_register(self, request); },
    [self](const withdraw_role& request) {
      if (self->state.roles.erase(request.id) > 0)
        tell_down(self, request.id, "withdrawn");
    },
    [self](const subscribe& request) { return on_subscribe(self, request); },
    [self](const unsubscribe& request) {
      self->state.remove_subscription(request.pattern, caf::actor_cast<caf::actor_addr>(request.subscriber));
    },
    [self](const lookup& request) { return lookup_reply{self->state.find(request.pattern)}; },
    [self](const drop_host& request) {
      std::vector<std::string> ids;
      for (auto& [id, entry] : self->state.roles)
        if (entry.host == request.host)
          ids.push_back(id);
      for (auto& id : ids) {
        self->state.roles.erase(id);
        tell_down(self, id, request.reason);
      }
    },
  };
}

} // namespace

handle spawn(caf::actor_system& system, std::string host, telemetry::logger log) {
  return system.spawn(run, std::move(host), std::move(log));
}

} // namespace runtime::directory
