// Volumes: defaults and validation.
#pragma once

#include <map>
#include <string>

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::pod_template {

/// A volume without a source is an emptyDir; file modes, image pull policy and the like.
void default_volume(draft& volume);

/// The valid volumes of a pod by name; a mount may refer to these.
using volume_map = std::map<std::string, const draft*, std::less<>>;

volume_map validate_volumes(const draft& volumes, std::string_view pod_name, const path&, field_errors&);

/// A relative path that stays inside its folder: no "..", not absolute.
void validate_local_path(std::string_view file_path, const path&, field_errors&);
/// The same, and not starting with "..", which the kubelet uses itself.
void validate_unreserved_path(std::string_view file_path, const path&, field_errors&);
void validate_no_backsteps(std::string_view file_path, const path&, field_errors&);

} // namespace actors::apiserver::registry::pod_template
