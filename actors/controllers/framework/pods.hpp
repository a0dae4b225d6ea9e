// What controllers ask about a pod.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "actors/client/informer.hpp"
#include "messages/api/core/v1/pod_generated.h"

namespace actors::controllers::framework {

using messages::api::core::v1::Pod;
using messages::api::core::v1::PodCondition;

std::string_view text(const flatbuffers::String* value); // "" when absent
std::string_view phase_of(const Pod& pod);               // "" counts as Pending
bool is_deleted(const Pod& pod);                         // has a deletionTimestamp
/// Not finished and not being deleted: counts towards the replicas.
bool is_active(const Pod& pod);
const PodCondition* condition_of(const Pod& pod, std::string_view type); // nullptr: none
bool is_ready(const Pod& pod);
/// Ready for at least `min_ready_seconds`.
bool is_available(const Pod& pod, int64_t min_ready_seconds, int64_t now_seconds);
/// Since when it has been ready; nullopt: it is not.
std::optional<int64_t> ready_since(const Pod& pod);
/// All containers' restarts, of the one that restarted most.
int32_t restarts_max(const Pod& pod);

/// An owner reference with controller=true and blockOwnerDeletion=true.
client::draft controller_reference(const client::resource& what, std::string_view name, std::string_view uid);
/// A Pod from a template (unpacked PodTemplateSpec), named by the apiserver with `prefix`.
client::draft pod_from_template(const client::draft& pod_template, std::string_view name_space, std::string_view prefix,
                                client::draft owner);

} // namespace actors::controllers::framework
