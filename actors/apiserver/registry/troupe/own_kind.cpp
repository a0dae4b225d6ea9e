// What the kinds of Troupe's own group share.
#include "actors/apiserver/registry/troupe/own_kind.hpp"

#include <algorithm>
#include <set>

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/object_meta.hpp"
#include "actors/apiserver/registry/meta/strategy.hpp"
#include "actors/apiserver/registry/table/columns.hpp"
#include "actors/apiserver/registry/verbs.hpp"

namespace actors::apiserver::registry::troupe {

kind make_own_kind(std::string_view name, std::string_view plural, std::string_view singular,
                   std::string_view key_prefix) {
  kind k{.group = "troupe.dev", .version = "v1", .name = name, .plural = plural, .singular = singular};
  k.namespaced = false;
  k.shard = "main";
  k.key_prefix = key_prefix;
  k.verbs = all_verbs;
  k.subresources = {status_subresource(name)};
  k.has_status = true;
  k.allow_unconditional_update = false;
  k.apply_defaults = meta::default_nothing;
  k.prepare_create = meta::drop_status_begin_generation;
  k.prepare_update = meta::keep_status_bump_generation;
  k.prepare_status_update = meta::keep_spec;
  return k;
}

void validate_metadata(const draft& object, field_errors& out) {
  meta::validate_object_meta(object, false, meta::name_is_dns_subdomain, out);
}

void validate_host_name(const draft& name, const path& field, field_errors& out) {
  if (name.str().empty())
    out.push_back(required(field, "must name a host of the placement"));
  else
    meta::add(out, field, name, meta::check_dns1123_label(name.str()));
}

void validate_host_names(const draft& names, const path& field, field_errors& out) {
  std::set<std::string_view> seen;
  for (size_t i = 0; i < names.size(); ++i) {
    auto& name = names.items()[i];
    validate_host_name(name, field.index(i), out);
    if (!name.str().empty() && !seen.insert(name.str()).second)
      out.push_back(duplicate(field.index(i), name));
  }
}

void validate_one_of(const draft& value, const path& field, const std::vector<std::string_view>& allowed,
                     field_errors& out) {
  auto text = value.str();
  if (!text.empty() && std::find(allowed.begin(), allowed.end(), text) == allowed.end())
    out.push_back(not_supported(field, value, allowed));
}

void validate_never_lower(const draft& next, const draft& old, const path& field, std::string_view why,
                          field_errors& out) {
  if (next.integer() < 0)
    out.push_back(invalid(field, next.integer(), "must be greater than or equal to 0"));
  else if (next.integer() < old.integer())
    out.push_back(
      invalid(field, next.integer(),
              "must not go down from " + std::to_string(old.integer()) + ": " + std::string(why)));
}

void validate_conditions(const draft& conditions, const path& field, field_errors& out) {
  std::set<std::string_view> seen;
  for (size_t i = 0; i < conditions.size(); ++i) {
    auto& condition = conditions.items()[i];
    auto type = condition.get("type").str();
    if (type.empty())
      out.push_back(required(field.index(i).child("type"), "must be set"));
    else if (!seen.insert(type).second)
      out.push_back(duplicate(field.index(i), condition.get("type")));
    auto status = condition.get("status").str();
    if (status != "True" && status != "False" && status != "Unknown")
      out.push_back(
        not_supported(field.index(i).child("status"), condition.get("status"), {"False", "True", "Unknown"}));
  }
}

draft text_cell(const draft& text) { return table::or_none(text.str()); }

std::string condition_status(const draft& object, std::string_view type) {
  for (auto& condition : object.get("status").get("conditions").items())
    if (condition.get("type").str() == type)
      return std::string(condition.get("status").str());
  return "Unknown";
}

} // namespace actors::apiserver::registry::troupe
