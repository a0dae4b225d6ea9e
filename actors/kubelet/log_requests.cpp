// `kubectl logs`, piece by piece, for apiservers.
#include "actors/kubelet/kubelet_actor.hpp"
#include "messages/codec/text.hpp"
#include "actors/kubelet/logs/log_reader.hpp"
#include "actors/kubelet/workers/executor.hpp"

namespace actors::kubelet {

using messages::codec::text_of;

namespace {

namespace protocol = runtime::protocols::kubelet;

protocol::read_log_reply refuse(int code, std::string message) {
  protocol::ReadLogReplyT reply;
  reply.code = code;
  reply.message = std::move(message);
  return protocol::read_log_reply{reply};
}

logs::read_options options_of(const protocol::ReadLogRequest& r, int64_t now_us) {
  logs::read_options o;
  o.timestamps = r.timestamps();
  if (r.tail_lines() >= 0)
    o.tail_lines = r.tail_lines();
  if (r.limit_bytes() >= 0)
    o.limit_bytes = r.limit_bytes();
  if (r.since_time() >= 0)
    o.since_us = r.since_time();
  if (r.since_seconds() >= 0)
    o.since_us = now_us - r.since_seconds() * 1'000'000;
  o.position = text_of(r.position());
  if (r.max_bytes() > 0)
    o.max_bytes = static_cast<size_t>(r.max_bytes());
  return o;
}

const pods::container_report* report_of(const pods::pod_status& status, const std::string& name) {
  for (const auto* list : {&status.containers, &status.init_containers})
    for (const auto& r : *list)
      if (r.name == name)
        return &r;
  return nullptr;
}

} // namespace

caf::result<protocol::read_log_reply> kubelet::on_read_log(const protocol::read_log_request& message) {
  if (!message.valid())
    return refuse(400, "malformed request");
  const auto& r = *message;
  auto name = text_of(r.pod()), container = text_of(r.container());
  auto key = uid_by_key_.find(client::object_key(text_of(r.namespace_name()), name));
  auto it = key == uid_by_key_.end() ? pods_.end() : pods_.find(key->second);
  if (it == pods_.end() || (r.uid() && r.uid()->size() && r.uid()->str() != it->first))
    return refuse(404, "pod \"" + name + "\" not found on node " + environment_->node);
  const auto& pod = it->second;
  if (!pods::find_container(*pod.spec, container))
    return refuse(400, "container " + container + " is not valid for pod " + name);
  if (parts_.hollow)
    return refuse(400, "pod \"" + name + "\" runs on a hollow node, which has no containers and no logs");

  const auto* report = pod.last_status ? report_of(*pod.last_status, container) : nullptr;
  const auto* instance = pod.runtime.find(container);
  bool started = instance && instance->state != cri::container_state::created;
  if (!started && !r.previous()) {
    auto reason =
      report && report->state.waiting ? report->state.waiting->reason : std::string("ContainerCreating");
    return refuse(400,
                  "container \"" + container + "\" in pod \"" + name + "\" is waiting to start: " + reason);
  }
  int count = instance ? pods::restart_count_of(*instance) : 0;
  bool waits_to_restart =
    report && report->state.waiting && instance && instance->state == cri::container_state::exited;
  if (r.previous() && !waits_to_restart)
    --count;
  if (count < 0)
    return refuse(400,
                  "previous terminated container \"" + container + "\" in pod \"" + name + "\" not found");
  if (log_reads_ >= log_reads_max)
    return refuse(429, "too many logs are being read on this node, please try again later");

  ++log_reads_;
  auto promise = make_response_promise<protocol::read_log_reply>();
  // As of before the read: what is written afterwards is seen by the next one.
  bool over = r.previous() || instance->state != cri::container_state::running;
  work<logs::piece>(
    [file = environment_->log_file(it->first, container, count),
     options = options_of(r, environment_->now_us())] { return logs::read_log(file, options); },
    [this, promise, over](logs::piece piece) mutable {
      --log_reads_;
      if (!piece.error.empty()) {
        promise.deliver(refuse(500, piece.error));
        return;
      }
      protocol::ReadLogReplyT reply;
      reply.code = 200;
      reply.data.assign(piece.data.begin(), piece.data.end());
      reply.position = std::move(piece.position);
      reply.at_end = piece.at_end || piece.limited;
      reply.closed = piece.limited || (piece.at_end && over);
      promise.deliver(protocol::read_log_reply{reply});
    });
  return promise;
}

} // namespace actors::kubelet
