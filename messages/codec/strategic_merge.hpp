// Kubernetes' strategic merge patch: how lists merge is said by the schema (patch_strategy, patch_merge_key) and
// by directives in the patch: $patch, $retainKeys, $setElementOrder/<list>, $deleteFromPrimitiveList/<list>.
#pragma once

#include "messages/codec/json.hpp"
#include "messages/codec/schema.hpp"

namespace messages::codec {

/// With an error, `target` may be changed in part. The result still needs check().
std::optional<codec_error> apply_strategic_merge(const type& t, draft& target, const draft& patch);

} // namespace messages::codec
