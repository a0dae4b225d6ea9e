// The kubelet's handler table and what its parts share. Everything here runs in the actor's handlers;
// blocking work goes through `work` and comes back as a `completion`.
#pragma once
#include "actors/client/api_client.hpp"
#include "actors/client/event_recorder.hpp"
#include "actors/kubelet/kubelet.hpp"
#include "actors/kubelet/objects/object_fetcher.hpp"
#include "actors/kubelet/probes/probe_loop.hpp"
#include "actors/kubelet/status/node_network.hpp"
#include "actors/kubelet/status/node_reporter.hpp"
#include "actors/kubelet/status/pod_reporter.hpp"
#include "actors/kubelet/sync/pod_sync.hpp"
#include "runtime/telemetry/metered.hpp"

namespace actors::kubelet {

using namespace std::chrono_literals;

/// Blocking work has ended; `run` takes its result to where it belongs.
struct completion {
  std::shared_ptr<std::function<void()>> run;
};

using kubelet_role_actor =
  client::consumer_actor::extend<caf::replies_to<runtime::protocols::kubelet::read_log_request>::with<
                                   runtime::protocols::kubelet::read_log_reply>,
                                 caf::reacts_to<completion>>;

class kubelet final : public runtime::telemetry::metered<kubelet_role_actor::base> {
public:
  static constexpr std::chrono::milliseconds relist_period = 1s;
  /// When the runtime tells that nothing has happened, as upstream's relisting beside events (300 s there).
  static constexpr std::chrono::milliseconds relist_quiet_period = 10s;
  static constexpr std::chrono::milliseconds housekeeping_period = 10s;
  static constexpr int64_t runtime_silence_us_max = 30'000'000;  ///< then the node is not ready
  static constexpr size_t log_reads_max = 64;                    ///< under way; more get 429
  static constexpr std::chrono::milliseconds check_soon = 300ms; ///< after a start: has it stayed up?; the network

  kubelet(caf::actor_config& config, const runtime::host::role_context& context, kubelet_parts parts);
  behavior_type make_behavior() override;

private:
  /// A pod that the API has, or that only the runtime has (an orphan: `in_api` false).
  struct pod_entry {
    std::shared_ptr<const pods::pod_spec> spec;
    bool in_api = false;
    int64_t revision = 0;
    sync::pod_memory memory;
    pods::runtime_status runtime;
    std::optional<pods::pod_status> last_status;
    bool running = false;                ///< a pass is under way
    bool dirty = false;                  ///< and another one is wanted
    bool removed = false;                ///< nothing is left on the node
    std::optional<int64_t> pass_grace_s; ///< of the stop that the pass under way performs
    uint64_t timer = 0;
    std::string fingerprint; ///< of the last relist
  };
  using pod_table = std::map<std::string, pod_entry>; // by uid

  // kubelet_actor.cpp
  void watch_objects();
  template <class Result>
  void work(std::function<Result()> job, std::function<void(Result)> then);
  void prepare_node();
  status::node_facts node_facts();
  void refresh_machine();
  void recheck_network();

  // pod_network.cpp
  status::network_settings network_settings() const;
  void on_own_node(const client::entry* after);
  void adopt_hollow_range(const status::range_decision& decision);
  void configure_network();
  void set_range_problem(const std::string& problem);

  // pod_passes.cpp
  void on_pod(const client::entry* before, const client::entry* after);
  void sync(const std::string& uid);
  void begin_pass(const std::string& uid, pod_entry& pod);
  void on_pass_end(const std::string& uid, sync::sync_output output);
  void record(const pod_entry& pod, const std::vector<sync::event_note>& events);
  void schedule(const std::string& uid, pod_entry& pod, int64_t at_us);
  void hasten(const std::string& uid, pod_entry& pod);
  void drop(const std::string& uid);
  void publish_services();

  // relist.cpp
  void relist();
  void relist_after(std::chrono::milliseconds pause);
  void expect_changes();
  struct listing;
  void on_relist(listing found);
  void housekeeping();
  void remove_left_overs();

  // log_requests.cpp
  caf::result<runtime::protocols::kubelet::read_log_reply> on_read_log(
    const runtime::protocols::kubelet::read_log_request&);

  runtime::host::role_context context_;
  kubelet_parts parts_;
  std::shared_ptr<sync::node_environment> environment_;
  client::api_client client_;
  client::event_recorder recorder_;
  status::node_reporter node_reporter_;
  status::pod_reporter pod_reporter_;
  objects::object_fetcher fetcher_;
  probes::probe_loop probes_;
  client::informer<messages::api::core::v1::Pod> pods_in_api_;
  client::informer<messages::api::core::v1::Service> services_in_api_;
  client::object_cache* own_node_;
  pod_table pods_;
  std::map<std::string, std::string> uid_by_key_; ///< of the pods in the API
  std::shared_ptr<const std::vector<resources::service_link>> services_;
  bool services_changed_ = true;
  status::machine machine_;
  std::vector<cri::image> images_;
  std::string runtime_version_;
  std::string network_problem_; ///< as the runtime says
  std::string range_problem_;   ///< what keeps us from configuring the network
  std::optional<status::network_settings> wanted_network_;
  bool configuring_ = false, rechecking_ = false;
  int64_t runtime_heard_us_ = 0; // monotonic: a wall clock that is set is no silence
  bool runtime_silent_ = false, relisting_ = false, cleaning_ = false, left_overs_removed_ = false;
  size_t log_reads_ = 0;
  uint64_t relist_timer_ = 0;
  std::chrono::milliseconds relist_pause_{}; ///< of that timer
  std::optional<uint64_t> listed_changes_; ///< of the last listing, when no pod was under work then
};

template <class Result>
void kubelet::work(std::function<Result()> job, std::function<void(Result)> then) {
  // A weak handle: work that blocks must not keep an ended actor's state alive, and its result is dropped.
  auto self = caf::actor_cast<caf::actor_addr>(this);
  parts_.executor->run([self, job = std::move(job), then = std::move(then)]() mutable {
    auto result = std::make_shared<Result>(job());
    auto run =
      std::make_shared<std::function<void()>>([then = std::move(then), result] { then(std::move(*result)); });
    if (auto alive = caf::actor_cast<caf::actor>(self))
      caf::anon_send(alive, completion{std::move(run)});
  });
}

} // namespace actors::kubelet

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::kubelet::completion)
