// The actor that runs a controller: feeds its caches, takes keys from its queue, carries out its plans. A key is looked
// at again only when the caches hold what its last plan wrote, so that no decision is made on an older view.
#pragma once

#include <map>
#include <unordered_map>

#include "actors/controllers/framework/controller.hpp"
#include "actors/controllers/framework/work_queue.hpp"
#include "runtime/telemetry/metered.hpp"

namespace actors::controllers::framework {

class controller_actor : public runtime::telemetry::metered<client::consumer_actor::base> {
public:
  using super = runtime::telemetry::metered<client::consumer_actor::base>;

  static constexpr size_t operations_in_flight_max = 16; // per key
  /// A cache that does not show our own write after this long: go on, the write will be refused if the view is stale.
  static constexpr std::chrono::milliseconds own_write_wait_max{10'000};
  static constexpr size_t own_writes_purge_min = 1024; // keys remembered before the old ones are looked for

  controller_actor(caf::actor_config& config, runtime::host::role_context context, const controller_descriptor& descriptor);

  behavior_type make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "controller"; }

private:
  struct running_plan {
    std::string key;
    client::told_change cause;
    sync_plan plan;
    size_t next = 0;
    size_t in_flight = 0;
    bool finished = false; // a write that is refused here is answered at once, within carry_out()
    std::string failure; // of the first operation that failed
  };
  using plan_ptr = std::shared_ptr<running_plan>;
  /// What a key's last plan wrote and the caches do not show yet.
  struct own_writes {
    std::map<const client::resource*, int64_t> revisions;
    int64_t give_up_us = 0;
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
  int64_t now_us() const { return context_.clock->monotonic_us(); }

  runtime::host::role_context context_;
  size_t syncs_max_;
  client::api_client api_;
  client::event_recorder events_;
  std::unique_ptr<controller> controller_;
  work_queue queue_;
  std::vector<client::object_cache*> caches_;
  std::map<std::string, own_writes> own_writes_;
  std::unordered_map<std::string, client::told_change> causes_; // of queued keys: the newest change that led to each
  int64_t own_writes_purge_us_ = 0;
  std::optional<uint64_t> timer_;
  int64_t timer_due_us_ = 0;
  bool pumping_ = false;
};

/// The role of a controller: "controllers/<name>".
runtime::host::role_descriptor describe(const controller_descriptor& descriptor,
                                        caf::strong_actor_ptr (*spawn)(caf::actor_system&, const runtime::host::role_context&));

} // namespace actors::controllers::framework
