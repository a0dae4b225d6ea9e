// Preparation that most kinds share: status belongs to /status, spec and metadata do not.
#pragma once

#include <cstdint>

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::meta {

/// Create: status dropped.
void drop_status(const change_context&, draft&);
/// Create: status dropped, generation 1.
void drop_status_begin_generation(const change_context&, draft&);
/// Update: the stored status stays.
void keep_status(const change_context&, draft& next, const draft& old);
/// Update: the stored status stays; a changed spec makes a new generation.
void keep_status_bump_generation(const change_context&, draft& next, const draft& old);
/// Status update: the stored spec and the stored metadata stay, except what a status writer may touch
/// (labels, annotations, finalizers...: all but what validation forbids).
void keep_spec(const change_context&, draft& next, const draft& old);
/// Status update of the apps kinds: the stored spec and labels stay.
void keep_spec_and_labels(const change_context&, draft& next, const draft& old);

void prepare_nothing_on_create(const change_context&, draft&);
void prepare_nothing_on_update(const change_context&, draft& next, const draft& old);

/// Kinds that have no particular default.
void default_nothing(draft&);

} // namespace actors::apiserver::registry::meta
