// What is particular to one kind of object, as data and pure functions; the verbs are generic over it.
// Every function works on drafts, is free of I/O and clocks (the time is handed in) and never throws for
// any input that the schema accepted.
// What is compared with the stored object (prepare_update, validate_update, prepare_status_update...) must be
// in canonical form: packed and unpacked once after defaulting, so that "1000m" is "1" and an explicit
// `false` of a plain field is gone. Otherwise an update that changes nothing would look like a change.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/apiserver/registry/field_error.hpp"
#include "messages/codec/draft.hpp"

namespace actors::apiserver::registry {

using messages::codec::draft;

/// What a change may depend on besides the objects.
struct change_context {
  std::string_view user;   // who asks
  int64_t now_seconds = 0; // wall time, since the epoch
};

/// One column of the server-side table of a kind. `priority` > 0 is shown only with -o wide.
struct table_column {
  std::string_view name;
  std::string_view type;   // "string" | "integer"
  std::string_view format; // "name" for the Name column, else empty
  std::string_view description;
  int priority = 0;
};

/// A path below the object, as discovery lists it.
struct subresource {
  std::string_view name;                                // "status", "scale", "binding", "log", "finalize"
  std::string_view body_group, body_version, body_kind; // of the body; group and version empty: the parent's
  std::vector<std::string_view> verbs;
};

/// A key of field selectors, "spec.nodeName", and where its value is in the *stored* form of the object.
struct selectable_field {
  std::string_view label;
  std::vector<std::string_view> path;
  std::string_view value_if_absent = {}; // what an absent field compares as
};

struct kind {
  // Identity. `group` is empty for core.
  std::string_view group, version, name /* "Pod" */, plural, singular;
  std::vector<std::string_view> short_names, categories;
  bool namespaced = true;
  /// The store shard that holds it: "pods" | "events" | "leases" | "main".
  std::string_view shard;
  /// The start of its keys in the store, with both slashes: "/pods/". Objects: prefix + [namespace/] + name.
  /// Two API forms of one stored object (Event) have the same prefix.
  std::string_view key_prefix;

  std::vector<std::string_view> verbs; // of the resource itself, for discovery
  std::vector<subresource> subresources;
  bool has_status = false; // serves /status; then a plain update never touches it
  bool has_scale = false;
  bool allow_unconditional_update = true; // an update without resourceVersion overwrites
  bool allow_create_on_update = false;    // a PUT of what is not there creates it
  /// Besides metadata.name and metadata.namespace, which always are.
  std::vector<selectable_field> selectable_fields;

  /// Fills what the user left out. Run after decoding and after every patch. Idempotent.
  void (*apply_defaults)(draft&) = nullptr;

  // Preparation: what the server owns is reset or carried over (status, generation). ObjectMeta's own part
  // (uid, creationTimestamp, name from generateName) is the verbs'; `meta/` has the functions for it.
  void (*prepare_create)(const change_context&, draft&) = nullptr;
  void (*prepare_update)(const change_context&, draft& next, const draft& old) = nullptr;
  void (*prepare_status_update)(const change_context&, draft& next, const draft& old) = nullptr;

  // Validation, after preparation. All include ObjectMeta. An update is checked by validate_update alone: it
  // includes what of validate() applies.
  void (*validate)(const draft&, field_errors&) = nullptr;
  void (*validate_update)(const draft& next, const draft& old, field_errors&) = nullptr;
  void (*validate_status_update)(const draft& next, const draft& old, field_errors&) = nullptr;

  // Namespace only: PUT /finalize.
  void (*prepare_finalize)(const change_context&, draft& next, const draft& old) = nullptr;
  void (*validate_finalize)(const draft& next, const draft& old, field_errors&) = nullptr;

  // Deletion.
  /// Null: objects go at once. Otherwise the grace period in seconds for a DELETE that asks for `asked`, where
  /// 0 is at once.
  int64_t (*grace_seconds)(const draft&, std::optional<int64_t> asked) = nullptr;
  /// True while something other than metadata.finalizers keeps a deleted object (Namespace: spec.finalizers).
  bool (*holds_deletion)(const draft&) = nullptr;
  /// Called when deletionTimestamp gets set and the object stays (Namespace: phase Terminating).
  void (*begin_deletion)(const change_context&, draft&) = nullptr;

  // The scale subresource (has_scale).
  /// The autoscaling/v1 Scale of an object; metadata has name, namespace, uid, creationTimestamp.
  draft (*scale_of)(const draft&) = nullptr;
  /// Writes a Scale's spec.replicas into the object.
  void (*apply_scale)(const draft& scale, draft& object, field_errors&) = nullptr;

  // All functions above and below take this kind's own form.
  // Another API form of what is stored (events.k8s.io/v1 Event is stored as core v1 Event). Null: stored as
  // is.
  std::string_view stored_group, stored_version;
  /// From this form to the stored one, after defaulting and validation; sets apiVersion and kind.
  void (*to_stored)(draft&) = nullptr;
  void (*from_stored)(draft&) = nullptr;

  // kubectl get.
  std::vector<table_column> columns;
  /// Appends exactly columns.size() cells.
  void (*cells)(const draft&, int64_t now_seconds, std::vector<draft>& out) = nullptr;

  /// "v1", "apps/v1".
  std::string api_version() const {
    return group.empty() ? std::string(version) : std::string(group) + "/" + std::string(version);
  }
  const subresource* find_subresource(std::string_view subresource_name) const {
    for (auto& s : subresources)
      if (s.name == subresource_name)
        return &s;
    return nullptr;
  }
};

/// Every kind served, in discovery's order.
const std::vector<kind>& kinds();

/// Null: not served.
const kind* find_kind(std::string_view group, std::string_view version, std::string_view plural);
const kind* find_kind_by_name(std::string_view group, std::string_view version, std::string_view name);

} // namespace actors::apiserver::registry
