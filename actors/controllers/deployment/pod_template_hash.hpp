// The value of the label pod-template-hash, which tells a Deployment's ReplicaSets and their pods apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "messages/codec/draft.hpp"

namespace actors::controllers::deployment {

inline constexpr const char* hash_label = "pod-template-hash";

/// Equal templates give equal hashes, whatever the order of their members; `collisions` gives another one on demand.
std::string pod_template_hash(const messages::codec::draft& pod_template, std::optional<int32_t> collisions);

/// Equal but for the label pod-template-hash.
bool equal_templates(const messages::codec::draft& left, const messages::codec::draft& right);

} // namespace actors::controllers::deployment
