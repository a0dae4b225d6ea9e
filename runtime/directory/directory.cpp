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

role_up up_of(const role_entry& entry) {
  return {entry.id, entry.handle, entry.host, entry.epoch};
}

void tell_gate(directory_self* self, const role_entry& entry, bool up) {
  auto& state = self->state;
  if (state.exporter && entry.host == state.host)
    caf::anon_send(caf::actor_cast<caf::actor>(state.exporter),
                   role_exported{entry.id, up ? entry.handle : nullptr, entry.epoch});
}

/// Removes an entry. Its subscribers hear of the end only if it was the one to use.
void remove(directory_self* self, const std::string& id, const std::string& host, const std::string& reason) {
  auto& state = self->state;
  auto before = state.best(id);
  auto was_best = before && before->host == host;
  auto entry = state.take(id, host);
  if (!entry)
    return;
  state.log.info("role down", {{"id", id}, {"host", host}, {"reason", reason}});
  tell_gate(self, *entry, false);
  if (!was_best)
    return;
  if (auto next = state.best(id))
    push(self, id, up_of(*next));
  else
    push(self, id, role_down{id, reason, host});
}

void on_end(directory_self* self, const caf::down_msg& down) {
  auto& state = self->state;
  state.watched.erase(down.source);
  // First the subscriber: an actor that subscribed to itself must not be sent its own end.
  state.forget_subscriber(down.source);
  if (caf::actor_cast<caf::actor_addr>(state.exporter) == down.source)
    state.exporter = nullptr;
  auto reason = telemetry::is_orderly(down.reason) ? std::string{"stopped"} : telemetry::failure_text(down.reason);
  auto ended = [&](auto& entry) { return caf::actor_cast<caf::actor_addr>(entry.handle) == down.source; };
  for (auto& entry : state.select(ended))
    remove(self, entry.id, entry.host, reason);
}

caf::result<void> on_register(directory_self* self, const register_role& request) {
  auto& state = self->state;
  if (!request.handle || request.id.empty())
    return telemetry::make_failure("a registration needs an id and a live actor");
  auto host = request.host.empty() ? state.host : request.host;
  if (state.role_count >= roles_max && !state.has(request.id, host))
    return telemetry::make_failure("the directory is full: " + std::to_string(roles_max) + " roles");
  role_entry entry{request.id, request.handle, host, request.epoch};
  state.put(entry);
  watch(self, request.handle);
  state.log.info("role up", {{"id", request.id}, {"host", host}});
  tell_gate(self, entry, true);
  if (state.best(request.id)->host == host)
    push(self, request.id, up_of(entry));
  return caf::unit;
}

void on_export(directory_self* self, const export_roles& request) {
  auto& state = self->state;
  state.exporter = request.subscriber;
  if (!request.subscriber)
    return;
  watch(self, request.subscriber);
  for (auto& entry : state.select([&](auto& x) { return x.host == state.host; }))
    tell_gate(self, entry, true);
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
    caf::anon_send(caf::actor_cast<caf::actor>(request.subscriber), up_of(entry));
  return caf::unit;
}

handle::behavior_type run(directory_self* self, const std::string& host, const telemetry::logger& log) {
  self->state.host = host;
  self->state.log = log;
  self->set_down_handler([self](const caf::down_msg& down) { on_end(self, down); });
  return {
    [self](const register_role& request) { return on_register(self, request); },
    [self](const withdraw_role& request) {
      remove(self, request.id, request.host.empty() ? self->state.host : request.host, "withdrawn");
    },
    [self](const subscribe& request) { return on_subscribe(self, request); },
    [self](const unsubscribe& request) {
      self->state.remove_subscription(request.pattern, caf::actor_cast<caf::actor_addr>(request.subscriber));
    },
    [self](const lookup& request) { return lookup_reply{self->state.find(request.pattern)}; },
    [self](const drop_host& request) {
      for (auto& entry : self->state.select([&](auto& x) { return x.host == request.host; }))
        remove(self, entry.id, entry.host, request.reason);
    },
    [self](const export_roles& request) { on_export(self, request); },
  };
}

} // namespace

handle spawn(caf::actor_system& system, std::string host, telemetry::logger log) {
  return system.spawn(run, std::move(host), std::move(log));
}

} // namespace runtime::directory
