// From watch events to batches of rules.
#include "actors/proxy/proxy_actor.hpp"

#include "actors/proxy/read_objects.hpp"
#include "messages/api/core/v1/service_generated.h"
#include "messages/api/discovery/v1/endpointslice_generated.h"
#include "runtime/transport/ask.hpp"

namespace actors::proxy {

namespace api = messages::api;
using runtime::transport::ask;

namespace {

tracker::object_key tracker_key(const std::string& key) {
  auto [name_space, name] = client::split_key(key);
  return {std::move(name_space), std::move(name)};
}

} // namespace

proxy::proxy(caf::actor_config& config, const runtime::host::role_context& context, writer_actor writer)
    : metered(config),
      context_(context),
      client_(this, context, {"system:kube-proxy", {"system:node-proxier", "system:authenticated"}}),
      tracker_(context.settings.text("node")),
      writer_(std::move(writer)) {}

proxy::behavior_type proxy::make_behavior() {
  link_to(writer_); // neither is of use without the other
  watch_objects();
  schedule_verify();
  return {
    [this](const client::protocol::watch_batch& batch) { client_.receive(batch); },
    [this](const runtime::directory::role_up& event) { client_.receive(event); },
    [this](const runtime::directory::role_down& event) { client_.receive(event); },
    [this](const runtime::host::tenure_changed& event) { client_.receive(event); },
    [this](const client::wake& event) { client_.receive(event); },
    [this](const get_counters&) {
      counters_.services = tracker_.services();
      counters_.ports = tracker_.model().size();
      return counters_;
    },
  };
}

void proxy::watch_objects() {
  client_.watch<api::core::v1::Service>().cache().on_change(
    [this](const std::string& key, const client::entry*, const client::entry* after) {
      if (after)
        tracker_.put(read_service(after->as<api::core::v1::Service>()));
      else
        tracker_.erase_service(tracker_key(key));
      schedule_write(gather_time);
    });
  client_.watch<api::discovery::v1::EndpointSlice>().cache().on_change(
    [this](const std::string& key, const client::entry*, const client::entry* after) {
      if (after)
        tracker_.put(read_slice(after->as<api::discovery::v1::EndpointSlice>()));
      else
        tracker_.erase_slice(tracker_key(key));
      schedule_write(gather_time);
    });
  // Not before: rules from half of the state would interrupt services that an earlier run left in place.
  client_.on_synced([this] {
    synced_ = true;
    schedule_write(0ms);
  });
  client_.start();
}

void proxy::schedule_write(std::chrono::milliseconds delay) {
  if (!synced_ || busy_ || write_waits_ || !(must_write_ || tracker_.changed()))
    return;
  write_waits_ = true;
  client_.after(delay, [this] {
    write_waits_ = false;
    write();
  });
}

void proxy::write() {
  if (busy_) { // a verification is under way; its end schedules again
    return;
  }
  auto delta = std::make_shared<const tracker::model_delta>(tracker_.take_delta());
  if (delta->empty() && !must_write_)
    return;
  busy_ = true;
  ask(
    this, writer_, write_deadline, write_rules{std::move(delta)},
    [this](const rules_written& outcome) { on_written(outcome); },
    [this](caf::error& why) { on_silence(why); });
}

void proxy::on_written(const rules_written& outcome) {
  busy_ = false;
  const auto& report = outcome.report;
  counters_.last_write_us = outcome.took_us;
  for (const auto& warning : report.warnings)
    context_.log.warning("beside the rules", {{"why", warning}});
  if (report.error) {
    ++counters_.failures;
    must_write_ = true;
    const auto delay = context_.random->jitter(retry_delay_.count(), retry_jitter);
    context_.log.error("rules refused, writing all of them again",
                       {{"why", *report.error}, {"in_ms", delay}});
    schedule_write(std::chrono::milliseconds(delay));
    retry_delay_ = std::min(retry_delay_ * 2, retry_delay_max);
    return;
  }
  ++counters_.writes;
  counters_.complete_writes += report.complete;
  must_write_ = false;
  retry_delay_ = retry_delay_min;
  if (report.complete)
    context_.log.info(
      "all rules written",
      {{"services", tracker_.services()}, {"ports", tracker_.model().size()}, {"took_us", outcome.took_us}});
  else
    context_.log.debug("changed rules written", {{"took_us", outcome.took_us}});
  if (!std::exchange(ready_, true))
    runtime::host::announce_ready(context_, caf::actor_cast<caf::strong_actor_ptr>(this));
  schedule_write(gather_time);
}

void proxy::schedule_verify() {
  client_.after(verify_interval, [this] {
    if (busy_ || !ready_)
      return schedule_verify();
    busy_ = true;
    ask(
      this, writer_, write_deadline, verify_rules{},
      [this](const rules_verified& answer) { on_verified(answer.present); },
      [this](caf::error& why) { on_silence(why); });
  });
}

void proxy::on_verified(bool present) {
  busy_ = false;
  if (!present) {
    ++counters_.lost;
    must_write_ = true;
    context_.log.warning("the rules are gone: another program removed them; writing them again");
  }
  schedule_write(gather_time);
  schedule_verify();
}

void proxy::on_silence(const caf::error& why) {
  // The supervisor starts a new pair; the table stays as it is meanwhile.
  quit(runtime::telemetry::make_failure("the rule writer does not answer: " + to_string(why)));
}

} // namespace actors::proxy
