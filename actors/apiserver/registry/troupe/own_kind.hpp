// What the kinds of Troupe's own group share: identity, preparation, checks of names and lists.
// They behave as custom resources do: an update must say which revision it is of.
#pragma once

#include <string_view>

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::troupe {

/// Cluster-scoped, in shard main, with status; generation counts changes of the spec. Checks and table are
/// the kind's.
kind make_own_kind(std::string_view name, std::string_view plural, std::string_view singular,
                   std::string_view key_prefix);

/// Metadata of a created object; its name is a lowercase subdomain.
void validate_metadata(const draft& object, field_errors&);
/// A name of a host: a DNS label, since certificates name <host>.troupe.internal.
void validate_host_name(const draft& name, const path&, field_errors&);
/// Each host once.
void validate_host_names(const draft& names, const path&, field_errors&);
/// A text that must be one of a few; empty is allowed, for what is not known yet.
void validate_one_of(const draft& value, const path&, const std::vector<std::string_view>& allowed,
                     field_errors&);
/// An `invalid` when a count is lower than it was.
void validate_never_lower(const draft& next, const draft& old, const path&, std::string_view why,
                          field_errors&);
/// metav1.Condition: a type, a status of the three, each type once.
void validate_conditions(const draft& conditions, const path&, field_errors&);

/// "<none>" of an empty text.
draft text_cell(const draft& text);
/// The status of a condition; "Unknown" when there is none.
std::string condition_status(const draft& object, std::string_view type);

} // namespace actors::apiserver::registry::troupe
