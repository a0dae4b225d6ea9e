// JSON of objects. The common case copies the text that the cache rendered once.
#include "actors/apiserver/render/object.hpp"

#include "messages/codec/codec.hpp"

namespace actors::apiserver::render {

draft to_draft(const registry::kind& kind, const cache::cached_object& object, int64_t revision) {
  draft result = messages::codec::unpack(object.what(), object.bytes());
  result["metadata"].set("resourceVersion", std::to_string(revision));
  if (kind.from_stored != nullptr)
    kind.from_stored(result);
  return result;
}

void append_object(const registry::kind& kind, const cache::cached_object& object, int64_t revision,
                   std::string& out) {
  if (kind.from_stored != nullptr)
    messages::codec::encode_json(to_draft(kind, object, revision), out);
  else if (revision == object.revision())
    out += *object.json();
  else
    messages::codec::encode_json(object.what(), object.bytes(), revision, out);
}

draft to_metadata(const draft& object) {
  return draft::make_object({{"kind", "PartialObjectMetadata"},
                             {"apiVersion", "meta.k8s.io/v1"},
                             {"metadata", object.get("metadata")}});
}

void append_metadata(const registry::kind& kind, const cache::cached_object& object, int64_t revision,
                     std::string& out) {
  messages::codec::encode_json(to_metadata(to_draft(kind, object, revision)), out);
}

std::string list_metadata(const list_head& head) {
  draft metadata = draft::make_object({{"resourceVersion", std::to_string(head.revision)}});
  if (!head.continue_token.empty())
    metadata.set("continue", head.continue_token);
  if (head.remaining >= 0)
    metadata.set("remainingItemCount", head.remaining);
  return messages::codec::to_json(metadata);
}

} // namespace actors::apiserver::render
