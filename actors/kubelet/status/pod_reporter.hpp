// Writes pods' statuses, only what changed, one write per pod at a time, and deletes pods that have been
// removed from the node. Owned by the kubelet's actor and used only in its handlers.
#pragma once
#include <deque>
#include <set>
#include <unordered_map>
#include "actors/client/api_client.hpp"
#include "actors/kubelet/pods/pod_status.hpp"

namespace actors::kubelet::status {

class pod_reporter {
public:
  /// Doubled with each failure in a row, of any pod; the first write that succeeds ends the pauses of all but the refused (429).
  static constexpr std::chrono::milliseconds retry_delay_min{1'000};
  static constexpr std::chrono::milliseconds retry_delay_max{16'000};
  /// At once, of one node. When a host with thousands of nodes starts, each has all its pods' statuses to write: more at once would be
  /// refused, and asked again, more often than written.
  static constexpr size_t writes_max = 2;
  static constexpr std::chrono::milliseconds repair_period{10'000}; ///< between two writes that only undo what others wrote

  explicit pod_reporter(client::api_client& client) : client_(&client) {}

  /// What the object has when the kubelet first sees the pod: not written again if it is still true.
  void adopt(const std::string& uid, const pods::pod_status& written);
  /// `acted_upon`: the revision of the pod that led to the write, for `troupe why`.
  void report(const std::string& uid, const std::string& ns, const std::string& name,
              const pods::pod_status& status, int64_t acted_upon);
  /// What the object has now. When it is not what was written, an earlier write that was given up without an answer came
  /// late and overwrote it, or somebody else did who may do so again: the status is written again, at once the first time.
  void observe(const std::string& uid, const pods::pod_status& present);
  /// After the last status has been written: DELETE with grace 0 and the uid as precondition.
  void finish(const std::string& uid, const std::string& ns, const std::string& name, int64_t acted_upon);
  void forget(const std::string& uid) { entries_.erase(uid); }
  /// What was last asked to be written; nullptr: nothing yet.
  const pods::pod_status* desired(const std::string& uid) const;

private:
  struct entry {
    std::string ns, name;
    int64_t acted_upon = 0; // the pod's revision that the report is about
    pods::pod_status desired;
    std::optional<pods::pod_status> written;
    bool under_way = false, finishing = false, waiting = false;
    bool queued = false;
    uint64_t timer = 0; // of the pause, while waiting
    bool repair_waits = false;
    int64_t repair_due_us = 0; // not repaired before
  };
  void flush(const std::string& uid);
  void on_written(const std::string& uid, const pods::pod_status& sent, const client::api_result& result);
  void remove(const std::string& uid);
  void retry(const std::string& uid, const client::api_result& why);
  bool may_write(const std::string& uid, entry& item);
  void on_answer();
  void end_pauses();
  void repair(const std::string& uid, entry& item);
  client::cause_scope because(const entry& item) { return {*client_, "pods/" + item.ns + "/" + item.name, item.acted_upon}; }

  client::api_client* client_;
  std::unordered_map<std::string, entry> entries_;
  std::set<std::string> paused_;  // those that wait after a failure, unless an apiserver was too busy
  std::deque<std::string> queue_; // wait for others' writes to end; each pod once
  size_t under_way_ = 0;
  std::chrono::milliseconds retry_delay_ = retry_delay_min;
};

} // namespace actors::kubelet::status
