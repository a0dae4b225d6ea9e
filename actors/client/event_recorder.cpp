// Events: creation, counting, limits.
#include "actors/client/event_recorder.hpp"

#include "messages/api/meta/v1/meta_generated.h"
#include "messages/codec/text.hpp"
#include "messages/codec/time.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace actors::client {

using messages::codec::text_of;

namespace {
constexpr std::string_view default_namespace = "default"; // where events of cluster-scoped objects go
} // namespace

object_reference role_reference(std::string id) {
  std::replace(id.begin(), id.end(), '/', '.');
  return {.api_version = "troupe.dev/v1", .kind = "Role", .name = std::move(id)};
}

object_reference reference_to(const resource& what, const entry& item) {
  return {what.api_version(), std::string{what.kind}, text_of(item.metadata->namespace_()), text_of(item.metadata->name()),
          text_of(item.metadata->uid()), item.revision, {}};
}

event_recorder::event_recorder(api_client& client, std::string component, std::string host)
    : client_(&client), component_(std::move(component)), host_(std::move(host)) {}

void event_recorder::normal(const object_reference& about, std::string_view reason, std::string_view message, int64_t happened_us) {
  record(about, "Normal", reason, message, happened_us);
}

void event_recorder::warning(const object_reference& about, std::string_view reason, std::string_view message) {
  record(about, "Warning", reason, message, 0);
}

bool event_recorder::admit(const object_reference& about, int64_t now_seconds) {
  const std::string key = about.uid.empty() ? about.kind + "/" + about.name_space + "/" + about.name : about.uid;
  if (buckets_.size() >= remembered_max && !buckets_.contains(key))
    buckets_.clear(); // forgetting is safe: everyone gets a full burst again
  bucket& own = buckets_[key];
  if (own.refilled_at == 0)
    own.refilled_at = now_seconds;
  const double refill = static_cast<double>(now_seconds - own.refilled_at) / refill_seconds;
  own.tokens = std::min<double>(burst_max, own.tokens + refill);
  own.refilled_at = now_seconds;
  if (own.tokens < 1)
    return false;
  own.tokens -= 1;
  return true;
}

/// Names follow the time, as upstream's: a list by name is then in the order of events, which `kubectl describe`
/// relies on within a second. The random digits keep recorders apart that see the same microsecond.
std::string event_recorder::next_name(const std::string& about, int64_t happened_us) {
  const auto noise = static_cast<int64_t>(client_->context().random->uint64() % 1000);
  if (happened_us > 0)
    return fmt::format("{}.{:x}", about, happened_us * 1000 + noise);
  last_name_ns_ = std::max(last_name_ns_ + 1, client_->context().clock->wall_us() * 1000 + noise);
  return fmt::format("{}.{:x}", about, last_name_ns_);
}

draft event_recorder::build(const object_reference& about, std::string_view type, std::string_view reason,
                            std::string_view message, int64_t happened_us) {
  const std::string now =
    messages::codec::format_time(happened_us > 0 ? happened_us / 1'000'000 : client_->context().clock->wall_seconds());
  draft involved = draft::make_object({{"apiVersion", about.api_version}, {"kind", about.kind}, {"name", about.name}});
  if (!about.name_space.empty())
    involved.set("namespace", about.name_space);
  if (!about.uid.empty())
    involved.set("uid", about.uid);
  if (about.revision > 0)
    involved.set("resourceVersion", std::to_string(about.revision));
  if (!about.field_path.empty())
    involved.set("fieldPath", about.field_path);
  draft source = draft::make_object({{"component", component_}});
  if (!host_.empty())
    source.set("host", host_);
  const std::string name_space = about.name_space.empty() ? std::string{default_namespace} : about.name_space;
  return draft::make_object({
    {"apiVersion", "v1"},
    {"kind", "Event"},
    {"metadata", draft::make_object({
                   {"name", next_name(about.name, happened_us)},
                   {"namespace", name_space},
                 })},
    {"involvedObject", std::move(involved)},
    {"reason", reason},
    {"message", message},
    {"source", std::move(source)},
    {"firstTimestamp", now},
    {"lastTimestamp", now},
    {"count", 1},
    {"type", type},
    {"reportingComponent", component_},
    {"reportingInstance", host_},
  });
}

void event_recorder::record(const object_reference& about, std::string_view type, std::string_view reason,
                            std::string_view message, int64_t happened_us) {
  if (in_flight_ >= in_flight_max || !admit(about, client_->context().clock->wall_seconds())) {
    ++dropped_;
    return;
  }
  const std::string key = fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", about.kind, about.name_space, about.name, about.uid,
                                      about.field_path, type, reason, message);
  const auto found = known_.find(key);
  if (found == known_.end()) {
    create(about, type, reason, message, happened_us, key);
    return;
  }
  recent_first_.splice(recent_first_.begin(), recent_first_, found->second);
  count_up(found->second, build(about, type, reason, message, happened_us));
}

void event_recorder::create(const object_reference& about, std::string_view type, std::string_view reason,
                            std::string_view message, int64_t happened_us, const std::string& key) {
  const draft event = build(about, type, reason, message, happened_us);
  const draft& metadata = event.get("metadata");
  recent_first_.push_front({std::string{metadata.get("namespace").str()}, std::string{metadata.get("name").str()}, key});
  known_[key] = recent_first_.begin();
  if (recent_first_.size() > remembered_max) {
    known_.erase(recent_first_.back().key);
    recent_first_.pop_back();
  }
  ++in_flight_;
  client_->create(events, event, [this, key, log = client_->context().log](const api_result& result) {
    --in_flight_;
    if (result.ok())
      return;
    if (const auto found = known_.find(key); found != known_.end()) {
      recent_first_.erase(found->second);
      known_.erase(found);
    }
    // An event about an object whose namespace is going is refused by design.
    log.debug("event not recorded", {{"code", result.code}, {"why", result.message}});
  });
}

void event_recorder::count_up(std::list<known_event>::iterator known, draft event) {
  ++known->count;
  draft patch = draft::make_object({{"count", known->count}, {"lastTimestamp", std::string{event.get("lastTimestamp").str()}}});
  ++in_flight_;
  client_->patch(events, "", known->name_space, known->name, protocol::PatchKind::merge, patch,
                 [this, key = known->key, event = std::move(event)](const api_result& result) {
                   --in_flight_;
                   const auto found = known_.find(key);
                   if (!result.not_found() || found == known_.end())
                     return;
                   // The Event was deleted or has expired: it starts anew under the new name.
                   found->second->count = 1;
                   found->second->name = event.get("metadata").get("name").str();
                   ++in_flight_;
                   client_->create(events, event, [this](const api_result&) { --in_flight_; });
                 });
}

} // namespace actors::client
