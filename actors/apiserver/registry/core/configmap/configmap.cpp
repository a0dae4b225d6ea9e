// ConfigMap.
#include "actors/apiserver/registry/core/configmap/configmap.hpp"

#include "actors/apiserver/registry/core/data_map.hpp"
#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/meta/strategy.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/verbs.hpp"

namespace actors::apiserver::registry::core::configmap {

namespace {

void validate_content(const draft& object, field_errors& out) {
  auto& data = object.get("data");
  auto& binary = object.get("binaryData");
  size_t bytes = 0;
  for (auto& [key, value] : data.members()) {
    validate_data_key(key, path("data"), out);
    if (binary.contains(key))
      out.push_back(invalid(path("data").key(key), key, "duplicate of key present in binaryData"));
    bytes += value.str().size();
  }
  for (auto& [key, value] : binary.members()) {
    validate_data_key(key, path("binaryData"), out);
    bytes += decoded_size(value.str());
  }
  if (bytes > data_bytes_max)
    out.push_back(too_long("", data_bytes_max));
}

void validate(const draft& object, field_errors& out) {
  meta::validate_object_meta(object, true, meta::name_is_dns_subdomain, out);
  validate_content(object, out);
}

void validate_update(const draft& next, const draft& old, field_errors& out) {
  meta::validate_object_meta_update(next, old, out);
  validate_immutable_data(next, old, {"data", "binaryData"}, out);
  validate_content(next, out);
}

void cells(const draft& object, int64_t now_seconds, std::vector<draft>& out) {
  out.push_back(table::name_of(object));
  out.push_back(object.get("data").size() + object.get("binaryData").size());
  out.push_back(table::age(object, now_seconds));
}

} // namespace

kind describe() {
  kind k{.group = "", .version = "v1", .name = "ConfigMap", .plural = "configmaps", .singular = "configmap"};
  k.short_names = {"cm"};
  k.shard = "main";
  k.key_prefix = "/configmaps/";
  k.verbs = all_verbs;
  k.apply_defaults = meta::default_nothing;
  k.prepare_create = meta::prepare_nothing_on_create;
  k.prepare_update = meta::prepare_nothing_on_update;
  k.validate = validate;
  k.validate_update = validate_update;
  k.columns = {table::name_column, table::text_column("Data", "The number of entries."), table::age_column};
  k.cells = cells;
  return k;
}

} // namespace actors::apiserver::registry::core::configmap
