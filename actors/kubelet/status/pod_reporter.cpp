#include "actors/kubelet/status/pod_reporter.hpp"
#include "actors/kubelet/objects/status_writer.hpp"

#include <algorithm>

namespace actors::kubelet::status {

namespace {

/// As far as others act on it; the object has conditions of others too. An older view that arrives late is no match either:
/// then the write changes nothing.
bool shows(const pods::pod_status& present, const pods::pod_status& written) {
  return present.phase == written.phase && present.pod_ips == written.pod_ips &&
         std::all_of(written.conditions.begin(), written.conditions.end(), [&](const auto& wanted) {
           return std::any_of(present.conditions.begin(), present.conditions.end(),
                              [&](const auto& found) { return found.type == wanted.type && found.status == wanted.status; });
         });
}

} // namespace

void pod_reporter::observe(const std::string& uid, const pods::pod_status& present) {
  auto it = entries_.find(uid);
  if (it == entries_.end() || it->second.name.empty() || it->second.under_way || !it->second.written ||
      shows(present, *it->second.written))
    return;
  it->second.written = present;
  repair(uid, it->second);
}

/// A controller that calls the node lost would answer each repair with its own view, as fast as both can write.
void pod_reporter::repair(const std::string& uid, entry& item) {
  const auto now = client_->context().clock->monotonic_us();
  if (now >= item.repair_due_us) {
    item.repair_due_us = now + std::chrono::microseconds{repair_period}.count();
    flush(uid);
    return;
  }
  if (std::exchange(item.repair_waits, true))
    return;
  client_->after(std::chrono::milliseconds{(item.repair_due_us - now) / 1000 + 1}, [this, uid] {
    auto it = entries_.find(uid);
    if (it == entries_.end())
      return;
    it->second.repair_waits = false;
    if (it->second.written && !shows(*it->second.written, it->second.desired))
      repair(uid, it->second);
  });
}

void pod_reporter::adopt(const std::string& uid, const pods::pod_status& written) {
  auto& e = entries_[uid];
  e.desired = written;
  e.written = written;
}

const pods::pod_status* pod_reporter::desired(const std::string& uid) const {
  auto it = entries_.find(uid);
  return it == entries_.end() || it->second.name.empty() ? nullptr : &it->second.desired;
}

void pod_reporter::report(const std::string& uid, const std::string& ns, const std::string& name,
                          const pods::pod_status& status, int64_t acted_upon) {
  auto& e = entries_[uid];
  e.ns = ns;
  e.name = name;
  e.acted_upon = acted_upon;
  e.desired = status;
  flush(uid);
}

void pod_reporter::finish(const std::string& uid, const std::string& ns, const std::string& name, int64_t acted_upon) {
  auto& e = entries_[uid];
  e.ns = ns;
  e.name = name;
  e.acted_upon = acted_upon;
  e.finishing = true;
  flush(uid);
}

void pod_reporter::flush(const std::string& uid) {
  auto it = entries_.find(uid);
  if (it == entries_.end() || it->second.under_way || it->second.waiting)
    return;
  auto& e = it->second;
  if (e.written && *e.written == e.desired) {
    if (e.finishing)
      remove(uid);
    return;
  }
  e.under_way = true;
  const auto cause = because(e);
  client_->patch(
    client::pods, "status", e.ns, e.name, client::protocol::PatchKind::strategic_merge,
    objects::status_patch(uid, e.desired),
    [this, uid, sent = e.desired](const client::api_result& result) { on_written(uid, sent, result); });
}

void pod_reporter::on_written(const std::string& uid, const pods::pod_status& sent,
                              const client::api_result& result) {
  auto it = entries_.find(uid);
  if (it == entries_.end())
    return;
  it->second.under_way = false;
  if (result.ok()) {
    it->second.written = sent;
    flush(uid);
  } else if (result.not_found() || result.code == 409) {
    // Gone, or another pod has the name: the watch says so too, and there is nothing left to write.
    it->second.written = it->second.desired;
    if (it->second.finishing)
      remove(uid);
  } else {
    client_->context().log.warning(
      "cannot write a pod's status",
      {{"pod", it->second.ns + "/" + it->second.name}, {"code", result.code}, {"why", result.message}});
    retry(uid);
  }
}

void pod_reporter::retry(const std::string& uid) {
  entries_[uid].waiting = true;
  client_->after(retry_delay, [this, uid] {
    auto it = entries_.find(uid);
    if (it == entries_.end())
      return;
    it->second.waiting = false;
    flush(uid);
  });
}

void pod_reporter::remove(const std::string& uid) {
  auto& e = entries_[uid];
  e.under_way = true;
  client::delete_options options;
  options.uid = uid;
  options.grace_seconds = 0;
  const auto cause = because(e);
  client_->remove(client::pods, e.ns, e.name, options, [this, uid](const client::api_result& result) {
    auto it = entries_.find(uid);
    if (it == entries_.end())
      return;
    it->second.under_way = false;
    if (result.ok() || result.not_found() || result.code == 409) {
      it->second.finishing = false;
      return; // the watch reports the end
    }
    retry(uid);
  });
}

} // namespace actors::kubelet::status
