// All roles, as data, in the order of --help.
#include "actors/host/role_table.hpp"

#include "actors/apiserver/apiserver.hpp"
#include "actors/controllers/deployment/deployment.hpp"
#include "actors/controllers/endpoints/endpoints.hpp"
#include "actors/controllers/endpointslice/endpointslice.hpp"
#include "actors/controllers/garbagecollector/garbagecollector.hpp"
#include "actors/controllers/namespace/namespace.hpp"
#include "actors/controllers/nodeipam/nodeipam.hpp"
#include "actors/controllers/nodelifecycle/nodelifecycle.hpp"
#include "actors/controllers/podgc/podgc.hpp"
#include "actors/controllers/replicaset/replicaset.hpp"
#include "actors/controllers/serviceaccount/serviceaccount.hpp"
#include "actors/keeper/keeper.hpp"
#include "actors/kubelet/kubelet.hpp"
#include "actors/podnetwork/podnetwork.hpp"
#include "actors/proxy/proxy.hpp"
#include "actors/scheduler/scheduler.hpp"
#include "actors/store/store.hpp"

namespace actors::host {

std::vector<runtime::host::role_descriptor> role_table() {
  return {
    store::describe(),
    apiserver::describe(),
    keeper::describe(),
    controllers::deployment::describe(),
    controllers::endpoints::describe(),
    controllers::endpointslice::describe(),
    controllers::garbagecollector::describe(),
    controllers::namespaces::describe(),
    controllers::nodeipam::describe(),
    controllers::nodelifecycle::describe(),
    controllers::podgc::describe(),
    controllers::replicaset::describe(),
    controllers::serviceaccount::describe(),
    scheduler::describe(),
    kubelet::describe(),
    proxy::describe(),
    podnetwork::describe(),
  };
}

} // namespace actors::host
