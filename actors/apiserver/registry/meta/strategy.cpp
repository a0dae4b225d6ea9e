// Preparation that most kinds share.
#include "actors/apiserver/registry/meta/strategy.hpp"

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"

namespace actors::apiserver::registry::meta {

void drop_status(const change_context&, draft& object) { object.erase("status"); }

void drop_status_begin_generation(const change_context& context, draft& object) {
  drop_status(context, object);
  begin_generation(object);
}

void keep_status(const change_context&, draft& next, const draft& old) { copy_member(next, old, "status"); }

void keep_status_bump_generation(const change_context& context, draft& next, const draft& old) {
  keep_status(context, next, old);
  bump_generation(next, old, !semantically_equal(next.get("spec"), old.get("spec")));
}

void keep_spec(const change_context&, draft& next, const draft& old) { copy_member(next, old, "spec"); }

void keep_spec_and_labels(const change_context&, draft& next, const draft& old) {
  copy_member(next, old, "spec");
  copy_member(object_made(next, "metadata"), old.get("metadata"), "labels");
}

void prepare_nothing_on_create(const change_context&, draft&) {}
void prepare_nothing_on_update(const change_context&, draft&, const draft&) {}
void default_nothing(draft&) {}

} // namespace actors::apiserver::registry::meta
