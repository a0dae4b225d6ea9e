// Objects written as JSON, for the tests of the client library.
#pragma once

#include <catch2/catch.hpp>

#include <fmt/format.h>

#include "actors/client/informer.hpp"
#include "messages/codec/codec.hpp"
#include "messages/codec/json.hpp"

namespace client_samples {

namespace client = actors::client;
using actors::client::draft;

inline draft json(std::string_view text) {
  auto parsed = messages::codec::parse_json(text);
  if (parsed.error)
    throw std::invalid_argument(parsed.error->message + " in " + std::string{text});
  return parsed.value;
}

inline messages::codec::object_buffer packed(const messages::codec::type& type, const draft& object) {
  auto packed = messages::codec::pack(type, object);
  if (packed.error)
    throw std::invalid_argument(packed.error->path + ": " + packed.error->message);
  return packed.object;
}

/// A pod of namespace default, labelled app=<app>.
inline draft pod(std::string_view name, std::string_view app = "web") {
  return json(fmt::format(R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"name":"{}","namespace":"default","uid":"uid-{}",)"
                          R"("labels":{{"app":"{}"}}}},"spec":{{"containers":[{{"name":"main","image":"web:v1"}}]}}}})",
                          name, name, app));
}

inline messages::codec::object_buffer packed_pod(std::string_view name, std::string_view app = "web") {
  return packed(client::pods.type(), pod(name, app));
}

} // namespace client_samples
