// A client of the simulated cluster: an actor whose api_client the test uses between steps.
#pragma once

#include "actors/client/api_client.hpp"

namespace tests::sim {

namespace client = actors::client;

class driver : public client::consumer_actor::base {
public:
  driver(caf::actor_config& config, runtime::host::role_context context)
      : client::consumer_actor::base(config), context_(std::move(context)),
        api(this, context_, client::identity{"admin", {"system:masters"}}) {}

  behavior_type make_behavior() override {
    deployments = &api.watch(client::deployments);
    pods = &api.watch(client::pods);
    nodes = &api.watch(client::nodes);
    api.start();
    return {
      [this](const client::protocol::watch_batch& x) { api.receive(x); },
      [this](const runtime::directory::role_up& x) { api.receive(x); },
      [this](const runtime::directory::role_down& x) { api.receive(x); },
      [this](const runtime::host::tenure_changed& x) { api.receive(x); },
      [this](const client::wake& x) { api.receive(x); },
    };
  }

private:
  runtime::host::role_context context_;

public:
  client::api_client api;
  client::object_cache* deployments = nullptr;
  client::object_cache* pods = nullptr;
  client::object_cache* nodes = nullptr;
};

} // namespace tests::sim
