// The role's handler table and its state. One reconciliation is under way at a time; what changes meanwhile goes
// with the next one.
#pragma once

#include "actors/client/api_client.hpp"
#include "actors/client/event_recorder.hpp"
#include "actors/podnetwork/read_node.hpp"
#include "actors/podnetwork/writer_actor.hpp"
#include "runtime/telemetry/metered.hpp"

namespace actors::podnetwork {

using namespace std::chrono_literals;

class podnetwork final : public runtime::telemetry::metered<client::consumer_actor::base> {
public:
  // Changes that come within this time go together.
  static constexpr std::chrono::milliseconds gather_time = 20ms;
  // Other programs may remove what we wrote, and a link that goes down takes its routes with it: how often to look.
  static constexpr std::chrono::milliseconds look_interval = 5s;
  static constexpr std::chrono::milliseconds retry_delay_min = 200ms;
  static constexpr std::chrono::milliseconds retry_delay_max = look_interval;
  static constexpr double retry_jitter = 0.1;
  // A kernel that is silent for this long is stuck.
  static constexpr std::chrono::milliseconds write_deadline = 60s;

  podnetwork(caf::actor_config& config, const runtime::host::role_context& context, writer_actor writer,
             std::string transport);
  behavior_type make_behavior() override;

private:
  void watch_nodes();
  void on_node(const std::string& name, const client::entry* before, const client::entry* after);
  void schedule(std::chrono::milliseconds delay);
  void look_regularly();
  void reconcile();
  void on_reconciled(const network_report& report);
  node_state state_after(const network_report& report) const;
  void report_problems(const std::vector<std::string>& problems);
  void publish();
  void on_published(const client::api_result& result);

  runtime::host::role_context context_;
  client::api_client client_;
  client::event_recorder events_;
  writer_actor writer_;
  const std::string node_, transport_;
  client::object_cache* nodes_ = nullptr;
  std::map<std::string, plan::node_view> views_; // by name
  std::optional<node_state> wanted_state_;       // of our Node; nullopt: nothing was reconciled yet
  std::vector<std::string> problems_;            // as last reported
  std::chrono::milliseconds retry_delay_ = retry_delay_min;
  std::optional<uint64_t> timer_;
  bool synced_ = false;
  bool changed_ = true;     // since the last reconciliation began
  bool failed_ = false;     // the last one did; the timer is for another try
  bool busy_ = false;       // the writer has a request
  bool publishing_ = false; // the API has one
  bool publish_again_ = false;
  bool ready_ = false;
};

} // namespace actors::podnetwork
