#include "runtime/simulation/remote_handle.hpp"

#include "runtime/simulation/network.hpp"

namespace runtime::simulation {

remote_handle::remote_handle(caf::actor_config& config, network& net, host_id viewer, host_id owner,
                             caf::strong_actor_ptr target)
  : actor_proxy(config), network_(&net), viewer_(viewer), owner_(owner), target_(std::move(target)) {
}

/// Once it has ended, what is sent to it is lost without an answer, as with CAF's proxies.
void remote_handle::enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) {
  if (network_ == nullptr || !target_)
    return;
  network_->send(viewer_, owner_, target_, what->sender, what->mid, what->move_content_to_message());
}

void remote_handle::kill_proxy(caf::execution_unit* context, caf::error reason) {
  network_ = nullptr;
  target_ = nullptr;
  cleanup(std::move(reason), context);
}

} // namespace runtime::simulation
