// The containers of a pod spec: regular, init and ephemeral.
#pragma once

#include <set>
#include <string>

#include "actors/apiserver/registry/field_error.hpp"
#include "actors/apiserver/registry/pod_template/volumes.hpp"

namespace actors::apiserver::registry::pod_template {

/// What containers refer to in their pod.
struct container_context {
  const draft& spec;
  const volume_map& volumes;
  const std::set<std::string>& claims;
  bool host_users;
};

void validate_containers(const container_context&, const path& spec_field, field_errors&);

/// An init container that keeps running: restartPolicy Always.
bool is_sidecar(const draft& init_container);

} // namespace actors::apiserver::registry::pod_template
