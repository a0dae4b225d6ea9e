// Bodies in application/vnd.kubernetes.protobuf, as the typed clients of Go (`kubectl create deployment`)
// send them: into the same drafts that JSON bodies become. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "messages/codec/draft.hpp"
#include "messages/codec/schema.hpp"

namespace actors::apiserver::http::protobuf {

constexpr std::string_view content_type = "application/vnd.kubernetes.protobuf";
constexpr int depth_max = 100;

/// What is in the envelope ("k8s\0" and a runtime.Unknown).
struct envelope {
  std::string api_version, kind;
  std::string_view raw; // a part of the body
};
std::optional<envelope> open_envelope(std::string_view body);

/// nullopt: damaged. Zero values that JSON leaves out are left out.
std::optional<messages::codec::draft> decode(const messages::codec::type& t, std::string_view raw);

/// meta/v1 DeleteOptions.
std::optional<messages::codec::draft> decode_delete_options(std::string_view raw);

} // namespace actors::apiserver::http::protobuf
