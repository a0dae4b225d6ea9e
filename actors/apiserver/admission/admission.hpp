// Admission: what a write needs beyond its own validity, in the order in which upstream's plugins run. Pure:
// the namespace is looked up by the caller's function.
//
// Done here: NamespaceLifecycle, ServiceAccount (the default name), Priority, DefaultTolerationSeconds.
// Not done: LimitRanger, ResourceQuota, PodSecurity, webhooks; and ServiceAccount mounts no token, since none
// are issued yet, and does not ask whether the account exists.
#pragma once

#include <functional>
#include <string_view>

#include "actors/apiserver/cache/watch_cache.hpp"
#include "actors/apiserver/registry/kind.hpp"
#include "actors/apiserver/status/status.hpp"

namespace actors::apiserver::admission {

using messages::codec::draft;
using status::api_error;

/// The Namespace of that name, or null.
using namespace_lookup = std::function<cache::object_ptr(std::string_view)>;

/// After preparation, before validation; may change `object`. An error refuses the request.
api_error admit_create(const registry::kind& kind, std::string_view name_space, draft& object,
                       const namespace_lookup& find_namespace);
/// `subresource`: "" for the object itself.
api_error admit_update(const registry::kind& kind, std::string_view subresource, draft& next,
                       const draft& old);
/// The system's namespaces stay.
api_error admit_delete(const registry::kind& kind, std::string_view name);

} // namespace actors::apiserver::admission
