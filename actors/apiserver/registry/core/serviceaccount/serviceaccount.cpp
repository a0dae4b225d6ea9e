// ServiceAccount. Tokens are not issued yet.
#include "actors/apiserver/registry/core/serviceaccount/serviceaccount.hpp"

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/meta/strategy.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/verbs.hpp"

namespace actors::apiserver::registry::core::serviceaccount {

namespace {

// A reference to a secret is its name; anything else a client wrote there is dropped.
void keep_secret_names(draft& object) {
  for_each_item(object, "secrets", [](draft& reference) {
    auto name = reference.get("name");
    reference = draft::make_object();
    if (!name.is_null())
      reference.set("name", name);
  });
}

void prepare_create(const change_context&, draft& object) { keep_secret_names(object); }

void prepare_update(const change_context&, draft& next, const draft&) { keep_secret_names(next); }

void validate(const draft& object, field_errors& out) {
  meta::validate_object_meta(object, true, meta::name_is_dns_subdomain, out);
}

void validate_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
}

void cells(const draft& object, int64_t now_seconds, std::vector<draft>& out) {
  out.push_back(table::name_of(object));
  out.push_back(object.get("secrets").size());
  out.push_back(table::age(object, now_seconds));
}

} // namespace

kind describe() {
  kind k{.group = "",
         .version = "v1",
         .name = "ServiceAccount",
         .plural = "serviceaccounts",
         .singular = "serviceaccount"};
  k.short_names = {"sa"};
  k.shard = "main";
  k.key_prefix = "/serviceaccounts/";
  k.verbs = all_verbs;
  k.apply_defaults = meta::default_nothing;
  k.prepare_create = prepare_create;
  k.prepare_update = prepare_update;
  k.validate = validate;
  k.validate_update = validate_update;
  k.columns = {table::name_column, table::text_column("Secrets", "The number of secrets it lists."),
               table::age_column};
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::core::serviceaccount
