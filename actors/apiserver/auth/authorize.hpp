// Who may do what, until RBAC: `system:masters` everything; Troupe's own roles what upstream's bootstrap policy gives
// the identity under which they act; everybody else nothing. Pure, data in authorize.cpp.
#pragma once

#include <string_view>
#include <vector>

namespace actors::apiserver::auth {

struct subject {
  std::string_view user;
  std::vector<std::string_view> groups;
};

/// `verb` as RBAC names it: get, list, watch, create, update, patch, delete, deletecollection.
/// `resource` is the plural, with "/subresource" if any: "pods/status".
bool is_allowed(const subject& who, std::string_view verb, std::string_view group, std::string_view resource);

} // namespace actors::apiserver::auth
