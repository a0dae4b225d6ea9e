// Objects as they are answered: whole, as metadata only, as rows of a table; in the API form that was asked
// for. Thread-safe: works on immutable objects.
#pragma once

#include <cstdint>
#include <string>

#include "actors/apiserver/cache/watch_cache.hpp"
#include "actors/apiserver/registry/kind.hpp"
#include "messages/codec/draft.hpp"

namespace actors::apiserver::render {

using messages::codec::draft;

/// The object in the form of `kind`, with `revision` as its resourceVersion.
draft to_draft(const registry::kind& kind, const cache::cached_object& object, int64_t revision);

/// Appends the JSON of the object. `revision` differs from the object's own for the event that reports its
/// deletion.
void append_object(const registry::kind& kind, const cache::cached_object& object, int64_t revision,
                   std::string& out);

/// PartialObjectMetadata of an object.
draft to_metadata(const draft& object);
void append_metadata(const registry::kind& kind, const cache::cached_object& object, int64_t revision,
                     std::string& out);

/// What a list says of itself.
struct list_head {
  int64_t revision = 0;
  std::string continue_token;
  int64_t remaining = -1; // -1: not said
};
/// {"resourceVersion":"5","continue":"..."}
std::string list_metadata(const list_head& head);

} // namespace actors::apiserver::render
