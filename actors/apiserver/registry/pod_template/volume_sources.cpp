// Validation of one volume's source: a table of the sources and a check for each.
#include "actors/apiserver/registry/pod_template/volume_sources.hpp"

#include <set>

#include "actors/apiserver/registry/fields.hpp"
#include "actors/apiserver/registry/meta/labels.hpp"
#include "actors/apiserver/registry/meta/names.hpp"
#include "actors/apiserver/registry/pod_template/environment.hpp"
#include "actors/apiserver/registry/pod_template/volumes.hpp"
#include "actors/apiserver/registry/scalars.hpp"

namespace actors::apiserver::registry::pod_template {

namespace {

void require_text(const draft& source, std::string_view key, const path& field, field_errors& out) {
  if (!has_text(source, key))
    out.push_back(required(field.child(key)));
}

void validate_mode(const draft& source, std::string_view key, const path& field, field_errors& out) {
  auto mode = source.get(key).integer();
  if (has(source, key) && (mode < 0 || mode > 0777))
    out.push_back(
      invalid(field.child(key), mode, "must be a number between 0 and 0777 (octal), both inclusive"));
}

void validate_partition(const draft& source, const path& field, field_errors& out) {
  auto partition = source.get("partition").integer();
  if (partition < 0 || partition > 255)
    out.push_back(invalid(field.child("partition"), partition, meta::inclusive_range(1, 255)));
}

void validate_key_to_path(const draft& item, const path& field, field_errors& out) {
  require_text(item, "key", field, out);
  require_text(item, "path", field, out);
  validate_unreserved_path(item.get("path").str(), field.child("path"), out);
  validate_mode(item, "mode", field, out);
}

void validate_items(const draft& source, const path& field, field_errors& out) {
  auto& items = source.get("items").items();
  for (size_t i = 0; i < items.size(); ++i)
    validate_key_to_path(items[i], field.child("items").index(i), out);
}

void validate_downward_file(const draft& file, const path& field, field_errors& out) {
  require_text(file, "path", field, out);
  validate_unreserved_path(file.get("path").str(), field.child("path"), out);
  bool from_field = has(file, "fieldRef"), from_resource = has(file, "resourceFieldRef");
  if (from_field)
    validate_volume_field_ref(file.get("fieldRef"), field.child("fieldRef"), out);
  if (from_field && from_resource)
    out.push_back(
      invalid(field, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously"));
  else if (from_resource)
    validate_resource_field_ref(file.get("resourceFieldRef"), true, field.child("resourceFieldRef"), out);
  else if (!from_field)
    out.push_back(required(field, "one of fieldRef and resourceFieldRef is required"));
  validate_mode(file, "mode", field, out);
}

void validate_empty_dir(const draft& source, const path& field, field_errors& out) {
  if (has(source, "sizeLimit") && compare_quantities(source.get("sizeLimit"), 0) < 0)
    out.push_back(forbidden(field.child("sizeLimit"), "SizeLimit field must be a valid resource quantity"));
}

void validate_host_path(const draft& source, const path& field, field_errors& out) {
  if (!has_text(source, "path")) {
    out.push_back(required(field.child("path")));
    return;
  }
  validate_no_backsteps(source.get("path").str(), field.child("path"), out);
  static const std::vector<std::string_view> types = {
    "", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"};
  auto type = source.get("type").str();
  for (auto known : types)
    if (type == known)
      return;
  out.push_back(not_supported(field.child("type"), type, types));
}

void validate_secret(const draft& source, const path& field, field_errors& out) {
  require_text(source, "secretName", field, out);
  validate_mode(source, "defaultMode", field, out);
  validate_items(source, field, out);
}

void validate_config_map(const draft& source, const path& field, field_errors& out) {
  require_text(source, "name", field, out);
  validate_mode(source, "defaultMode", field, out);
  validate_items(source, field, out);
}

void validate_downward(const draft& source, const path& field, field_errors& out) {
  validate_mode(source, "defaultMode", field, out);
  for (auto& file : source.get("items").items())
    validate_downward_file(file, field, out);
}

// The paths of all projections of one volume must differ.
struct projection_paths {
  std::set<std::string_view> seen;
  void add(std::string_view file_path, const draft& shown, const path& field, field_errors& out) {
    if (!file_path.empty() && !seen.insert(file_path).second)
      out.push_back(invalid(field, shown, "conflicting duplicate paths"));
  }
};

void validate_projected_files(const draft& source, std::string_view key, const path& at, const path& field,
                              projection_paths& paths, field_errors& out) {
  auto& files = source.get(key);
  require_text(files, "name", at.child(key), out);
  validate_items(files, at.child(key), out);
  for (auto& item : files.get("items").items())
    paths.add(item.get("path").str(), files.get("name"), field, out);
}

void validate_projected_token(const draft& token, const path& at, const path& field, projection_paths& paths,
                              field_errors& out) {
  auto seconds = token.get("expirationSeconds").integer();
  if (seconds < 600)
    out.push_back(
      invalid(at.child("expirationSeconds"), seconds, "may not specify a duration less than 10 minutes"));
  if (seconds > (int64_t{1} << 32))
    out.push_back(
      invalid(at.child("expirationSeconds"), seconds, "may not specify a duration larger than 2^32 seconds"));
  auto file_path = token.get("path").str();
  if (file_path.empty())
    out.push_back(required(field.child("path")));
  else
    validate_unreserved_path(file_path, field.child("path"), out);
  paths.add(file_path, file_path, field, out);
}

void validate_trust_bundle(const draft& bundle, const path& at, field_errors& out) {
  bool named = has(bundle, "name"), signer = has(bundle, "signerName");
  if (named && signer)
    out.push_back(invalid(at, bundle, "only one of name and signerName may be used"));
  else if (!named && !signer)
    out.push_back(required(at, "either name or signerName must be specified"));
  if (named && !signer && has(bundle, "labelSelector"))
    out.push_back(invalid(at.child("labelSelector"), bundle.get("labelSelector"),
                          "labelSelector must be unset if name is specified"));
  if (signer && !named)
    meta::validate_label_selector(bundle.get("labelSelector"), at.child("labelSelector"), out);
  require_text(bundle, "path", at, out);
  validate_unreserved_path(bundle.get("path").str(), at.child("path"), out);
}

void validate_projected(const draft& projected, const path& field, field_errors& out) {
  validate_mode(projected, "defaultMode", field, out);
  projection_paths paths;
  auto& sources = projected.get("sources").items();
  for (size_t i = 0; i < sources.size(); ++i) {
    auto& source = sources[i];
    auto at = field.child("sources").index(i);
    size_t count = 0;
    for (auto& [key, value] : source.members())
      count += !value.is_null();
    for (std::string_view key : {"secret", "configMap"})
      if (has(source, key))
        validate_projected_files(source, key, at, field, paths, out);
    for (auto& file : source.get("downwardAPI").get("items").items()) {
      validate_downward_file(file, at.child("downwardAPI"), out);
      paths.add(file.get("path").str(), file.get("path"), field, out);
    }
    if (has(source, "serviceAccountToken"))
      validate_projected_token(source.get("serviceAccountToken"), at.child("serviceAccountToken"), field,
                               paths, out);
    if (has(source, "clusterTrustBundle"))
      validate_trust_bundle(source.get("clusterTrustBundle"), at.child("clusterTrustBundle"), out);
    if (count > 1)
      out.push_back(forbidden(at, "may not specify more than 1 volume type per source"));
    if (count == 0)
      out.push_back(required(at, "must specify a volume type"));
  }
}

void validate_nfs(const draft& source, const path& field, field_errors& out) {
  require_text(source, "server", field, out);
  require_text(source, "path", field, out);
  if (!source.get("path").str().starts_with('/'))
    out.push_back(invalid(field.child("path"), source.get("path").str(), "must be an absolute path"));
}

void validate_claim(const draft& source, const path& field, field_errors& out) {
  require_text(source, "claimName", field, out);
}

void validate_csi(const draft& source, const path& field, field_errors& out) {
  auto driver = source.get("driver").str();
  if (driver.empty())
    out.push_back(required(field.child("driver")));
  else if (driver.size() > meta::label_length_max)
    out.push_back(too_long(field.child("driver"), meta::label_length_max));
  else
    meta::add(out, field.child("driver"), driver, meta::check_dns1123_subdomain(driver));
}

void validate_ephemeral(const draft& source, const path& field, field_errors& out) {
  if (!has(source, "volumeClaimTemplate"))
    out.push_back(required(field.child("volumeClaimTemplate")));
}

void validate_image(const draft& source, const path& field, field_errors& out) {
  require_text(source, "reference", field, out);
  auto policy = source.get("pullPolicy").str();
  if (policy != "Always" && policy != "IfNotPresent" && policy != "Never")
    out.push_back(not_supported(field.child("pullPolicy"), policy, {"Always", "IfNotPresent", "Never"}));
}

void validate_git(const draft& source, const path& field, field_errors& out) {
  require_text(source, "repository", field, out);
  validate_local_path(source.get("directory").str(), field.child("directory"), out);
}

void validate_gce_disk(const draft& source, const path& field, field_errors& out) {
  require_text(source, "pdName", field, out);
  validate_partition(source, field, out);
}

void validate_aws_disk(const draft& source, const path& field, field_errors& out) {
  require_text(source, "volumeID", field, out);
  validate_partition(source, field, out);
}

void accept(const draft&, const path&, field_errors&) {}

struct source_check {
  std::string_view name;
  void (*check)(const draft& source, const path&, field_errors&);
};

// In the order in which a second source is refused. What Troupe cannot mount is the kubelet's to say, but a
// manifest that upstream takes is taken here.
constexpr source_check sources[] = {
  {"emptyDir", validate_empty_dir},
  {"hostPath", validate_host_path},
  {"gitRepo", validate_git},
  {"gcePersistentDisk", validate_gce_disk},
  {"awsElasticBlockStore", validate_aws_disk},
  {"secret", validate_secret},
  {"nfs", validate_nfs},
  {"iscsi", accept},
  {"glusterfs", accept},
  {"flocker", accept},
  {"persistentVolumeClaim", validate_claim},
  {"rbd", accept},
  {"cinder", accept},
  {"cephfs", accept},
  {"quobyte", accept},
  {"downwardAPI", validate_downward},
  {"fc", accept},
  {"flexVolume", accept},
  {"configMap", validate_config_map},
  {"azureFile", accept},
  {"vsphereVolume", accept},
  {"photonPersistentDisk", accept},
  {"portworxVolume", accept},
  {"azureDisk", accept},
  {"storageos", accept},
  {"projected", validate_projected},
  {"scaleIO", accept},
  {"csi", validate_csi},
  {"ephemeral", validate_ephemeral},
  {"image", validate_image},
};

} // namespace

void validate_volume_source(const draft& volume, std::string_view pod_name, const path& field,
                            field_errors& out) {
  size_t count = 0;
  for (auto& [name, check] : sources) {
    if (!has(volume, name))
      continue;
    if (count++)
      out.push_back(forbidden(field.child(name), "may not specify more than 1 volume type"));
    else
      check(volume.get(name), field.child(name), out);
  }
  if (count == 0)
    out.push_back(required(field, "must specify a volume type"));
  auto name = volume.get("name").str();
  if (has(volume, "ephemeral") && !pod_name.empty() && !name.empty()) {
    auto claim = std::string(pod_name) + "-" + std::string(name);
    for (auto& complaint : meta::check_dns1123_subdomain(claim))
      out.push_back(invalid(field.child("name"), name, "PVC name \"" + claim + "\": " + complaint));
  }
}

} // namespace actors::apiserver::registry::pod_template
