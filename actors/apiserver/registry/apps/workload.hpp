// What Deployment and ReplicaSet share: selectors, int-or-percent, status counts, scale.
#pragma once

#include <initializer_list>

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::apps {

/// `spec.selector` and `spec.template`: the selector is there, valid, not empty, and matches the template.
void validate_selector_and_template(const draft& spec, field_errors&);
void validate_immutable_selector(const draft& next, const draft& old, field_errors&);

/// A count or a percentage such as "25%".
void validate_count_or_percent(const draft& value, const path&, field_errors&);
/// The count, or the number before the "%".
int64_t count_or_percent(const draft& value);
bool is_percent(const draft& value);

/// The named counts of a status are not negative, and none of `parts` is more than status.replicas.
void validate_status_counts(const draft& status, std::initializer_list<std::string_view> counts,
                            std::initializer_list<std::string_view> parts, field_errors&);

/// autoscaling/v1 Scale of a Deployment or ReplicaSet.
draft scale_of(const draft& object);
void apply_scale(const draft& scale, draft& object, field_errors&);

} // namespace actors::apiserver::registry::apps
