// Discovery documents from the registry: /api, /apis, /apis/<group>, resource lists, and the aggregated form.
// Pure.
#pragma once

#include <string_view>

#include "messages/codec/draft.hpp"

namespace actors::apiserver::discovery {

using messages::codec::draft;

/// /api; `address` as "127.0.0.1:6443".
draft api_versions(std::string_view address);
/// /apis
draft api_group_list();
/// /apis/<group>; null: not served.
draft api_group(std::string_view group);
/// /api/v1, /apis/<group>/<version>; null: not served.
draft api_resource_list(std::string_view group, std::string_view version);
/// The aggregated document of /api (`core`) or /apis. `version`: "v2" or "v2beta1".
draft aggregated(bool core, std::string_view version);
/// /
draft paths();

} // namespace actors::apiserver::discovery
