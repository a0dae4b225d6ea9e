#include "actors/keeper/status_report.hpp"

#include "actors/keeper/keeper_actor.hpp"
#include "messages/api/troupe/v1/host_generated.h"
#include "messages/api/troupe/v1/shard_generated.h"
#include "messages/codec/time.hpp"
#include "runtime/host/version.hpp"
#include "runtime/mesh/mesh.hpp"

#include <fmt/format.h>

namespace actors::keeper {

using client::draft;

namespace {

constexpr std::string_view moving_phase = "Moving";
constexpr std::string_view hollow_setting = "hollowIndex";

std::string phase_of(const runtime::telemetry::actor_row& row) {
  using runtime::telemetry::actor_state;
  switch (row.state) {
    case actor_state::running:
      return "Running";
    case actor_state::starting:
      return "Pending";
    default:
      return "Failed";
  }
}

/// Of the object as it is known here: an attempt that was given up as unanswered and is carried out late, after the
/// next one, would else show what was before, for as long as nothing changes.
draft merge_patch(draft status, const client::entry& item) {
  return draft::make_object({{"metadata", draft::make_object({{"resourceVersion", std::to_string(item.revision)}})},
                             {"status", std::move(status)}});
}

draft condition(bool ready, const std::string& reason, const std::string& message, int64_t now) {
  return draft::make_object({{"type", "Ready"},
                             {"status", ready ? "True" : "False"},
                             {"reason", reason},
                             {"message", message},
                             {"lastTransitionTime", messages::codec::format_time(now)}});
}

/// Round trips and traffic differ at every look: `troupe links` and /metrics tell them.
draft links_of(const runtime::host::role_context& context) {
  draft result = draft::make_array();
  if (!context.mesh)
    return result;
  for (auto& row : context.mesh->table()->rows())
    result.push_back(draft::make_object({{"host", row.host},
                                         {"state", to_string(row.state)},
                                         {"reason", row.state == runtime::mesh::link_state::up ? "" : row.reason},
                                         {"since", messages::codec::format_time(row.since_us / 1'000'000)}}));
  return result;
}

/// A shard that was on its way to another host and is called back stayed here all the time; the other host has written that it is
/// to be there. So what was shown from here need not be what is stored.
template <class Status>
bool says(const Status* status, std::string_view host, std::string_view phase) {
  const auto is = [](const flatbuffers::String* text, std::string_view wanted) { return text != nullptr && text->string_view() == wanted; };
  return status != nullptr && is(status->host(), host) && is(status->phase(), phase);
}

/// What the object says; somebody else writes it when this host is lost.
bool is_ready(const client::entry& item) {
  const auto* status = item.as<messages::api::troupe::v1::Host>().status();
  if (status == nullptr || status->conditions() == nullptr)
    return false;
  for (const auto* one : *status->conditions())
    if (one->type()->string_view() == "Ready")
      return one->status()->string_view() == "True";
  return false;
}

} // namespace

status_report::status_report(client::api_client& api, client::event_recorder& events,
                             const runtime::host::role_context& context, client::object_cache& roles,
                             client::object_cache& hosts, client::object_cache& shards)
    : api_(api), events_(events), context_(context), roles_(roles), hosts_(hosts), shards_(shards) {
  for (auto& host : context.boot->value.hosts)
    if (host.name == context.host)
      address_ = host.address;
}

void status_report::update(const runtime::placement::placement& placed, const std::set<std::string>& owned,
                           const shard_views& moving, int64_t generation, const presence_of& see) {
  if (!context_.actors)
    return;
  // Most looks find nothing new.
  const inputs now{context_.actors->version(), roles_.revision(), shards_.revision(), generation, owned, !moving.empty()};
  if (!settled_ || now.moving || !(now == reported_of_) || ++skipped_ > skipped_max) {
    settled_ = true; // finish() tells of a write that has to be looked at
    skipped_ = 0;
    reported_of_ = now;
    report_roles(placed, owned, moving, generation);
  }
  report_host(seen_, generation);
  // Of the hosts that are there, the first by name tells of what no host tells of itself.
  for (auto& host : placed.hosts)
    if (host.name < context_.host && see(host.name) == presence::up)
      return;
  report_lost(placed, see);
  remove_unplaced(placed, generation);
}

/// Roles and shards of this host.
void status_report::report_roles(const runtime::placement::placement& placed, const std::set<std::string>& owned,
                                 const shard_views& moving, int64_t generation) {
  std::set<std::string> ids;
  for (auto& role : placed.roles) {
    // A node without containers is not worth two writes; its Node object tells all.
    if (role.settings.has(hollow_setting))
      continue;
    const auto bound = role.hosts.empty();
    if (bound && role.host != context_.host)
      continue;
    const auto row = context_.actors->find(role.id);
    if (!row)
      continue;
    ids.insert(role.id);
    const auto standby = !bound && owned.count(role.id) == 0;
    if (standby) { // the owner tells of it, over what was shown from here
      shown_.erase(role.id);
      continue;
    }
    if (bound)
      ensure_role(role, generation);
    const shown now{row->restarts(), row->last_failure, phase_of(*row)};
    report_role(role.id, bound, now);
    if (role.role == store_role)
      report_shard(role, now, moving);
  }
  std::erase_if(shown_, [&](const auto& item) { return ids.count(item.first) == 0; }); // written by others meanwhile
  std::erase_if(shown_shards_, [&](const auto& item) { return ids.count(item.first) == 0; });
  seen_ = std::move(ids);
}

/// What was not written is tried again at the next look; each new reason is logged once.
void status_report::finish(const std::string& what, const client::api_result& result) {
  writing_.erase(what);
  settled_ = false;
  if (result.ok() || result.conflict() || result.already_exists() || result.not_found()) {
    failures_.erase(what);
    return;
  }
  auto& known = failures_[what];
  if (std::exchange(known, result.message) != result.message)
    context_.log.warning("what is shown of hosts and roles is not written yet", {{"of", what}, {"why", result.message}});
}

/// What Role and Shard have in common. `before`: as it was last written.
draft status_report::status_of(const shown& now, const shown& before) const {
  const auto seconds = context_.clock->wall_seconds();
  auto status = draft::make_object({{"phase", now.phase}, {"restarts", static_cast<int64_t>(now.restarts)}});
  if (!now.failure.empty()) {
    status.set("lastFailure", now.failure);
    if (now.failure != before.failure || now.restarts != before.restarts)
      status.set("lastFailureTime", messages::codec::format_time(seconds));
  }
  // A shard that moves is served where it was, but for its last moment and for a source that is not there.
  const auto ready = now.phase == "Running" || (now.phase == moving_phase && now.reason != "Waiting" && now.reason != "HandingOver");
  auto conditions = draft::make_array({condition(ready, now.phase, now.failure, seconds)});
  if (now.phase == moving_phase) {
    auto moving = condition(true, now.reason, now.message, seconds);
    moving.set("type", "Moving");
    conditions.push_back(std::move(moving));
  }
  status.set("conditions", std::move(conditions));
  return status;
}

void status_report::ensure_role(const runtime::placement::role_instance& role, int64_t generation) {
  if (roles_.find(object_name(role.id)) != nullptr || !writing_.insert(role.id).second)
    return;
  api_.create(client::roles,
              draft::make_object({{"apiVersion", "troupe.dev/v1"},
                                  {"kind", "Role"},
                                  {"metadata", draft::make_object({{"name", object_name(role.id)}})},
                                  {"spec", draft::make_object({{"role", role.id},
                                                               {"hosts", draft::make_array({role.host})},
                                                               {"generation", generation}})}}),
              [this, id = role.id](const client::api_result& result) { finish(id, result); });
}

void status_report::report_role(const std::string& id, bool bound, shown now) {
  const auto* item = roles_.find(object_name(id));
  if (item == nullptr)
    return;
  now.uid = item->metadata->uid()->str();
  const auto& before = shown_[id];
  const auto& stored = item->as<messages::api::troupe::v1::Role>();
  const auto* spec = stored.spec();
  const auto placed_here = !bound || spec == nullptr ||
                           (spec->hosts() != nullptr && spec->hosts()->size() == 1 && spec->hosts()->Get(0)->string_view() == context_.host);
  if ((before == now && placed_here && (!bound || says(stored.status(), context_.host, now.phase))) || !writing_.insert(id).second)
    return;
  if (!placed_here) {
    place(client::roles, object_name(id), id, draft::make_object({{"hosts", draft::make_array({context_.host})}}));
    return; // a shard that moved here: the status follows, when that is seen
  }
  auto status = status_of(now, before);
  if (bound)
    status.set("host", context_.host); // of a singleton only a takeover says it
  const auto failed = !now.failure.empty() && now.restarts != before.restarts;
  api_.patch(client::roles, "status", "", object_name(id), client::protocol::PatchKind::merge,
             merge_patch(std::move(status), *item),
             [this, id, now, failed, about = client::reference_to(client::roles, *item)](const client::api_result& result) {
               finish(id, result);
               if (!result.ok())
                 return;
               shown_[id] = now;
               if (failed)
                 events_.warning(about, "Failed", id + " on " + context_.host + " failed and was restarted: " + now.failure);
             });
}

void status_report::report_host(const std::set<std::string>& ids, int64_t generation) {
  const std::string key = "host " + context_.host;
  const auto* item = hosts_.find(context_.host);
  if (item == nullptr) {
    ensure_host();
    return;
  }
  auto links = links_of(context_);
  const auto up_to_date = ids == reported_roles_ && generation == reported_generation_ && links == reported_links_ && is_ready(*item);
  if (up_to_date || !writing_.insert(key).second)
    return;
  draft roles = draft::make_array();
  for (auto& id : ids)
    roles.push_back(id);
  const auto seconds = context_.clock->wall_seconds();
  auto status = draft::make_object({{"address", address_},
                                    {"version", runtime::host::troupe_version},
                                    {"incarnation", context_.boot->incarnation},
                                    {"generation", generation},
                                    {"roles", std::move(roles)},
                                    {"links", links},
                                    {"conditions", draft::make_array({condition(true, "Serving", "", seconds)})}});
  if (reported_generation_ < 0)
    status.set("startTime", messages::codec::format_time(seconds));
  api_.patch(client::hosts, "status", "", context_.host, client::protocol::PatchKind::merge,
             merge_patch(std::move(status), *item),
             [this, key, ids, generation, links](const client::api_result& result) {
               finish(key, result);
               if (!result.ok())
                 return;
               reported_roles_ = ids;
               reported_generation_ = generation;
               reported_links_ = links;
             });
}

/// The wish of a Role or Shard that has moved here, or is to.
void status_report::place(const client::resource& kind, const std::string& name, const std::string& key, draft spec) {
  api_.patch(kind, "", "", name, client::protocol::PatchKind::merge, draft::make_object({{"spec", std::move(spec)}}),
             [this, key](const client::api_result& result) { finish(key, result); });
}

/// Roles that a newer placement does not name any more; the epochs that they had stay in the shards. One without a
/// generation was made by hand, and is nobody's but its maker's.
void status_report::remove_unplaced(const runtime::placement::placement& placed, int64_t generation) {
  std::set<std::string> names;
  for (auto& role : placed.roles)
    names.insert(object_name(role.id));
  for (auto& [name, item] : roles_.entries()) {
    const auto* spec = item.as<messages::api::troupe::v1::Role>().spec();
    if (names.count(name) > 0 || spec == nullptr || spec->generation() == 0 || spec->generation() > generation ||
        !writing_.insert(name).second)
      continue;
    client::delete_options exactly;
    exactly.revision = item.revision;
    api_.remove(client::roles, "", name.text(), exactly, [this, name = name.text()](const client::api_result& result) { finish(name, result); });
  }
}

namespace {

/// The reason and the message of the condition Moving.
std::pair<std::string, std::string> progress_of(const shard_view& view) {
  using runtime::protocols::store::ShardPhase;
  const auto from = view.peer.empty() ? std::string{"another host"} : "host " + view.peer;
  const auto missing = view.reason.empty() ? std::string{} : "; " + view.reason;
  switch (view.phase) {
    case ShardPhase::waiting:
      return {"Waiting", fmt::format("{}% copied; {}", view.percent, view.reason)};
    case ShardPhase::copying:
      return {"Copying", fmt::format("{}% copied from {}{}", view.percent, from, missing)};
    case ShardPhase::catching_up:
      return {"CatchingUp", fmt::format("copied from {}, which is {} changes ahead{}", from, view.lag, missing)};
    case ShardPhase::handing_over:
      return {"HandingOver", fmt::format("{} was asked for the last changes{}", from, missing)};
    case ShardPhase::handed_over:
      return {"HandedOver", fmt::format("{} has the data", from)};
    default:
      return {};
  }
}

} // namespace

/// By the host that the placement has it on, also while it is on its way there.
void status_report::report_shard(const runtime::placement::role_instance& shard, shown now, const shard_views& moving) {
  now.host = context_.host;
  if (const auto view = moving.find(shard.id); view != moving.end())
    if (std::tie(now.reason, now.message) = progress_of(view->second); !now.reason.empty()) {
      now.host = view->second.peer;
      now.phase = moving_phase;
    }
  const auto name = shard.settings.text("shard");
  const std::string key = "shard " + name;
  const auto* item = shards_.find(name);
  if (item == nullptr) {
    if (!writing_.insert(key).second)
      return;
    api_.create(client::shards,
                draft::make_object({{"apiVersion", "troupe.dev/v1"},
                                    {"kind", "Shard"},
                                    {"metadata", draft::make_object({{"name", name}})},
                                    {"spec", draft::make_object({{"host", context_.host},
                                                                 {"engine", shard.settings.text("engine")}})}}),
                [this, key](const client::api_result& result) { finish(key, result); });
    return;
  }
  now.uid = item->metadata->uid()->str();
  const auto& stored = item->as<messages::api::troupe::v1::Shard>();
  const auto* spec = stored.spec();
  const auto placed_here = spec != nullptr && spec->host() != nullptr && spec->host()->string_view() == context_.host;
  if ((shown_shards_[shard.id] == now && placed_here && (now.host.empty() || says(stored.status(), now.host, now.phase))) ||
      !writing_.insert(key).second)
    return;
  auto status = status_of(now, shown_shards_[shard.id]);
  if (!now.host.empty())
    status.set("host", now.host);
  if (!placed_here) {
    place(client::shards, name, key, draft::make_object({{"host", context_.host}}));
    return; // the status follows, when that is seen
  }
  api_.patch(client::shards, "status", "", name, client::protocol::PatchKind::merge, merge_patch(std::move(status), *item),
             [this, key, id = shard.id, now](const client::api_result& result) {
               finish(key, result);
               if (result.ok())
                 shown_shards_[id] = now;
             });
}

void status_report::report_lost(const runtime::placement::placement& placed, const presence_of& see) {
  for (auto& host : placed.hosts) {
    const auto* item = hosts_.find(host.name);
    if (item == nullptr || see(host.name) != presence::lost || !is_ready(*item))
      continue;
    const std::string key = "host " + host.name;
    if (!writing_.insert(key).second)
      continue;
    const auto seconds = context_.clock->wall_seconds();
    auto lost = condition(false, "Unreachable", "no host reaches it", seconds);
    lost.set("status", "Unknown");
    auto status = draft::make_object({{"conditions", draft::make_array({std::move(lost)})}});
    api_.patch(client::hosts, "status", "", host.name, client::protocol::PatchKind::merge,
               merge_patch(std::move(status), *item),
               [this, key](const client::api_result& result) { finish(key, result); });
  }
}

void status_report::ensure_host() {
  const std::string key = "host " + context_.host;
  if (!writing_.insert(key).second)
    return;
  api_.create(client::hosts,
              draft::make_object({{"apiVersion", "troupe.dev/v1"},
                                  {"kind", "Host"},
                                  {"metadata", draft::make_object({{"name", context_.host}})},
                                  {"spec", draft::make_object({{"address", address_}})}}),
              [this, key](const client::api_result& result) { finish(key, result); });
}

} // namespace actors::keeper
