// Which path has which document.
#include "actors/apiserver/discovery/documents.hpp"

#include <fmt/format.h>

#include "actors/apiserver/discovery/groups.hpp"
#include "actors/apiserver/http/media_type.hpp"
#include "messages/codec/json.hpp"

namespace actors::apiserver::discovery {

namespace {

document refuse(status::api_error error) {
  document result;
  result.error = std::move(error);
  return result;
}

/// FNV-1a over the text: an identity of the content, not a secret.
std::string content_hash(std::string_view text) {
  uint64_t hash = 14695981039346656037ull;
  for (const unsigned char c : text)
    hash = (hash ^ c) * 1099511628211ull;
  return fmt::format("{:016X}", hash);
}

} // namespace

documents::documents(std::string address) : address_(std::move(address)) {}

document documents::cached(const std::string& key, std::string content_type, const render& make) const {
  std::lock_guard lock{mutex_};
  if (const auto found = rendered_.find(key); found != rendered_.end())
    return found->second;
  document result;
  result.content_type = std::move(content_type);
  result.body = std::make_shared<const std::string>(make());
  result.etag = '"' + content_hash(*result.body) + '"';
  return rendered_.emplace(key, std::move(result)).first->second;
}

document documents::find(const std::vector<std::string>& segments, std::string_view accept) const {
  if (segments.empty())
    return cached("/", "application/json", [] { return messages::codec::to_json(paths()); });
  if (segments[0] == "api" || segments[0] == "apis")
    return find_api(segments, accept);
  if (segments[0] == "openapi")
    return find_openapi(segments, accept);
  return refuse(status::no_route());
}

document documents::find_api(const std::vector<std::string>& segments, std::string_view accept) const {
  const auto form = http::negotiate_discovery(accept);
  if (!form)
    return refuse(status::not_acceptable("application/json"));
  const bool core = segments[0] == "api";
  const auto plain = [&](const std::string& key, draft content) {
    if (content.is_null())
      return refuse(status::no_route());
    return cached(key, "application/json", [&] { return messages::codec::to_json(content) + "\n"; });
  };
  if (segments.size() == 1) {
    if (*form == http::discovery_form::plain)
      return plain(segments[0], core ? api_versions(address_) : api_group_list());
    const std::string version = *form == http::discovery_form::aggregated_v2 ? "v2" : "v2beta1";
    const auto content_type = fmt::format("application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList", version);
    return cached(segments[0] + "/aggregated/" + version, content_type,
                  [&] { return messages::codec::to_json(aggregated(core, version)) + "\n"; });
  }
  if (core)
    return segments.size() == 2 ? plain("api/" + segments[1], api_resource_list("", segments[1])) : refuse(status::no_route());
  if (segments.size() == 2)
    return plain("apis/" + segments[1], api_group(segments[1]));
  if (segments.size() == 3)
    return plain("apis/" + segments[1] + "/" + segments[2], api_resource_list(segments[1], segments[2]));
  return refuse(status::no_route());
}

document documents::find_openapi(const std::vector<std::string>&, std::string_view) const {
  return refuse(status::no_route());
}

} // namespace actors::apiserver::discovery
