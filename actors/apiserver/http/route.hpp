// What a request is about: an object, a collection, a subresource, or a path outside of the resources. Pure.
#pragma once

#include <string>
#include <string_view>

#include "actors/apiserver/http/url.hpp"
#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::http {

struct route {
  bool is_resource = false;
  /// As RBAC names it: get list watch create update patch delete deletecollection; for paths the method in
  /// lower case.
  std::string verb;
  std::string group, version, name_space, resource, name, subresource;
  bool extra_segments = false;          // more than a subresource: nothing is served there
  const registry::kind* kind = nullptr; // null: not served
};

route find_route(std::string_view method, const url& target);

/// Whether the kind (or its subresource) serves the verb.
bool serves(const route& where);

} // namespace actors::apiserver::http
