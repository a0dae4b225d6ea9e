#include "actors/kubelet/probes/probe_loop.hpp"
#include <algorithm>

namespace actors::kubelet::probes {
namespace {

const pods::container_report* find_report(const pods::pod_status* status, const std::string& id) {
  if (!status)
    return nullptr;
  for (const auto* list : {&status->containers, &status->init_containers})
    for (const auto& r : *list)
      if (r.container_id == "containerd://" + id)
        return &r;
  return nullptr;
}

const pods::probe_spec* probe_of(const pods::container_spec& c, probe_kind kind) {
  const auto& p = kind == probe_kind::liveness    ? c.liveness
                  : kind == probe_kind::readiness ? c.readiness
                                                  : c.startup;
  return p ? &*p : nullptr;
}

} // namespace

void probe_loop::update(const std::string& uid, std::shared_ptr<const pods::pod_spec> pod,
                        const pods::runtime_status& status, const pods::pod_status* previous) {
  auto& p = pods_[uid];
  p.pod = std::move(pod);
  if (const auto* s = status.ready_sandbox(); s && !s->ips.empty())
    p.ip = s->ips.front();
  if (p.pod->host_network && previous)
    p.ip = previous->host_ip;
  p.ids.clear();
  std::map<std::pair<std::string, probe_kind>, running_probe> next;
  for (const auto* list : {&p.pod->init_containers, &p.pod->containers})
    for (const auto& c : *list) {
      const auto* instance = status.find(c.name);
      if (!instance || instance->state != cri::container_state::running)
        continue;
      p.ids[c.name] = instance->id;
      for (auto kind : {probe_kind::startup, probe_kind::readiness, probe_kind::liveness}) {
        const auto* spec = probe_of(c, kind);
        if (!spec)
          continue;
        auto key = std::make_pair(c.name, kind);
        running_probe probe{kind, &c, spec, {}};
        auto old = p.probes.find(key);
        if (old != p.probes.end() && old->second.state.container_id == instance->id) {
          probe.state = old->second.state;
        } else {
          const auto now = hooks_.now_us();
          const auto age = std::max<int64_t>(0, hooks_.wall_us() - instance->started_us);
          begin(probe.state, kind, *spec, instance->id, now - age, now);
          if (const auto* r = find_report(previous, instance->id)) {
            if (kind == probe_kind::readiness && r->ready)
              probe.state.current = probe.state.last = outcome::success;
            if (kind == probe_kind::startup && r->started.value_or(false))
              probe.state.current = outcome::success;
          }
        }
        next.emplace(key, std::move(probe));
      }
    }
  p.probes = std::move(next);
  plan(uid, p);
}

bool probe_loop::is_started(const probed_pod& p, const std::string& container) const {
  auto it = p.probes.find({container, probe_kind::startup});
  return it == p.probes.end() || it->second.state.current == outcome::success;
}

pods::verdict_table probe_loop::verdicts(const std::string& uid) const {
  pods::verdict_table table;
  auto it = pods_.find(uid);
  if (it == pods_.end())
    return table;
  for (const auto& [key, probe] : it->second.probes) {
    auto& v = table[probe.state.container_id];
    (probe.kind == probe_kind::liveness    ? v.liveness
     : probe.kind == probe_kind::readiness ? v.readiness
                                           : v.startup) = probe.state.current;
  }
  return table;
}

void probe_loop::plan(const std::string& uid, probed_pod& p) {
  auto generation = ++p.generation;
  int64_t next = INT64_MAX;
  for (const auto& [key, probe] : p.probes) {
    const auto& s = probe.state;
    bool waits = s.in_flight || s.on_hold || (probe.kind == probe_kind::startup) == is_started(p, key.first);
    if (!waits)
      next = std::min(next, s.next_us);
  }
  if (next == INT64_MAX)
    return;
  hooks_.after(std::max<int64_t>(0, next - hooks_.now_us()),
               [this, uid, generation] { tick(uid, generation); });
}

void probe_loop::tick(const std::string& uid, uint64_t generation) {
  auto it = pods_.find(uid);
  if (it == pods_.end() || it->second.generation != generation)
    return;
  auto& p = it->second;
  std::vector<std::pair<std::string, probe_kind>> due;
  for (const auto& [key, probe] : p.probes)
    if (is_due(probe.state, probe.kind, is_started(p, key.first), hooks_.now_us()))
      due.push_back(key);
  for (const auto& key : due) {
    // An attempt that runs inline may have changed the table.
    auto again = pods_.find(uid);
    if (again == pods_.end())
      return;
    auto probe = again->second.probes.find(key);
    if (probe != again->second.probes.end() && !probe->second.state.in_flight)
      begin_attempt(uid, again->second, probe->second);
  }
  if (auto again = pods_.find(uid); again != pods_.end())
    plan(uid, again->second);
}

void probe_loop::begin_attempt(const std::string& uid, probed_pod& p, running_probe& probe) {
  probe.state.in_flight = true;
  auto id = probe.state.container_id;
  auto name = probe.container->name;
  auto kind = probe.kind;
  hooks_.run(
    [pod = p.pod, spec = probe.spec, container = probe.container, id, ip = p.ip, runtime = runtime_] {
      return probes::run(spec->action, {id, ip, container}, spec->timeout_s, *runtime);
    },
    [this, uid, name, kind, id](attempt a) { on_result(uid, name, kind, id, std::move(a)); });
}

void probe_loop::on_result(const std::string& uid, const std::string& container, probe_kind kind,
                           const std::string& id, attempt a) {
  auto it = pods_.find(uid);
  if (it == pods_.end())
    return;
  auto found = it->second.probes.find({container, kind});
  if (found == it->second.probes.end() || found->second.state.container_id != id)
    return; // of an earlier instance
  auto& probe = found->second;
  bool changed = note(probe.state, kind, *probe.spec, a.result, hooks_.now_us());
  if (a.result != outcome::success) {
    std::string verb = a.result == outcome::failure ? " probe failed: " : " probe errored: ";
    hooks_.report(uid, {container, probe_name(kind) + verb + a.message});
  }
  plan(uid, it->second);
  if (changed)
    hooks_.changed(uid);
}

} // namespace actors::kubelet::probes
