// The schema's types as OpenAPI definitions: names, fields, descriptions, list types, patch keys. Pure.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "actors/apiserver/registry/kind.hpp"
#include "messages/codec/draft.hpp"
#include "messages/codec/schema.hpp"

namespace actors::apiserver::discovery {

using messages::codec::draft;
using messages::codec::type;

enum class dialect : uint8_t { v2, v3 };

/// "io.k8s.api.core.v1.Pod"
std::string definition_name(const type& t);
/// "io.k8s.api.core.v1.PodList"
std::string list_definition_name(const registry::kind& kind);
/// {"$ref":"#/definitions/..."}
draft reference(dialect form, std::string_view name);

/// Definitions of `roots` and of all that they refer to, by name: an object with sorted members.
draft make_definitions(dialect form, const std::vector<const type*>& roots,
                       const std::vector<const registry::kind*>& lists);

/// {"group":"apps","kind":"Deployment","version":"v1"}
draft group_version_kind(std::string_view group, std::string_view version, std::string_view kind);

} // namespace actors::apiserver::discovery
