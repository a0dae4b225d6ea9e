// The table of kinds.
#include "actors/apiserver/registry/apps/deployment/deployment.hpp"
#include "actors/apiserver/registry/apps/replicaset/replicaset.hpp"
#include "actors/apiserver/registry/coordination/lease/lease.hpp"
#include "actors/apiserver/registry/core/configmap/configmap.hpp"
#include "actors/apiserver/registry/core/endpoints/endpoints.hpp"
#include "actors/apiserver/registry/core/event/event.hpp"
#include "actors/apiserver/registry/core/namespaces/namespaces.hpp"
#include "actors/apiserver/registry/core/node/node.hpp"
#include "actors/apiserver/registry/core/pod/pod.hpp"
#include "actors/apiserver/registry/core/secret/secret.hpp"
#include "actors/apiserver/registry/core/service/service.hpp"
#include "actors/apiserver/registry/core/serviceaccount/serviceaccount.hpp"
#include "actors/apiserver/registry/discovery/endpointslice/endpointslice.hpp"
#include "actors/apiserver/registry/events/event/event.hpp"
#include "actors/apiserver/registry/kind.hpp"
#include "actors/apiserver/registry/troupe/host/host.hpp"
#include "actors/apiserver/registry/troupe/placement/placement.hpp"
#include "actors/apiserver/registry/troupe/role/role.hpp"
#include "actors/apiserver/registry/troupe/shard/shard.hpp"

namespace actors::apiserver::registry {

const std::vector<kind>& kinds() {
  static const std::vector<kind> all = {
    core::configmap::describe(),
    core::endpoints::describe(),
    core::event::describe(),
    core::namespaces::describe(),
    core::node::describe(),
    core::pod::describe(),
    core::secret::describe(),
    core::serviceaccount::describe(),
    core::service::describe(),
    apps::deployment::describe(),
    apps::replicaset::describe(),
    coordination::lease::describe(),
    discovery::endpointslice::describe(),
    events::event::describe(),
    troupe::host::describe(),
    troupe::placement::describe(),
    troupe::role::describe(),
    troupe::shard::describe(),
  };
  return all;
}

const kind* find_kind(std::string_view group, std::string_view version, std::string_view plural) {
  for (auto& k : kinds())
    if (k.group == group && k.version == version && k.plural == plural)
      return &k;
  return nullptr;
}

const kind* find_kind_by_name(std::string_view group, std::string_view version, std::string_view name) {
  for (auto& k : kinds())
    if (k.group == group && k.version == version && k.name == name)
      return &k;
  return nullptr;
}

} // namespace actors::apiserver::registry
