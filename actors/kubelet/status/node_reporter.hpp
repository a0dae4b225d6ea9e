// Registers the node, keeps its status and its Lease fresh. Owned by the kubelet's actor and used only in its
// handlers.
#pragma once
#include "actors/client/api_client.hpp"
#include "actors/kubelet/status/node_object.hpp"
#include "actors/kubelet/workers/executor.hpp"
#include "messages/api/core/v1/node_generated.h"

namespace actors::kubelet::status {

using namespace std::chrono_literals;

class node_reporter {
public:
  static constexpr std::chrono::milliseconds lease_period = 10s;
  static constexpr std::chrono::milliseconds status_period = 10s;
  static constexpr int64_t unchanged_status_s = 300; ///< how often a status that did not change is written
  static constexpr std::chrono::milliseconds retry_delay_min = 200ms;
  static constexpr std::chrono::milliseconds retry_delay_max = 7s;

  /// `measure` gives the facts as of now; it does not block (the actor refreshes them from worker threads).
  node_reporter(client::api_client& client, std::function<node_facts()> measure);
  void start();
  /// Something changed that should be seen before the next period (the runtime's health).
  void refresh() { write_status(); }
  /// What the object has now. When its conditions are not what was written, somebody (who had not heard of us for long) has
  /// overwritten them: with the next period they are written again.
  void observe(const messages::api::core::v1::Node& node);
  bool registered() const { return registered_; }

private:
  void register_node();
  void retry_registration();
  void on_existing(const client::api_result& result);
  void tick_status();
  void write_status();
  void tick_lease();
  void create_lease();
  void create_lease_of(const std::string& node_uid);
  void write_lease();

  client::api_client* client_;
  std::function<node_facts()> measure_;
  std::chrono::milliseconds retry_delay_ = retry_delay_min;
  bool registered_ = false, status_under_way_ = false, lease_under_way_ = false, lease_exists_ = false;
  bool overwritten_ = false; ///< by somebody else, since the last write
  bool write_again_ = false; ///< what changed while a write was under way must not wait for the next period
  std::string name_; ///< the node's, from the first measurement on
  node_facts written_facts_; ///< what `written_` was made of
  draft written_; ///< the status as last written, without times; null: never
  draft stamped_; ///< with the times of the conditions, as the object has them
  int64_t written_s_ = 0;
};

} // namespace actors::kubelet::status
