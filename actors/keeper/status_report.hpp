// Shows this host and its roles to kubectl: status of Host, Role and Shard objects, and an Event for each failure. Reads
// the actor table; writes only what changed.
#pragma once

#include "actors/client/api_client.hpp"
#include "actors/client/event_recorder.hpp"
#include "actors/keeper/decide_role.hpp"
#include "runtime/placement/placement.hpp"
#include "runtime/protocols/store.hpp"

#include <map>
#include <set>
#include <string>

namespace actors::keeper {

/// How far the move of a shard is, as its instance on this host says.
struct shard_view {
  runtime::protocols::store::ShardPhase phase = runtime::protocols::store::ShardPhase::opening;
  std::string peer; ///< the other host
  int32_t percent = 0;
  int64_t lag = 0;
  int64_t epoch = 0; ///< handed over: of the successor
  std::string reason;
};

using shard_views = std::map<std::string, shard_view>; // by role

class status_report {
public:
  status_report(client::api_client& api, client::event_recorder& events, const runtime::host::role_context& context,
                client::object_cache& roles, client::object_cache& hosts, client::object_cache& shards);

  /// Looks at the actor table and writes what is new. `owned`: ids of the singletons that this host owns. `moving`: shards here that are
  /// not settled.
  void update(const runtime::placement::placement& placed, const std::set<std::string>& owned, const shard_views& moving,
              int64_t generation, const presence_of& see);

private:
  struct shown {
    uint64_t restarts = 0;
    std::string failure;
    std::string phase;
    std::string uid = {}; ///< of the object: one that was made anew is told all
    std::string host = {};   ///< of a shard: who serves it
    std::string reason = {}; ///< of a shard that moves: how far it is
    std::string message = {};
    bool operator==(const shown&) const = default;
  };

  /// So many looks may pass without one at all roles, whatever says that nothing is new.
  static constexpr int skipped_max = 10;
  /// What report_roles() goes by.
  struct inputs {
    uint64_t actors = 0;
    int64_t roles = -1, shards = -1; ///< revisions
    int64_t generation = -1;
    std::set<std::string> owned = {};
    bool moving = false; ///< some shard here
    bool operator==(const inputs&) const = default;
  };

  client::draft status_of(const shown& now, const shown& before) const;
  void report_roles(const runtime::placement::placement& placed, const std::set<std::string>& owned, const shard_views& moving,
                    int64_t generation);
  void report_role(const std::string& id, bool bound, shown now);
  void report_host(const std::set<std::string>& ids, int64_t generation);
  void ensure_role(const runtime::placement::role_instance& role, int64_t generation);
  void finish(const std::string& what, const client::api_result& result);
  void ensure_host();
  void report_shard(const runtime::placement::role_instance& shard, shown now, const shard_views& moving);
  void place(const client::resource& kind, const std::string& name, const std::string& key, client::draft spec);
  void remove_unplaced(const runtime::placement::placement& placed, int64_t generation);
  void report_lost(const runtime::placement::placement& placed, const presence_of& see);

  client::api_client& api_;
  client::event_recorder& events_;
  const runtime::host::role_context& context_;
  client::object_cache& roles_;
  client::object_cache& hosts_;
  client::object_cache& shards_;
  std::map<std::string, shown> shown_;        // by id of the role
  std::map<std::string, shown> shown_shards_; // the same
  inputs reported_of_;
  bool settled_ = false;          // nothing of what was written since has been answered
  int skipped_ = 0;               // looks since
  std::set<std::string> seen_;    // ids of the roles here, by the last look
  std::set<std::string> writing_; // names of objects with a write under way
  std::set<std::string> reported_roles_;
  std::map<std::string, std::string> failures_; // of the writes that are tried again: the last reason
  client::draft reported_links_;
  int64_t reported_generation_ = -1;
  std::string address_;
};

} // namespace actors::keeper
