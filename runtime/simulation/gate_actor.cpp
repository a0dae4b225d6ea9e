#include "runtime/simulation/gate_actor.hpp"

#include "runtime/simulation/network.hpp"
#include "runtime/telemetry/metered.hpp"

namespace runtime::simulation {

namespace {

class gate : public telemetry::metered<caf::event_based_actor> {
public:
  gate(caf::actor_config& config, gate_options options) : metered(config), options_(std::move(options)) {
    set_down_handler([this](caf::down_msg& down) {
      std::erase_if(subscribers_, [&](const auto& item) { return item->address() == down.source; });
    });
  }

  caf::behavior make_behavior() override {
    caf::anon_send(options_.directory, directory::export_roles{caf::actor_cast<caf::strong_actor_ptr>(this)});
    options_.net->set_gate(options_.host, caf::actor_cast<caf::strong_actor_ptr>(this));
    return {
      [this](const directory::role_exported& role) { on_own(role); },
      [this](const link_made& link) { on_made(link); },
      [this](const link_lost& link) { on_lost(link); },
      [this](const peer_role& role) { on_peer_role(role); },
      [this](const mesh::subscribe_links& wish) { on_subscribe(wish); },
    };
  }

  // The links of a host go with its gate.
  void on_exit() override {
    options_.net->set_gate(options_.host, nullptr);
    subscribers_.clear();
    own_.clear();
    peers_.clear();
  }

private:
  void on_own(const directory::role_exported& role) {
    if (role.handle)
      own_[role.id] = role;
    else
      own_.erase(role.id);
    for (const auto& [peer, link] : peers_)
      tell(peer, role);
  }

  void tell(host_id peer, const directory::role_exported& role) {
    options_.net->send_role(options_.host, peer, {options_.host, options_.name, role.id, role.handle, role.epoch});
  }

  void on_made(const link_made& link) {
    peers_[link.peer] = link;
    for (const auto& [id, role] : own_)
      tell(link.peer, role);
    for (const auto& each : subscribers_)
      announce(each, link);
  }

  void announce(const caf::strong_actor_ptr& to, const link_made& link) {
    caf::anon_send(caf::actor_cast<caf::actor>(to), mesh::link_up{link.name, link.incarnation, {}});
  }

  void on_lost(const link_lost& link) {
    if (peers_.erase(link.peer) == 0)
      return;
    caf::anon_send(options_.directory, directory::drop_host{link.name, link.reason});
    for (const auto& each : subscribers_)
      caf::anon_send(caf::actor_cast<caf::actor>(each), mesh::link_down{link.name, link.reason});
  }

  void on_peer_role(const peer_role& role) {
    if (peers_.count(role.peer) == 0)
      return; // of a link that was lost meanwhile
    if (!role.handle) {
      caf::anon_send(options_.directory, directory::withdraw_role{role.id, role.name});
      return;
    }
    auto handle = options_.net->view(options_.host, role.handle);
    if (handle)
      caf::anon_send(options_.directory, directory::register_role{role.id, std::move(handle), role.name, role.epoch});
  }

  void on_subscribe(const mesh::subscribe_links& wish) {
    monitor(wish.subscriber);
    subscribers_.push_back(wish.subscriber);
    for (const auto& [peer, link] : peers_)
      announce(wish.subscriber, link);
  }

  gate_options options_;
  std::map<std::string, directory::role_exported> own_;
  std::map<host_id, link_made> peers_;
  std::vector<caf::strong_actor_ptr> subscribers_;
};

} // namespace

caf::strong_actor_ptr spawn_gate(caf::actor_system& system, gate_options options) {
  return caf::actor_cast<caf::strong_actor_ptr>(system.spawn<gate>(std::move(options)));
}

} // namespace runtime::simulation
