// Volumes: which sources there are, their defaults, and what all volumes must obey.
#include "actors/apiserver/registry/pod_template/volumes.hpp"

#include <set>

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/names.hpp"
#include "actors/apiserver/registry/pod_template/defaults.hpp"
#include "actors/apiserver/registry/pod_template/volume_sources.hpp"

namespace actors::apiserver::registry::pod_template {

namespace {

constexpr int64_t file_mode_default = 0644;

void default_field_refs(draft& source) {
  for_each_item(source, "items", [](draft& file) {
    if (auto* field = object_at(file, "fieldRef"))
      default_text(*field, "apiVersion", "v1");
  });
}

void default_projected(draft& volume) {
  auto* projected = object_at(volume, "projected");
  if (!projected)
    return;
  default_to(*projected, "defaultMode", file_mode_default);
  for_each_item(*projected, "sources", [](draft& source) {
    if (auto* downward = object_at(source, "downwardAPI"))
      default_field_refs(*downward);
    if (auto* token = object_at(source, "serviceAccountToken"))
      default_to(*token, "expirationSeconds", 3600);
  });
}

void default_remote_disks(draft& volume) {
  if (auto* iscsi = object_at(volume, "iscsi"))
    default_text(*iscsi, "iscsiInterface", "default");
  if (auto* rbd = object_at(volume, "rbd")) {
    default_text(*rbd, "pool", "rbd");
    default_text(*rbd, "user", "admin");
    default_text(*rbd, "keyring", "/etc/ceph/keyring");
  }
  if (auto* azure = object_at(volume, "azureDisk")) {
    default_to(*azure, "cachingMode", "ReadWrite");
    default_to(*azure, "fsType", "ext4");
    default_to(*azure, "readOnly", false);
    default_to(*azure, "kind", "Shared");
  }
  if (auto* scale_io = object_at(volume, "scaleIO")) {
    default_text(*scale_io, "storageMode", "ThinProvisioned");
    default_text(*scale_io, "fsType", "xfs");
  }
  if (auto* ephemeral = object_at(volume, "ephemeral"))
    if (auto* claim = object_at(*ephemeral, "volumeClaimTemplate"))
      default_to(object_made(*claim, "spec"), "volumeMode", "Filesystem");
}

bool has_source(const draft& volume) {
  for (auto& [key, value] : volume.members())
    if (key != "name" && !value.is_null())
      return true;
  return false;
}

} // namespace

void default_volume(draft& volume) {
  if (!has_source(volume))
    volume.set("emptyDir", draft::make_object());
  if (auto* host = object_at(volume, "hostPath"))
    default_to(*host, "type", "");
  for (std::string_view files : {"secret", "configMap", "downwardAPI"})
    if (auto* source = object_at(volume, files))
      default_to(*source, "defaultMode", file_mode_default);
  if (auto* downward = object_at(volume, "downwardAPI"))
    default_field_refs(*downward);
  default_projected(volume);
  if (auto* image = object_at(volume, "image"))
    default_text(*image, "pullPolicy", default_pull_policy(image->get("reference").str()));
  default_remote_disks(volume);
}

volume_map validate_volumes(const draft& volumes, std::string_view pod_name, const path& field,
                            field_errors& out) {
  volume_map valid;
  std::set<std::string> claims;
  for (auto& volume : volumes.items())
    if (!pod_name.empty() && has(volume, "ephemeral"))
      claims.insert(std::string(pod_name) + "-" + std::string(volume.get("name").str()));
  for (size_t i = 0; i < volumes.size(); ++i) {
    auto& volume = volumes.items()[i];
    auto at = field.index(i);
    auto name = volume.get("name").str();
    field_errors found;
    validate_volume_source(volume, pod_name, at, found);
    if (name.empty())
      found.push_back(required(at.child("name")));
    else
      meta::add(found, at.child("name"), name, meta::check_dns1123_label(name));
    if (valid.contains(name))
      found.push_back(duplicate(at.child("name"), name));
    if (found.empty())
      valid.emplace(name, &volume);
    out.insert(out.end(), found.begin(), found.end());
    auto claim = volume.get("persistentVolumeClaim").get("claimName").str();
    if (!claim.empty() && claims.contains(std::string(claim)))
      out.push_back(invalid(at.child("persistentVolumeClaim", "claimName"), claim,
                            "must not reference a PVC that gets created for an ephemeral volume"));
  }
  return valid;
}

void validate_no_backsteps(std::string_view file_path, const path& field, field_errors& out) {
  auto rest = file_path;
  for (;;) {
    auto slash = rest.find('/');
    if (rest.substr(0, slash) == "..") {
      out.push_back(invalid(field, file_path, "must not contain '..'"));
      return;
    }
    if (slash == rest.npos)
      return;
    rest.remove_prefix(slash + 1);
  }
}

void validate_local_path(std::string_view file_path, const path& field, field_errors& out) {
  if (file_path.starts_with('/'))
    out.push_back(invalid(field, file_path, "must be a relative path"));
  validate_no_backsteps(file_path, field, out);
}

void validate_unreserved_path(std::string_view file_path, const path& field, field_errors& out) {
  validate_local_path(file_path, field, out);
  // ".." as a whole segment is reported above.
  if (file_path.starts_with("..") && !file_path.starts_with("../"))
    out.push_back(invalid(field, file_path, "must not start with '..'"));
}

} // namespace actors::apiserver::registry::pod_template
