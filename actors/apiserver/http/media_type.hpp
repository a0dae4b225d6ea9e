// Content negotiation: what the client sends and what it wants back. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace actors::apiserver::http {

struct media_type {
  std::string type; // "application/json", lower case
  std::vector<std::pair<std::string, std::string>> parameters;
  double quality = 1;
  std::string_view get(std::string_view name) const;
};

media_type parse_media_type(std::string_view text);
/// The ranges of an Accept header, the most wanted first. Empty for an empty header.
std::vector<media_type> parse_accept(std::string_view header);

/// How objects are to be answered.
enum class object_form : uint8_t { object, table, metadata };

/// nullopt: none of what the client accepts can be made (406). `metadata` stands for
/// PartialObjectMetadata(List).
std::optional<object_form> negotiate_object(std::string_view accept);

/// What discovery documents can be answered as.
enum class discovery_form : uint8_t { plain, aggregated_v2, aggregated_v2beta1 };
std::optional<discovery_form> negotiate_discovery(std::string_view accept);

/// Whether any of the accepted ranges covers `type` ("application/json").
bool accepts(std::string_view accept, std::string_view type);

} // namespace actors::apiserver::http
