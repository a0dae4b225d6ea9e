// Media types and their order.
#include "actors/apiserver/http/media_type.hpp"

#include <algorithm>
#include <cstdlib>

namespace actors::apiserver::http {

namespace {

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t'))
    text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t'))
    text.remove_suffix(1);
  return text;
}

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

/// Takes the text up to `end` off the front.
std::string_view take_until(std::string_view& text, char end) {
  const auto part = text.substr(0, text.find(end));
  text.remove_prefix(std::min(part.size() + 1, text.size()));
  return trim(part);
}

bool covers(const media_type& range, std::string_view type) {
  if (range.type == "*/*" || range.type == type)
    return true;
  return range.type.ends_with("/*") &&
         type.substr(0, type.find('/') + 1) == range.type.substr(0, range.type.size() - 1);
}

} // namespace

std::string_view media_type::get(std::string_view name) const {
  for (const auto& [key, value] : parameters)
    if (key == name)
      return value;
  return {};
}

media_type parse_media_type(std::string_view text) {
  media_type result;
  result.type = lower(take_until(text, ';'));
  while (!text.empty()) {
    auto parameter = take_until(text, ';');
    const auto equals = parameter.find('=');
    if (equals == std::string_view::npos)
      continue;
    auto name = lower(trim(parameter.substr(0, equals)));
    auto value = trim(parameter.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    if (name == "q")
      result.quality = std::strtod(std::string{value}.c_str(), nullptr);
    else
      result.parameters.emplace_back(std::move(name), value);
  }
  return result;
}

std::vector<media_type> parse_accept(std::string_view header) {
  std::vector<media_type> ranges;
  while (!header.empty()) {
    const auto part = take_until(header, ',');
    if (!part.empty())
      ranges.push_back(parse_media_type(part));
  }
  std::stable_sort(ranges.begin(), ranges.end(),
                   [](const auto& a, const auto& b) { return a.quality > b.quality; });
  return ranges;
}

std::optional<object_form> negotiate_object(std::string_view accept) {
  const auto ranges = parse_accept(accept);
  if (ranges.empty())
    return object_form::object;
  for (const auto& range : ranges) {
    if (range.quality <= 0 || !covers(range, "application/json"))
      continue;
    const auto as = range.get("as");
    if (as.empty())
      return object_form::object;
    if (range.get("g") != "meta.k8s.io" || range.get("v") != "v1")
      continue;
    if (as == "Table")
      return object_form::table;
    if (as == "PartialObjectMetadata" || as == "PartialObjectMetadataList")
      return object_form::metadata;
  }
  return std::nullopt;
}

std::optional<discovery_form> negotiate_discovery(std::string_view accept) {
  const auto ranges = parse_accept(accept);
  if (ranges.empty())
    return discovery_form::plain;
  for (const auto& range : ranges) {
    if (range.quality <= 0 || !covers(range, "application/json"))
      continue;
    const auto as = range.get("as");
    if (as.empty())
      return discovery_form::plain;
    if (as != "APIGroupDiscoveryList" || range.get("g") != "apidiscovery.k8s.io")
      continue;
    if (range.get("v") == "v2")
      return discovery_form::aggregated_v2;
    if (range.get("v") == "v2beta1")
      return discovery_form::aggregated_v2beta1;
  }
  return std::nullopt;
}

bool accepts(std::string_view accept, std::string_view type) {
  const auto ranges = parse_accept(accept);
  return ranges.empty() || std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
           return range.quality > 0 && covers(range, type);
         });
}

} // namespace actors::apiserver::http
