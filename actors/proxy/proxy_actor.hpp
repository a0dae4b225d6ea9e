// The proxy's handler table and its state. One write is under way at a time; what changes meanwhile is
// gathered in the tracker and goes with the next one.
#pragma once

#include "actors/client/api_client.hpp"
#include "actors/proxy/proxy.hpp"
#include "actors/proxy/tracker/service_tracker.hpp"
#include "actors/proxy/writer_actor.hpp"
#include "runtime/telemetry/metered.hpp"

namespace actors::proxy {

using namespace std::chrono_literals;

using proxy_actor = client::consumer_actor::extend<caf::replies_to<get_counters>::with<proxy_counters>>;

class proxy final : public runtime::telemetry::metered<proxy_actor::base> {
public:
  // Changes that come within this time go into one batch.
  static constexpr std::chrono::milliseconds gather_time = 20ms;
  static constexpr std::chrono::milliseconds retry_delay_min = 100ms;
  static constexpr std::chrono::milliseconds retry_delay_max = 30s;
  static constexpr double retry_jitter = 0.1;
  // Other programs may remove our table (`nft flush ruleset`): how often to look.
  static constexpr std::chrono::milliseconds verify_interval = 30s;
  // Writing 10,000 service ports takes seconds; a writer that is silent for this long is stuck.
  static constexpr std::chrono::milliseconds write_deadline = 180s;

  proxy(caf::actor_config& config, const runtime::host::role_context& context, writer_actor writer);
  behavior_type make_behavior() override;

private:
  void watch_objects();
  void schedule_write(std::chrono::milliseconds delay);
  void write();
  void on_written(const rules_written& outcome);
  void schedule_verify();
  void on_verified(bool present);
  void on_silence(const caf::error& why);

  runtime::host::role_context context_;
  client::api_client client_;
  tracker::service_tracker tracker_;
  writer_actor writer_;
  proxy_counters counters_;
  std::chrono::milliseconds retry_delay_ = retry_delay_min;
  bool synced_ = false;
  bool must_write_ = true;   // even without a change: the table may be an earlier run's
  bool write_waits_ = false; // a timer for the next write runs
  bool busy_ = false;        // the writer has a request
  bool ready_ = false;
};

} // namespace actors::proxy
