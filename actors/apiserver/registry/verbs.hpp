// The verb lists of discovery.
#pragma once

#include <string_view>
#include <vector>

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry {

inline const std::vector<std::string_view> all_verbs = {"create", "delete", "deletecollection", "get",
                                                        "list",   "patch",  "update",           "watch"};
inline const std::vector<std::string_view> subresource_verbs = {"get", "patch", "update"};

inline subresource status_subresource(std::string_view kind_name) {
  return {"status", {}, {}, kind_name, subresource_verbs};
}
inline subresource scale_subresource() { return {"scale", "autoscaling", "v1", "Scale", subresource_verbs}; }

} // namespace actors::apiserver::registry
