// Event, v1; also the stored form of events.k8s.io/v1.
#pragma once

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::core::event {

kind describe();

/// The rules that hold for every stored event.
void validate_stored(const draft& event, field_errors&);

std::vector<table_column> columns();
/// Cells of an event in its stored form.
void cells(const draft& event, int64_t now_seconds, std::vector<draft>& out);

} // namespace actors::apiserver::registry::core::event
