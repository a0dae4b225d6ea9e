#include "actors/kubelet/status/pod_reporter.hpp"
#include "actors/kubelet/objects/status_writer.hpp"

#include <algorithm>

namespace actors::kubelet::status {

namespace {

constexpr int too_many_requests = 429;

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
  if (!may_write(uid, e))
    return;
  e.under_way = true;
  const auto cause = because(e);
  client_->patch(
    client::pods, "status", e.ns, e.name, client::protocol::PatchKind::strategic_merge,
    objects::status_patch(uid, e.desired),
    [this, uid, sent = e.desired](const client::api_result& result) { on_written(uid, sent, result); });
}

/// Takes a place among the writes under way, or one in the queue.
bool pod_reporter::may_write(const std::string& uid, entry& item) {
  if (under_way_ < writes_max) {
    ++under_way_;
    return true;
  }
  if (!std::exchange(item.queued, true))
    queue_.push_back(uid);
  return false;
}

/// Those that wait are written before what the answer leads to.
void pod_reporter::on_answer() {
  --under_way_;
  while (under_way_ < writes_max && !queue_.empty()) {
    const auto uid = std::move(queue_.front());
    queue_.pop_front();
    auto it = entries_.find(uid);
    if (it == entries_.end() || !std::exchange(it->second.queued, false))
      continue; // forgotten meanwhile
    flush(uid);
  }
}

void pod_reporter::on_written(const std::string& uid, const pods::pod_status& sent,
                              const client::api_result& result) {
  on_answer();
  if (result.ok())
    end_pauses();
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
    retry(uid, result);
  }
}

/// Not all nodes at the same moment again.
void pod_reporter::retry(const std::string& uid, const client::api_result& why) {
  auto& item = entries_[uid];
  if (retry_delay_ == retry_delay_min)
    client_->context().log.warning("cannot write a pod's status",
                                   {{"pod", item.ns + "/" + item.name}, {"code", why.code}, {"why", why.message}});
  item.waiting = true;
  if (why.code != too_many_requests) // a pause that an apiserver asked for is kept
    paused_.insert(uid);
  const auto delay = std::chrono::milliseconds{client_->context().random->jitter(retry_delay_.count(), 0.3)};
  retry_delay_ = std::min(2 * retry_delay_, retry_delay_max);
  item.timer = client_->after(delay, [this, uid] {
    paused_.erase(uid);
    auto it = entries_.find(uid);
    if (it == entries_.end())
      return;
    it->second.waiting = false;
    flush(uid);
  });
}

/// An apiserver answers again: what it missed is not held back any longer.
void pod_reporter::end_pauses() {
  retry_delay_ = retry_delay_min;
  for (const auto& uid : std::exchange(paused_, {})) {
    auto it = entries_.find(uid);
    if (it == entries_.end() || !std::exchange(it->second.waiting, false))
      continue; // forgotten meanwhile
    client_->cancel(it->second.timer);
    flush(uid);
  }
}

void pod_reporter::remove(const std::string& uid) {
  auto& e = entries_[uid];
  if (!may_write(uid, e))
    return;
  e.under_way = true;
  client::delete_options options;
  options.uid = uid;
  options.grace_seconds = 0;
  const auto cause = because(e);
  client_->remove(client::pods, e.ns, e.name, options, [this, uid](const client::api_result& result) {
    on_answer();
    auto it = entries_.find(uid);
    if (it == entries_.end())
      return;
    it->second.under_way = false;
    if (result.ok() || result.not_found() || result.code == 409) {
      it->second.finishing = false; // the watch reports the end
      end_pauses();
      return;
    }
    retry(uid, result);
  });
}

} // namespace actors::kubelet::status
