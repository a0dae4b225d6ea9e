// From watch events to reconciliations, and what they found to our Node.
#include "actors/podnetwork/podnetwork_actor.hpp"

#include "messages/api/core/v1/node_generated.h"
#include "runtime/transport/ask.hpp"

namespace actors::podnetwork {

namespace core = messages::api::core::v1;
using client::protocol::PatchKind;
using runtime::transport::ask;

podnetwork::podnetwork(caf::actor_config& config, const runtime::host::role_context& context, writer_actor writer,
                       std::string transport)
    : metered(config),
      context_(context),
      client_(this, context, client::node_identity(context.settings.text("node"))),
      events_(client_, "podnetwork", context.settings.text("node")),
      writer_(std::move(writer)),
      node_(context.settings.text("node")),
      transport_(std::move(transport)) {}

podnetwork::behavior_type podnetwork::make_behavior() {
  link_to(writer_); // neither is of use without the other
  watch_nodes();
  look_regularly();
  return {
    [this](const client::protocol::watch_batch& x) { client_.receive(x); },
    [this](const runtime::directory::role_up& x) { client_.receive(x); },
    [this](const runtime::directory::role_down& x) { client_.receive(x); },
    [this](const runtime::host::tenure_changed& x) { client_.receive(x); },
    [this](const client::wake& x) { client_.receive(x); },
  };
}

void podnetwork::watch_nodes() {
  nodes_ = &client_.watch(client::nodes);
  nodes_->on_change([this](const std::string& name, const client::entry* before, const client::entry* after) {
    on_node(name, before, after);
  });
  // Not before: routes to nodes that are not known yet would be taken away.
  client_.on_synced([this] {
    synced_ = true;
    schedule(0ms);
  });
  client_.start();
}

void podnetwork::on_node(const std::string& name, const client::entry*, const client::entry* after) {
  if (after) {
    auto view = read_node(after->as<core::Node>());
    auto& known = views_[name];
    changed_ = changed_ || known != view; // a heartbeat is none
    known = std::move(view);
  } else {
    views_.erase(name);
    changed_ = true;
  }
  if (name == node_)
    publish();
  if (changed_)
    schedule(gather_time);
}

void podnetwork::schedule(std::chrono::milliseconds delay) {
  if (!synced_ || busy_ || (timer_ && !failed_))
    return;
  if (timer_)
    client_.cancel(*timer_); // whatever is new may be what was missing
  timer_ = client_.after(delay, [this] {
    timer_.reset();
    reconcile();
  });
}

void podnetwork::look_regularly() {
  client_.after(look_interval, [this] {
    look_regularly();
    schedule(0ms);
  });
}

void podnetwork::reconcile() {
  // Our own address is what everything depends on; until the kubelet has said it, what an earlier run wrote stays.
  const auto own = views_.find(node_);
  if (own == views_.end() || !own->second.address)
    return;
  auto list = std::make_shared<std::vector<plan::node_view>>();
  list->reserve(views_.size());
  for (const auto& [name, view] : views_)
    list->push_back(view);
  busy_ = true;
  changed_ = false;
  ask(
    this, writer_, write_deadline, reconcile_network{std::move(list)},
    [this](const network_reconciled& answer) {
      busy_ = false;
      on_reconciled(answer.report);
    },
    [this](caf::error& why) {
      // The supervisor starts a new pair; routes stay as they are meanwhile.
      quit(runtime::telemetry::make_failure("the network writer does not answer: " + to_string(why)));
    });
}

void podnetwork::on_reconciled(const network_report& report) {
  wanted_state_ = state_after(report);
  report_problems(report.problems);
  publish();
  if (!report.error.empty()) {
    const auto delay = std::chrono::milliseconds(context_.random->jitter(retry_delay_.count(), retry_jitter));
    context_.log.error("the pod network is not as it should be", {{"why", report.error}, {"retry_ms", delay.count()}});
    retry_delay_ = std::min(retry_delay_ * 2, retry_delay_max);
    schedule(delay);
    failed_ = true;
    return;
  }
  retry_delay_ = retry_delay_min;
  if (report.changes > 0 || std::exchange(failed_, false))
    context_.log.info("the pod network is up", {{"routes", report.routes}, {"changes", report.changes}});
  failed_ = false;
  if (!std::exchange(ready_, true))
    runtime::host::announce_ready(context_, caf::actor_cast<caf::strong_actor_ptr>(this));
  if (changed_)
    schedule(gather_time);
}

node_state podnetwork::state_after(const network_report& report) const {
  auto result = state_as_wanted(report.reachable ? transport_ : "", report.pod_mtu, report.error);
  if (const auto* own = nodes_->find(node_); own && report.pod_mtu == 0 && !report.error.empty())
    result.mtu = read_state(own->as<core::Node>()).mtu; // not known at the moment, but it was
  return result;
}

void podnetwork::report_problems(const std::vector<std::string>& problems) {
  if (problems == problems_)
    return;
  problems_ = problems;
  const auto* own = nodes_->find(node_);
  for (const auto& problem : problems_) {
    context_.log.warning("a node's pods cannot be reached", {{"what", problem}});
    if (own)
      events_.warning(client::reference_to(client::nodes, *own), "PodNetworkUnreachable", problem);
  }
}

/// Our Node says how its pods are reached and whether the network is there; written only when it says something else.
void podnetwork::publish() {
  const auto* own = nodes_->find(node_);
  publish_again_ = publishing_;
  if (!own || !wanted_state_ || publishing_ || !client_.connected())
    return;
  const auto& node = own->as<core::Node>();
  const auto found = read_state(node);
  if (found == *wanted_state_)
    return;
  publishing_ = true;
  auto done = [this](const client::api_result& result) { on_published(result); };
  if (found.transport != wanted_state_->transport || found.mtu != wanted_state_->mtu) {
    client_.patch(client::nodes, "", "", node_, PatchKind::merge, annotations_patch(*wanted_state_), done);
    return;
  }
  const auto now = context_.clock->wall_seconds();
  client_.patch(client::nodes, "status", "", node_, PatchKind::strategic_merge,
                condition_patch(*wanted_state_, now, transition_seconds(node, *wanted_state_, now)), done);
}

void podnetwork::on_published(const client::api_result& result) {
  publishing_ = false;
  // The watch shows what was written, before or after this answer, and then the rest is said. The regular look tries again
  // what failed.
  if (std::exchange(publish_again_, false))
    publish();
  if (!result.ok())
    context_.log.warning("cannot say on the Node how its pods are reached",
                         {{"code", result.code}, {"why", result.message}});
}

} // namespace actors::podnetwork
