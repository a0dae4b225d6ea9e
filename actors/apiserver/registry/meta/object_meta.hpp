// What all objects share: metadata that the server fills, keeps and validates.
#pragma once

#include <cstdint>
#include <string_view>

#include "actors/apiserver/registry/field_error.hpp"
#include "actors/apiserver/registry/meta/names.hpp"

namespace actors::apiserver::registry::meta {

inline constexpr size_t annotations_bytes_max = 256 * 1024;
/// generateName is cut so that name and suffix fit.
inline constexpr size_t generated_name_length_max = 63;
inline constexpr size_t name_suffix_length = 5;

// For the verbs, before a kind's own preparation.

/// On create: uid and creationTimestamp are ours; what only the server may set is dropped. managedFields go
/// too: there is no server-side apply yet.
void fill_system_fields(draft& object, std::string_view uid, int64_t now_seconds);
/// Sets metadata.name from generateName and five characters of the caller's; false when there is nothing to
/// do.
bool generate_name(draft& object, std::string_view suffix);
/// On update: what a client cannot change silently (uid when left out, timestamps, generation) comes from
/// `old`.
void keep_system_fields(draft& next, const draft& old);

/// generation = 1 on create, + 1 whenever `changed`.
void begin_generation(draft& object);
void bump_generation(draft& next, const draft& old, bool changed);

// Validation. `object` is the whole object.

void validate_object_meta(const draft& object, bool namespaced, name_rule, field_errors&);
void validate_object_meta_update(const draft& next, const draft& old, field_errors&);
void validate_annotations(const draft& annotations, const path&, field_errors&);
/// One finalizer of metadata.finalizers or of a Namespace's spec.finalizers.
void validate_finalizer_name(std::string_view name, const path&, field_errors&);
void validate_nonnegative(const draft& object, std::string_view key, const path& parent, field_errors&);
/// An `invalid` "field is immutable" when the two differ. Null equals absent.
void validate_immutable(const draft& next, const draft& old, const path&, field_errors&);

/// Equal as the API sees it: null, absent and an empty list are the same. Expects canonical drafts
/// (kind.hpp).
bool semantically_equal(const draft& left, const draft& right);

} // namespace actors::apiserver::registry::meta
