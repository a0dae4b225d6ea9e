// Labels and label selectors: validation, matching, and their text in tables.
#pragma once

#include <string>

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::meta {

void validate_label_key(std::string_view key, const path&, field_errors&);
void validate_labels(const draft& labels, const path&, field_errors&);
/// A metav1.LabelSelector (matchLabels, matchExpressions).
void validate_label_selector(const draft& selector, const path&, field_errors&);
bool is_empty_selector(const draft& selector);
/// False when an expression's operator is unknown. An empty selector matches everything.
bool selector_matches(const draft& selector, const draft& labels);

/// `a=b,c=d`, sorted; "<none>" when empty.
std::string format_labels(const draft& labels);
/// `a=b,c in (d,e),!f`; "<none>" when empty.
std::string format_selector(const draft& selector);

} // namespace actors::apiserver::registry::meta
