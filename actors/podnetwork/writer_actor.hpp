// The actor around a network_writer: makes it on its own thread and turns exceptions into answers.
#pragma once

#include "actors/podnetwork/podnetwork.hpp"

#include <caf/all.hpp>

namespace actors::podnetwork {

struct reconcile_network {
  std::shared_ptr<const std::vector<plan::node_view>> nodes;
};
struct network_reconciled {
  network_report report;
};

using writer_actor = caf::typed_actor<caf::replies_to<reconcile_network>::with<network_reconciled>>;

writer_actor spawn_writer(caf::actor_system& system, network_writer_factory make_writer, writer_thread thread);

} // namespace actors::podnetwork

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::podnetwork::reconcile_network)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::podnetwork::network_reconciled)
