#include "actors/kubelet/objects/status_writer.hpp"
#include "messages/codec/time.hpp"

namespace actors::kubelet::objects {
namespace {

using messages::codec::draft;

draft time_or_null(int64_t seconds) {
  return seconds ? draft(messages::codec::format_time(seconds)) : draft();
}
draft text_or_null(const std::string& text) { return text.empty() ? draft() : draft(text); }

void set_text(draft& to, const char* key, const std::string& value) {
  if (!value.empty())
    to.set(key, value);
}

draft state_of(const pods::container_state& from) {
  auto state = draft::make_object();
  if (from.waiting) {
    auto w = draft::make_object();
    set_text(w, "reason", from.waiting->reason);
    set_text(w, "message", from.waiting->message);
    state.set("waiting", std::move(w));
  } else if (from.running) {
    state.set("running", draft::make_object({{"startedAt", time_or_null(from.running->started_s)}}));
  } else if (from.terminated) {
    const auto& t = *from.terminated;
    auto end = draft::make_object({{"exitCode", t.exit_code}});
    if (t.signal)
      end.set("signal", t.signal);
    set_text(end, "reason", t.reason);
    set_text(end, "message", t.message);
    end.set("startedAt", time_or_null(t.started_s));
    end.set("finishedAt", time_or_null(t.finished_s));
    set_text(end, "containerID", t.container_id);
    state.set("terminated", std::move(end));
  }
  return state;
}

draft report_of(const pods::container_report& r) {
  auto c = draft::make_object({{"name", r.name},
                               {"state", state_of(r.state)},
                               {"lastState", state_of(r.last)},
                               {"ready", r.ready},
                               {"restartCount", r.restart_count},
                               {"image", r.image},
                               {"imageID", r.image_id}});
  set_text(c, "containerID", r.container_id);
  if (r.started)
    c.set("started", *r.started);
  return c;
}

draft reports_of(const std::vector<pods::container_report>& reports) {
  auto list = draft::make_array();
  for (const auto& r : reports)
    list.push_back(report_of(r));
  return list;
}

draft addresses_of(const std::vector<std::string>& ips) {
  auto list = draft::make_array();
  for (const auto& ip : ips)
    list.push_back(draft::make_object({{"ip", ip}}));
  return list;
}

} // namespace

draft status_patch(const std::string& uid, const pods::pod_status& s) {
  auto conditions = draft::make_array();
  for (const auto& c : s.conditions)
    conditions.push_back(draft::make_object({{"type", c.type},
                                             {"status", c.status},
                                             {"reason", text_or_null(c.reason)},
                                             {"message", text_or_null(c.message)},
                                             {"lastProbeTime", draft()},
                                             {"lastTransitionTime", time_or_null(c.transition_s)},
                                             {"observedGeneration", c.observed_generation}}));
  auto status = draft::make_object({{"phase", s.phase},
                                    {"conditions", std::move(conditions)},
                                    {"reason", text_or_null(s.reason)},
                                    {"message", text_or_null(s.message)},
                                    {"hostIP", text_or_null(s.host_ip)},
                                    {"podIP", s.pod_ips.empty() ? draft() : draft(s.pod_ips.front())},
                                    {"startTime", time_or_null(s.start_s)},
                                    {"qosClass", s.qos},
                                    {"observedGeneration", s.observed_generation},
                                    {"containerStatuses", reports_of(s.containers)}});
  if (!s.host_ip.empty())
    status.set("hostIPs", addresses_of({s.host_ip}));
  auto addresses = addresses_of(s.pod_ips);
  // The list merges by address: without this, one that has gone would stay.
  addresses.push_back(draft::make_object({{"$patch", "replace"}}));
  status.set("podIPs", std::move(addresses));
  if (!s.init_containers.empty())
    status.set("initContainerStatuses", reports_of(s.init_containers));
  return draft::make_object(
    {{"metadata", draft::make_object({{"uid", uid}})}, {"status", std::move(status)}});
}

} // namespace actors::kubelet::objects
