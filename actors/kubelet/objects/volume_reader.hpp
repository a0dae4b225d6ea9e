// Volumes of the API into plain structs, and the small accessors that the readers share. Internal to
// objects/.
#pragma once
#include "actors/kubelet/pods/pod_spec.hpp"
#include "messages/api/core/v1/volume_generated.h"
#include "messages/codec/quantity.hpp"

namespace actors::kubelet::objects {

namespace core = messages::api::core::v1;

inline std::string text(const flatbuffers::String* s) { return s ? s->str() : std::string(); }

inline std::vector<std::string> texts(
  const flatbuffers::Vector<flatbuffers::Offset<flatbuffers::String>>* list) {
  std::vector<std::string> result;
  if (list)
    for (const auto* s : *list)
      result.push_back(s->str());
  return result;
}

template <class Vector, class F>
void each(const Vector* list, F f) {
  if (list)
    for (const auto* item : *list)
      f(*item);
}

template <class T>
std::optional<T> optional(flatbuffers::Optional<T> value) {
  return value ? std::optional<T>(*value) : std::nullopt;
}

template <class Quantity>
int64_t divisor_of(const Quantity* q) {
  if (!q)
    return 1000;
  auto milli = milli_value_of(messages::codec::quantity(*q));
  return milli > 0 ? milli : 1000; // "0" stands for the default, 1
}

pods::volume_spec read_volume(const core::Volume&);

} // namespace actors::kubelet::objects
