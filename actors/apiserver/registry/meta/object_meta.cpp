// What all objects share: metadata that the server fills, keeps and validates.
#include "actors/apiserver/registry/meta/object_meta.hpp"

#include <algorithm>
#include <set>

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/labels.hpp"
#include "actors/apiserver/registry/scalars.hpp"

namespace actors::apiserver::registry::meta {

namespace {

constexpr std::string_view orphan_finalizer = "orphan";
constexpr std::string_view foreground_finalizer = "foregroundDeletion";

void validate_owner(const draft& owner, const path& field, field_errors& out) {
  auto api_version = owner.get("apiVersion").str();
  auto version =
    api_version.substr(api_version.find('/') == api_version.npos ? 0 : api_version.find('/') + 1);
  if (version.empty())
    out.push_back(invalid(field.child("apiVersion"), api_version, "version must not be empty"));
  for (std::string_view key : {"kind", "name", "uid"})
    if (!has_text(owner, key))
      out.push_back(invalid(field.child(key), "", "must not be empty"));
  if (api_version == "v1" && owner.get("kind").str() == "Event")
    out.push_back(invalid(field, owner, "/v1, Kind=Event is disallowed from being an owner"));
}

void validate_owners(const draft& owners, const path& field, field_errors& out) {
  std::string controller;
  for (auto& owner : owners.items()) {
    validate_owner(owner, field, out);
    if (!owner.get("controller").boolean())
      continue;
    auto name = std::string(owner.get("kind").str()) + "/" + std::string(owner.get("name").str());
    if (controller.empty())
      controller = name;
    else
      out.push_back(
        invalid(field, owners,
                "Only one reference can have Controller set to true. Found \"true\" in references for " +
                  controller + " and " + name));
  }
}

bool is_standard_finalizer(std::string_view name) {
  return name == "kubernetes" || name == orphan_finalizer || name == foreground_finalizer;
}

void validate_finalizers(const draft& finalizers, const path& field, field_errors& out) {
  bool orphan = false, foreground = false;
  for (size_t i = 0; i < finalizers.size(); ++i) {
    auto name = finalizers.items()[i].str();
    add(out, field, name, check_label_key(name));
    orphan |= name == orphan_finalizer;
    foreground |= name == foreground_finalizer;
  }
  if (orphan && foreground)
    out.push_back(invalid(field, finalizers, "finalizer orphan and foregroundDeletion cannot be both set"));
  for (size_t i = 0; i < finalizers.size(); ++i) {
    auto name = finalizers.items()[i].str();
    if (name.find('/') == name.npos && !is_standard_finalizer(name))
      out.push_back(
        invalid(field.index(i), name, "name is neither a standard finalizer name nor is it fully qualified"));
  }
}

// The part that create and update share.
void validate_common(const draft& metadata, const path& field, field_errors& out) {
  validate_nonnegative(metadata, "generation", field, out);
  validate_labels(metadata.get("labels"), field.child("labels"), out);
  validate_annotations(metadata.get("annotations"), field.child("annotations"), out);
  validate_owners(metadata.get("ownerReferences"), field.child("ownerReferences"), out);
}

void validate_no_new_finalizers(const draft& next, const draft& old, const path& field, field_errors& out) {
  std::set<std::string_view> known, added;
  for (auto& name : old.items())
    known.insert(name.str());
  for (auto& name : next.items())
    if (!known.contains(name.str()))
      added.insert(name.str());
  if (added.empty())
    return;
  std::string names;
  for (auto name : added)
    names.append(names.empty() ? "\"" : ", \"").append(name).append("\"");
  out.push_back(
    forbidden(field,
              "no new finalizers can be added if the object is being deleted, found new finalizers "
              "[]string{" +
                names + "}"));
}

} // namespace

void fill_system_fields(draft& object, std::string_view uid, int64_t now_seconds) {
  auto& metadata = object_made(object, "metadata");
  for (std::string_view key : {"deletionTimestamp", "deletionGracePeriodSeconds", "managedFields", "selfLink",
                               "resourceVersion", "generation"})
    metadata.erase(key);
  metadata.set("uid", uid);
  metadata.set("creationTimestamp", time_text(now_seconds));
}

bool generate_name(draft& object, std::string_view suffix) {
  auto& metadata = object_made(object, "metadata");
  auto base = metadata.get("generateName").str();
  if (has_text(metadata, "name") || base.empty())
    return false;
  auto name = std::string(base.substr(0, generated_name_length_max - name_suffix_length));
  name += suffix;
  metadata.set("name", name);
  return true;
}

void keep_system_fields(draft& next, const draft& old) {
  auto& metadata = object_made(next, "metadata");
  auto& before = old.get("metadata");
  metadata.erase("managedFields");
  metadata.erase("selfLink");
  copy_member(metadata, before, "generation");
  copy_member(metadata, before, "creationTimestamp");
  if (!has_text(metadata, "uid"))
    copy_member(metadata, before, "uid");
  if (has(before, "deletionTimestamp"))
    copy_member(metadata, before, "deletionTimestamp");
  if (has(before, "deletionGracePeriodSeconds") && !has(metadata, "deletionGracePeriodSeconds"))
    copy_member(metadata, before, "deletionGracePeriodSeconds");
}

void begin_generation(draft& object) { object_made(object, "metadata").set("generation", 1); }

void bump_generation(draft& next, const draft& old, bool changed) {
  auto before = old.get("metadata").get("generation").integer();
  object_made(next, "metadata").set("generation", before + (changed ? 1 : 0));
}

void validate_object_meta(const draft& object, bool namespaced, name_rule rule, field_errors& out) {
  path field("metadata");
  auto& metadata = object.get("metadata");
  auto prefix = metadata.get("generateName").str();
  if (!prefix.empty())
    add(out, field.child("generateName"), prefix, rule(prefix, true));
  auto name = metadata.get("name").str();
  if (name.empty())
    out.push_back(required(field.child("name"), "name or generateName is required"));
  else
    add(out, field.child("name"), name, rule(name, false));
  auto space = metadata.get("namespace").str();
  if (namespaced && space.empty())
    out.push_back(required(field.child("namespace")));
  else if (namespaced)
    add(out, field.child("namespace"), space, name_is_dns_label(space, false));
  else if (!space.empty())
    out.push_back(forbidden(field.child("namespace"), "not allowed on this type"));
  validate_common(metadata, field, out);
  validate_finalizers(metadata.get("finalizers"), field.child("finalizers"), out);
}

void validate_object_meta_update(const draft& next, const draft& old, field_errors& out) {
  path field("metadata");
  auto& metadata = next.get("metadata");
  auto& before = old.get("metadata");
  if (has(before, "deletionTimestamp"))
    validate_no_new_finalizers(metadata.get("finalizers"), before.get("finalizers"),
                               field.child("finalizers"), out);
  if (metadata.get("generation").integer() < before.get("generation").integer())
    out.push_back(
      invalid(field.child("generation"), metadata.get("generation").integer(), "must not be decremented"));
  for (std::string_view key :
       {"name", "namespace", "uid", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds"})
    validate_immutable(metadata.get(key), before.get(key), field.child(key), out);
  validate_common(metadata, field, out);
  validate_finalizers(metadata.get("finalizers"), field.child("finalizers"), out);
}

void validate_annotations(const draft& annotations, const path& field, field_errors& out) {
  size_t bytes = 0;
  for (auto& [key, value] : annotations.members()) {
    std::string lower(key);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
    add(out, field, key, check_label_key(lower));
    bytes += key.size() + value.str().size();
  }
  if (bytes > annotations_bytes_max)
    out.push_back(too_long(field, annotations_bytes_max));
}

void validate_finalizer_name(std::string_view name, const path& field, field_errors& out) {
  add(out, field, name, check_label_key(name));
  if (name.find('/') == name.npos && !is_standard_finalizer(name))
    out.push_back(
      invalid(field, name, "name is neither a standard finalizer name nor is it fully qualified"));
}

void validate_nonnegative(const draft& object, std::string_view key, const path& parent, field_errors& out) {
  auto value = object.get(key).integer();
  if (value < 0)
    out.push_back(invalid(parent.child(key), value, "must be greater than or equal to 0"));
}

void validate_immutable(const draft& next, const draft& old, const path& field, field_errors& out) {
  if (!semantically_equal(next, old))
    out.push_back(invalid(field, next, "field is immutable"));
}

namespace {

// Absent, null and an empty list mean the same.
bool is_nothing(const draft& value) { return value.is_null() || (value.is_array() && value.empty()); }

// Members of the same name are compared once, not from either side: that would double at every level.
bool members_match(const draft& left, const draft& right) {
  const auto &mine = left.members(), &theirs = right.members();
  const auto same_name = [](const auto& one, const auto& other) { return one.first == other.first; };
  if (std::equal(mine.begin(), mine.end(), theirs.begin(), theirs.end(), same_name)) // canonical objects mostly are
    return std::equal(mine.begin(), mine.end(), theirs.begin(),
                      [](const auto& one, const auto& other) { return semantically_equal(one.second, other.second); });
  for (auto& [key, value] : left.members())
    if (!semantically_equal(value, right.get(key)))
      return false;
  for (auto& [key, value] : right.members())
    if (!is_nothing(value) && !left.contains(key))
      return false;
  return true;
}

} // namespace

bool semantically_equal(const draft& left, const draft& right) {
  if (left.is_object() && right.is_object())
    return members_match(left, right);
  if (left.is_array() && right.is_array()) {
    return left.size() == right.size() &&
           std::equal(left.items().begin(), left.items().end(), right.items().begin(), semantically_equal);
  }
  return left == right || (is_nothing(left) && is_nothing(right));
}

} // namespace actors::apiserver::registry::meta
