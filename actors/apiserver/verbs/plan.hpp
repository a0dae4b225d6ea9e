// What a write request does to the object that is there: from (request, current object) to the one write for the
// store and the answer, or to a refusal. Pure: no I/O, no clock; the actor calls it, sends the write, and
// calls it again with a newer object when somebody else was faster.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/apiserver/cache/watch_cache.hpp"
#include "actors/apiserver/registry/kind.hpp"
#include "actors/apiserver/status/status.hpp"
#include "messages/codec/draft.hpp"
#include "messages/roles/apiserver_generated.h"

namespace actors::apiserver::verbs {

using messages::codec::draft;
using messages::codec::object_buffer;
using messages::roles::apiserver::PatchKind;
using messages::roles::apiserver::Verb;
using status::api_error;

/// A write request, decoded. Strings are owned: it lives as long as its retries.
struct change_request {
  const registry::kind* kind = nullptr;
  Verb verb = Verb::create;
  std::string subresource, name_space, name;
  draft object;          // the body; null where the verb has none
  draft patch;           // parsed, for verb patch
  PatchKind patch_kind = PatchKind::none;
  std::string user;
  bool dry_run = false;
  std::optional<int64_t> grace_seconds;
  std::string propagation_policy;
  std::string precondition_uid;
  int64_t precondition_revision = 0;
};

/// What a plan may use besides the request and the object. `find_namespace` gives the Namespace or null.
struct environment {
  int64_t now_seconds = 0;
  std::function<std::string()> new_uid;
  std::function<std::string()> name_suffix;
  std::function<cache::object_ptr(std::string_view)> find_namespace;
  /// Cluster-wide resources that an object takes (a Service's address and ports); `old` null for a create.
  std::function<void(const registry::kind&, const std::string& key, draft& next, const draft& old, registry::field_errors&)> allocate;
};

struct write_plan {
  enum class action { refuse, nothing, put, erase };
  action what = action::refuse;
  api_error error;              // refuse
  std::string key;              // of the object in the store
  int64_t expected = 0;         // the revision that the write builds on; 0: must not exist
  draft stored;                 // put: the object without resourceVersion, in its stored form
  object_buffer packed;         // put: the same
  draft answer;                 // what the client gets, before its revision is known; null: `stored`
  int code = 200;
  const draft& shown() const { return answer.is_null() ? stored : answer; }
  /// Somebody else's write in between is no reason to refuse: plan again on the newer object.
  bool retry_on_conflict = false;
};

/// The object's key in the store: "/pods/default/web".
std::string store_key(const registry::kind& kind, std::string_view name_space, std::string_view name);

/// The current object as a draft with metadata.resourceVersion, in the form of `kind`.
draft current_draft(const registry::kind& kind, const cache::cached_object& object);

/// `current` null: there is none. Never throws for what clients send.
write_plan plan_write(const change_request& request, const cache::object_ptr& current, const environment& env);

// Each verb, as plan_write chooses it.
write_plan plan_create(const change_request& request, const cache::object_ptr& current, const environment& env);
write_plan plan_update(const change_request& request, const cache::object_ptr& current, const environment& env);
write_plan plan_patch(const change_request& request, const cache::object_ptr& current, const environment& env);
write_plan plan_delete(const change_request& request, const cache::object_ptr& current, const environment& env);
write_plan plan_binding(const change_request& request, const cache::object_ptr& current, const environment& env);

// ---- shared by the verbs ----
write_plan refuse(api_error error);
/// Packs `next` (stored form) into a put; a codec error becomes a 400.
write_plan put_plan(const registry::kind& kind, std::string key, int64_t expected, draft next, int code);
/// The kind's type, in its own form.
const messages::codec::type& own_type(const registry::kind& kind);
/// The kind's type as stored.
const messages::codec::type& stored_type(const registry::kind& kind);
/// The canonical form: as it would be read back from the store. An error for what cannot be packed.
api_error canonicalize(const messages::codec::type& type, draft& object);

} // namespace actors::apiserver::verbs
