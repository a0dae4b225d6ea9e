// Which path has which document.
#include "actors/apiserver/discovery/documents.hpp"

#include <fmt/format.h>
#include <algorithm>

#include "actors/apiserver/discovery/gnostic.hpp"
#include "actors/apiserver/discovery/groups.hpp"
#include "actors/apiserver/discovery/openapi.hpp"
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
    const auto content_type =
      fmt::format("application/json;g=apidiscovery.k8s.io;v={};as=APIGroupDiscoveryList", version);
    return cached(segments[0] + "/aggregated/" + version, content_type,
                  [&] { return messages::codec::to_json(aggregated(core, version)) + "\n"; });
  }
  if (core)
    return segments.size() == 2 ? plain("api/" + segments[1], api_resource_list("", segments[1]))
                                : refuse(status::no_route());
  if (segments.size() == 2)
    return plain("apis/" + segments[1], api_group(segments[1]));
  if (segments.size() == 3)
    return plain("apis/" + segments[1] + "/" + segments[2], api_resource_list(segments[1], segments[2]));
  return refuse(status::no_route());
}

document documents::find_openapi(const std::vector<std::string>& segments, std::string_view accept) const {
  if (segments.size() == 2 && segments[1] == "v2") {
    // In the client's order; some can read one form only.
    for (const auto& range : http::parse_accept(accept))
      if (range.type == gnostic_v2_type || range.type == gnostic_v2_answer_type)
        return cached("openapi/v2.pb", std::string{gnostic_v2_answer_type},
                      [] { return encode_gnostic_v2(openapi_v2()); });
      else if (http::accepts(range.type, "application/json"))
        break;
    if (!http::accepts(accept, "application/json"))
      return refuse(status::not_acceptable(fmt::format("application/json, {}", gnostic_v2_type)));
    return cached("openapi/v2", "application/json", [] { return messages::codec::to_json(openapi_v2()); });
  }
  if (segments.size() < 2 || segments[1] != "v3")
    return refuse(status::no_route());
  if (!http::accepts(accept, "application/json"))
    return refuse(status::not_acceptable("application/json"));
  if (segments.size() == 2)
    return openapi_v3_index();
  std::string name;
  for (size_t i = 2; i < segments.size(); ++i)
    name += (i == 2 ? "" : "/") + segments[i];
  return openapi_v3_document(name);
}

document documents::openapi_v3_document(const std::string& name) const {
  const auto names = openapi_v3_names();
  if (std::find(names.begin(), names.end(), name) == names.end())
    return refuse(status::no_route());
  return cached("openapi/v3/" + name, "application/json",
                [&] { return messages::codec::to_json(openapi_v3(name)); });
}

/// Each document's address carries the hash of its content, so that clients can keep it.
document documents::openapi_v3_index() const {
  draft paths = draft::make_object();
  for (const auto& name : openapi_v3_names()) {
    const auto etag = openapi_v3_document(name).etag;
    paths.set(name,
              draft::make_object({{"serverRelativeURL", fmt::format("/openapi/v3/{}?hash={}", name,
                                                                    etag.substr(1, etag.size() - 2))}}));
  }
  const auto content = draft::make_object({{"paths", std::move(paths)}});
  return cached("openapi/v3", "application/json", [&] { return messages::codec::to_json(content); });
}

} // namespace actors::apiserver::discovery
