// Upstream's rules for reading paths (apiserver/pkg/endpoints/request).
#include "actors/apiserver/http/route.hpp"

#include <algorithm>

namespace actors::apiserver::http {

namespace {

std::string lower(std::string_view text) {
  std::string out{text};
  std::transform(out.begin(), out.end(), out.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

bool is_true(std::string_view value) {
  return !(value.empty() || value == "0" || value == "false" || value == "False" || value == "FALSE" ||
           value == "f" || value == "F");
}

std::string verb_of(std::string_view method, const route& where, const url& target) {
  const bool collection = where.name.empty();
  if (method == "GET" || method == "HEAD") {
    if (!collection)
      return "get";
    const bool watch = target.has("watch") && (is_true(target.get("watch")) || target.get("watch").empty());
    return watch ? "watch" : "list";
  }
  if (method == "POST")
    return "create";
  if (method == "PUT")
    return "update";
  if (method == "PATCH")
    return "patch";
  if (method == "DELETE")
    return collection ? "deletecollection" : "delete";
  return lower(method);
}

} // namespace

route find_route(std::string_view method, const url& target) {
  route result;
  result.verb = lower(method);
  const auto& parts = target.segments;
  size_t at = 0;
  if (parts.size() >= 3 && parts[0] == "api") {
    result.version = parts[1];
    at = 2;
  } else if (parts.size() >= 4 && parts[0] == "apis") {
    result.group = parts[1];
    result.version = parts[2];
    at = 3;
  } else {
    return result;
  }
  result.is_resource = true;
  if (parts[at] == "namespaces" && parts.size() > at + 1) {
    result.name_space = parts[at + 1];
    const bool of_namespace =
      parts.size() == at + 2 || parts[at + 2] == "status" || parts[at + 2] == "finalize";
    if (!of_namespace)
      at += 2;
  }
  result.resource = parts[at];
  if (parts.size() > at + 1)
    result.name = parts[at + 1];
  if (parts.size() > at + 2)
    result.subresource = parts[at + 2];
  result.extra_segments = parts.size() > at + 3;
  result.verb = verb_of(method, result, target);
  result.kind = registry::find_kind(result.group, result.version, result.resource);
  if (result.kind != nullptr) {
    if (!result.kind->namespaced) {
      if (result.resource != "namespaces" && !result.name_space.empty())
        result.kind = nullptr; // no such path
      else
        result.name_space.clear();
    } else if (result.name_space.empty() && !result.name.empty()) {
      result.kind = nullptr;
    }
  }
  return result;
}

bool serves(const route& where) {
  const auto has = [&](const std::vector<std::string_view>& verbs) {
    return std::find(verbs.begin(), verbs.end(), where.verb) != verbs.end();
  };
  if (!where.subresource.empty()) {
    const auto* sub = where.kind->find_subresource(where.subresource);
    return sub != nullptr && has(sub->verbs);
  }
  if (where.verb == "create" && !where.name.empty())
    return false;
  if ((where.verb == "update" || where.verb == "patch") && where.name.empty())
    return false;
  if (where.kind->namespaced && where.name_space.empty() &&
      (where.verb == "create" || where.verb == "deletecollection"))
    return false;
  return has(where.kind->verbs);
}

} // namespace actors::apiserver::http
