// The actor that runs a controller: feeds its caches, takes keys from its queue, carries out its plans. A key is looked
// at again only when the caches hold what its last plan wrote, so that no decision is made on an older view.
#pragma once

#include <deque>
#include <set>
#include <unordered_map>

#include "actors/client/swap_trial.hpp"
#include "actors/controllers/framework/controller.hpp"
#include "actors/controllers/framework/controller_handover.hpp"
#include "runtime/hotswap/seat.hpp"
#include "runtime/telemetry/metered.hpp"

namespace actors::controllers::framework {

using controller_interface = client::consumer_actor::extend_with<runtime::hotswap::swap_actor>;

class controller_actor : public runtime::telemetry::metered<controller_interface::base> {
public:
  using super = runtime::telemetry::metered<controller_interface::base>;
  using outcome_promise = caf::typed_response_promise<runtime::hotswap::swap_outcome>;

  static constexpr size_t operations_in_flight_max = 16; // per key
  /// A cache that does not show our own write after this long: go on, the write will be refused if the view is stale.
  static constexpr std::chrono::milliseconds own_write_wait_max{10'000};
  static constexpr size_t own_writes_purge_min = 1024; // keys remembered before the old ones are looked for
  /// Keys that a new version looks at in one go, before other messages get their turn.
  static constexpr size_t second_looks_per_turn = 50;
  /// Copied for a new version in one go, before other messages get their turn: about a millisecond.
  static constexpr size_t objects_copied_per_turn = 500;

  controller_actor(caf::actor_config& config, runtime::host::role_context context, const controller_descriptor& descriptor);

  behavior_type make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "controller"; }

private:
  struct running_plan {
    std::string key;
    client::told_change cause;
    sync_plan plan;
    std::shared_ptr<controller> made_by; // its functions are called when answers arrive
    size_t next = 0;
    size_t in_flight = 0;
    bool finished = false; // a write that is refused here is answered at once, within carry_out()
    std::string failure; // of the first operation that failed
  };
  using plan_ptr = std::shared_ptr<running_plan>;
  /// A version that is made ready beside the one that works.
  struct candidate {
    runtime::hotswap::swap_order order;
    std::shared_ptr<controller> object;
    std::optional<outcome_promise> promise; // none: the actor itself rolls back
    uint64_t set = 0;
    std::set<std::string> keys;                       // that it asked for so far
    std::vector<std::pair<std::string, int64_t>> later;
    int64_t begun_us = 0, turn_us_max = 0;
  };

  void enqueue(const std::string& key, std::chrono::milliseconds delay = {});
  void pump();
  void begin(const std::string& key);
  bool sees_own_writes(const std::string& key);
  void forget_old_writes();
  void carry_out(const plan_ptr& plan);
  void send(const operation& what, client::api_callback done);
  void finished(const plan_ptr& plan, const operation& what, const client::api_result& result);
  void finish_key(const plan_ptr& plan);
  void note(const event_note& event, std::string_view detail);
  void schedule();

  // ---- controller_actor_swap.cpp ----
  setup tools_of(uint64_t set);
  outcome_promise on_swap(const runtime::hotswap::swap_order& order);
  void begin_candidate(const runtime::hotswap::swap_order& order, std::optional<outcome_promise> promise);
  void fill_candidate();
  void switch_over();
  bool hand_state_to(controller& next, const runtime::hotswap::swap_order& order, std::string& state, std::string& why);
  void refuse_candidate(const std::string& why);
  void check_trial();
  void roll_back(const std::string& reason);
  runtime::hotswap::work_done work_now() const;

  int64_t now_us() const { return context_.clock->monotonic_us(); }

  runtime::host::role_context context_;
  size_t syncs_max_;
  client::api_client api_;
  client::event_recorder events_;
  runtime::hotswap::seat seat_;
  client::swap_trial trial_; // of the seat's version
  std::shared_ptr<controller> controller_; // the seat's
  work_queue queue_;
  std::vector<client::object_cache*> caches_;
  own_writes_map own_writes_;
  std::unordered_map<std::string, client::told_change> causes_; // of queued keys: the newest change that led to each
  int64_t own_writes_purge_us_ = 0;
  std::optional<uint64_t> timer_;
  int64_t timer_due_us_ = 0;
  bool pumping_ = false;
  std::unique_ptr<candidate> candidate_;
  std::optional<uint64_t> look_timer_;
  std::deque<std::string> second_look_; // keys that a new version has to look at, when nothing else is to do
  uint64_t set_ = 0;    // of caches and listeners that work; each version has one
  uint64_t sets_ = 0;
  bool held_ = false;   // a version that failed decides nothing any more
};

/// The role of a controller: "controllers/<name>".
runtime::host::role_descriptor describe(const controller_descriptor& descriptor,
                                        caf::strong_actor_ptr (*spawn)(caf::actor_system&, const runtime::host::role_context&));

} // namespace actors::controllers::framework
