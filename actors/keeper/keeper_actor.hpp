// The keeper's actor: feeds the decisions with what it watches, and carries them out. One decision per role is under way
// at a time; whatever fails is looked at again after a pause, on the newer view.
#pragma once

#include "actors/client/api_client.hpp"
#include "actors/client/event_recorder.hpp"
#include "actors/keeper/decide_role.hpp"
#include "actors/keeper/decide_shard.hpp"
#include "actors/keeper/placement_change.hpp"
#include "actors/keeper/status_report.hpp"
#include "actors/keeper/takeover_attempts.hpp"
#include "messages/api/troupe/v1/placement_generated.h"
#include "messages/api/troupe/v1/role_generated.h"
#include "runtime/control/command_table.hpp"
#include "runtime/host/host_files.hpp"
#include "runtime/host/local_roles.hpp"
#include "runtime/mesh/mesh.hpp"
#include "runtime/telemetry/metered.hpp"

#include <future>
#include <map>
#include <optional>
#include <set>

namespace actors::keeper {

/// From a role's tenure, by any thread.
struct tenure_event {
  std::string id;
  runtime::host::tenure::event what;
};

/// A role has ended because the keeper asked for it.
struct role_ended {
  std::string id;
};

/// An operator's command, from a thread of the control server that waits for the promise.
struct operator_command {
  runtime::control::words request;
  std::shared_ptr<std::promise<runtime::control::reply>> answer;
};

} // namespace actors::keeper

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::keeper::tenure_event)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::keeper::role_ended)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::keeper::operator_command)

namespace actors::keeper {

using keeper_interface =
  client::consumer_actor::extend<caf::reacts_to<tenure_event>, caf::reacts_to<role_ended>,
                                 caf::reacts_to<operator_command>, caf::reacts_to<runtime::mesh::link_up>,
                                 caf::reacts_to<runtime::mesh::link_down>, caf::reacts_to<runtime::mesh::link_slow>>;

class keeper_actor : public runtime::telemetry::metered<keeper_interface::base> {
public:
  using super = runtime::telemetry::metered<keeper_interface::base>;

  /// The one Placement object.
  static constexpr const char* placement_name = "current";
  /// After its start a host does not call another lost that it never saw.
  static constexpr std::chrono::milliseconds settle_time{5'000};
  /// Between two looks at everything, for what no event announces.
  static constexpr std::chrono::milliseconds look_interval{500};
  /// While a host is missing: what the others see of it arrives with their pings.
  static constexpr std::chrono::milliseconds look_interval_missing{50};
  /// A host whose link has just gone may be back at once (its gate was restarted): so long it is waited for.
  static constexpr std::chrono::milliseconds loss_grace{250};
  /// One that has a link to us, and none to the shard's host: what that sees is told with its pings, so it may be old.
  static constexpr std::chrono::milliseconds hearsay_grace{1'000};
  /// A host that stood still this long (SIGSTOP, a suspended machine) finds its own links dead, not the others.
  static constexpr std::chrono::milliseconds stood_still{1'500};
  /// Then it waits so long before it judges.
  static constexpr std::chrono::milliseconds recovery_time{2'000};
  static constexpr std::chrono::milliseconds report_interval{1'000};
  /// A shard of this host answers within it, or is asked again.
  static constexpr std::chrono::milliseconds shard_answer_time{2'000};

  keeper_actor(caf::actor_config& config, runtime::host::role_context context);

  behavior_type make_behavior() override;
  const char* name() const override { return "keeper"; }

private:
  struct local_role {
    bool running = false;
    bool stopping = false;
    bool taking_over = false; // an update of the Role is under way
    runtime::host::tenure_ptr tenure;
    role_instance placed;     // as it was started
  };

  // -- the placement in force (keeper_actor.cpp)
  void on_synced();
  void on_placement();
  void index_bound();
  void adopt(const std::string& text, int64_t generation);
  void store_placement(const std::string& text);
  presence see(const std::string& host) const;
  bool store_in_sight() const;
  void count_missing();
  void look();
  void announce();
  void tick();
  void schedule_tick();
  void links_changed();
  void follow_links();
  void note_link(const std::string& host, bool warning, std::string_view reason, const std::string& text);

  // -- roles (keeper_actor_roles.cpp)
  void look_at_bound();
  void look_at_singleton(const role_instance& placed);
  void create_role(const role_instance& placed);
  void update_wish(const role_instance& placed, const client::entry& item);
  void take_over(const role_instance& placed, const client::entry& item);
  void start(const role_instance& placed, runtime::host::tenure_ptr tenure);
  /// `leaves`: what it left is taken back although the placement may have it here.
  void stop(const std::string& id, std::string_view why, bool leaves = false);
  void adopt_running();
  runtime::host::tenure::listener listener_of(const std::string& id);
  const client::entry* role_object(const std::string& id) const;
  std::string owner_of(const std::string& id) const;
  std::map<std::string, std::string> owners() const;

  // -- store shards (keeper_actor_shards.cpp)
  void shard_tick();
  void look_at_shards();
  void look_at_shard(const role_instance& placed);
  void ask_shard(const std::string& id);
  void on_shard(const std::string& id, const runtime::protocols::store::ShardStateReplyT& reply);

  // -- commands (keeper_actor_commands.cpp)
  void add_commands();
  void on_command(const operator_command& command);
  void apply(const std::string& text, const operator_command& command, std::vector<std::string> notes);
  bool is_at(const std::string& id, const std::string& host, const std::map<std::string, std::string>& owners) const;
  runtime::control::reply show_plan(const std::string& text) const;

  int64_t now_us() const { return context_.clock->monotonic_us(); }

  runtime::host::role_context context_;
  client::api_client api_;
  std::shared_ptr<runtime::host::host_files> files_;
  client::event_recorder events_;
  client::object_cache& roles_;
  client::object_cache& placements_;
  client::object_cache& hosts_;
  client::object_cache& shards_;
  status_report report_;
  placement placement_;         // in force here
  std::map<std::string, role_instance> bound_; // of placement_, to this host
  bool bound_settled_ = false; // the last look found all of them as placed, and nothing of the kind was done since
  std::string text_;
  std::string roles_host_;      // of the shard that holds the Roles
  int64_t generation_ = 0;      // 0: not yet known to be in force
  std::map<std::string, local_role> local_;
  takeover_attempts attempts_;
  std::set<std::string> writing_;  // ids whose Role is being created or updated
  std::set<std::string> apiservers_; // that are up
  std::map<std::string, runtime::directory::role_up> shards_up_; // who serves each shard, by role
  std::map<std::string, shard_view> shard_views_;   // of the shards here that move, by role
  std::set<std::string> arriving_;                  // shards that were started here as copies, and whose arrival was not told yet
  std::set<std::string> asked_shards_;              // that have not answered yet
  int64_t started_us_ = 0;
  std::map<std::string, int64_t> missing_; ///< hosts that take no part, and since when (microseconds, monotonic)
  caf::actor_addr gate_; ///< that tells of links
  int64_t reported_us_ = 0;
  int64_t ticked_us_ = 0;
  uint64_t tick_timer_ = 0; // 0: none
  int64_t looks_often_until_us_ = 0;
  /// Before it, no host is called lost: this one stood still, makes its links anew, or had none to the store.
  int64_t judges_from_us_ = 0;
  bool storing_ = false;
  bool announced_ = false;
};

/// "controllers/deployment" -> "controllers.deployment".
std::string object_name(const std::string& role_id);

} // namespace actors::keeper
