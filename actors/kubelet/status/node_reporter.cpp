#include "actors/kubelet/status/node_reporter.hpp"

#include "messages/codec/time.hpp"

namespace actors::kubelet::status {

using client::protocol::PatchKind;

namespace {

/// Of each condition what tells whether it changes, and since when it is so.
draft transitions_of(const flatbuffers::Vector<flatbuffers::Offset<messages::api::core::v1::NodeCondition>>& conditions) {
  auto result = draft::make_array();
  for (const auto* one : conditions)
    if (one->type() && one->status() && one->lastTransitionTime())
      result.push_back(draft::make_object({{"type", one->type()->string_view()},
                                           {"status", one->status()->string_view()},
                                           {"lastTransitionTime", messages::codec::format_time(*one->lastTransitionTime())}}));
  return result;
}

} // namespace

node_reporter::node_reporter(client::api_client& client, std::function<node_facts()> measure)
    : client_(&client), measure_(std::move(measure)) {}

void node_reporter::start() { register_node(); }

void node_reporter::register_node() {
  if (!client_->connected()) { // the directory tells when there is an apiserver; no need to fail until then
    client_->after(retry_delay_min, [this] { register_node(); });
    return;
  }
  auto facts = measure_();
  name_ = facts.name;
  auto node = node_object(facts);
  stamp_conditions(*node.find("status"), draft(), client_->context().clock->wall_seconds());
  client_->create(client::nodes, node, [this, name = facts.name](const client::api_result& result) {
    if (result.already_exists()) {
      client_->get(client::nodes, "", name, [this](const client::api_result& found) { on_existing(found); });
      return;
    }
    if (!result.ok()) {
      client_->context().log.warning("cannot register the node",
                                     {{"code", result.code}, {"why", result.message}});
      retry_registration();
      return;
    }
    on_existing(result);
  });
}

void node_reporter::retry_registration() {
  client_->after(retry_delay_, [this] { register_node(); });
  retry_delay_ = std::min(retry_delay_ * 2, retry_delay_max);
}

/// The node is there: ours from now, or from an earlier run, whose labels and podCIDR may have changed.
void node_reporter::on_existing(const client::api_result& result) {
  if (!result.ok()) {
    retry_registration();
    return;
  }
  const auto* node = result.object.root<messages::api::core::v1::Node>();
  auto facts = measure_();
  auto spec = draft::make_object();
  bool lacks_cidr = !node || !node->spec() || !node->spec()->podCIDR();
  if (!facts.pod_cidr.empty() && lacks_cidr)
    spec = *node_object(facts).find("spec");
  auto patch = draft::make_object(
    {{"metadata", draft::make_object({{"labels", node_labels(facts)}})}, {"spec", std::move(spec)}});
  client_->patch(client::nodes, "", "", facts.name, PatchKind::merge, patch,
                 [this](const client::api_result& patched) {
                   if (!patched.ok()) {
                     retry_registration();
                     return;
                   }
                   client_->context().log.info("node registered");
                   registered_ = true;
                   tick_status();
                   tick_lease();
                 });
}

void node_reporter::tick_status() {
  write_status();
  client_->after(status_period, [this] { tick_status(); });
}

void node_reporter::write_status() {
  write_again_ = status_under_way_;
  if (!registered_ || status_under_way_)
    return;
  auto now = client_->context().clock->wall_seconds();
  auto facts = measure_();
  const bool may_wait = !overwritten_ && now - written_s_ < unchanged_status_s;
  if (may_wait && !written_.is_null() && facts == written_facts_)
    return;
  auto status = node_status(facts);
  if (may_wait && written_ == status)
    return;
  overwritten_ = false;
  auto stamped = status;
  stamp_conditions(stamped, stamped_, now);
  status_under_way_ = true;
  // Not a strategic merge of lists: the images are the ones that are there now, and addresses and conditions
  // merge by type.
  auto patch = draft::make_object({{"status", stamped}});
  client_->patch(
    client::nodes, "status", "", facts.name, PatchKind::strategic_merge, patch,
    [this, facts, status, stamped, now](const client::api_result& result) {
      status_under_way_ = false;
      if (result.ok()) {
        written_facts_ = facts;
        written_ = status;
        stamped_ = stamped;
        written_s_ = now;
      } else if (result.not_found()) { // somebody deleted the node: upstream registers only at the start
        client_->context().log.warning("the node object is gone");
      }
      if (std::exchange(write_again_, false))
        write_status();
    });
}

void node_reporter::observe(const messages::api::core::v1::Node& node) {
  if (!node.status() || !node.status()->conditions())
    return;
  stamped_ = draft::make_object({{"conditions", transitions_of(*node.status()->conditions())}});
  if (written_.is_null())
    return;
  for (const auto& mine : written_.get("conditions").items())
    for (const auto* shown : *node.status()->conditions())
      if (shown->type() && shown->type()->string_view() == mine.get("type").str() &&
          (!shown->status() || shown->status()->string_view() != mine.get("status").str()))
        overwritten_ = true;
}

void node_reporter::tick_lease() {
  if (!lease_under_way_)
    lease_exists_ ? write_lease() : create_lease();
  client_->after(lease_period, [this] { tick_lease(); });
}

/// Only for a Node that is there, and owned by that one: nobody would collect the Lease of one that was deleted.
void node_reporter::create_lease() {
  lease_under_way_ = true;
  client_->get(client::nodes, "", name_, [this](const client::api_result& found) {
    const auto* node = found.ok() ? found.object.root<messages::api::core::v1::Node>() : nullptr;
    if (node && node->metadata() && node->metadata()->uid())
      create_lease_of(node->metadata()->uid()->str());
    else
      lease_under_way_ = false; // looked at again with the next tick
  });
}

void node_reporter::create_lease_of(const std::string& node_uid) {
  auto lease = lease_object(name_, node_uid, client_->context().clock->wall_us());
  client_->create(client::leases, lease, [this](const client::api_result& result) {
    lease_under_way_ = false;
    lease_exists_ = result.ok() || result.already_exists();
    if (result.already_exists())
      write_lease(); // of an earlier run
    else if (!result.ok())
      client_->after(retry_delay_min * 5, [this] {
        if (!lease_exists_ && !lease_under_way_)
          create_lease();
      });
  });
}

void node_reporter::write_lease() {
  lease_under_way_ = true;
  auto lease = lease_object(name_, "", client_->context().clock->wall_us());
  auto patch = draft::make_object({{"spec", *lease.find("spec")}});
  client_->patch(client::leases, "", "kube-node-lease", name_, PatchKind::merge, patch,
                 [this](const client::api_result& result) {
                   lease_under_way_ = false;
                   if (result.not_found())
                     lease_exists_ = false; // made again with the next tick
                 });
}

} // namespace actors::kubelet::status
