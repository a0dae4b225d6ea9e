// Codes, reasons and words of errors.
#include "actors/apiserver/status/status.hpp"

#include <fmt/format.h>

namespace actors::apiserver::status {

namespace {

draft details_of(const registry::kind& kind, std::string_view name) {
  draft details = draft::make_object();
  if (!name.empty())
    details.set("name", name);
  if (!kind.group.empty())
    details.set("group", kind.group);
  details.set("kind", kind.plural);
  return details;
}

} // namespace

std::string resource_name(const registry::kind& kind) {
  return kind.group.empty() ? std::string{kind.plural} : fmt::format("{}.{}", kind.plural, kind.group);
}

api_error not_found(const registry::kind& kind, std::string_view name) {
  return {404, "NotFound", fmt::format("{} \"{}\" not found", resource_name(kind), name), details_of(kind, name)};
}

api_error already_exists(const registry::kind& kind, std::string_view name) {
  return {409, "AlreadyExists", fmt::format("{} \"{}\" already exists", resource_name(kind), name), details_of(kind, name)};
}

api_error conflict(const registry::kind& kind, std::string_view name, std::string_view why) {
  if (why.empty())
    why = "the object has been modified; please apply your changes to the latest version and try again";
  return {409, "Conflict",
          fmt::format("Operation cannot be fulfilled on {} \"{}\": {}", resource_name(kind), name, why),
          details_of(kind, name)};
}

api_error invalid(const registry::kind& kind, std::string_view name, const registry::field_errors& errors) {
  draft details = draft::make_object();
  if (!name.empty())
    details.set("name", name);
  if (!kind.group.empty())
    details.set("group", kind.group);
  details.set("kind", kind.name);
  draft causes = draft::make_array();
  for (const auto& error : errors)
    causes.push_back(draft::make_object(
      {{"reason", error.reason()}, {"message", error.body()}, {"field", error.field}}));
  details.set("causes", std::move(causes));
  const std::string who = kind.group.empty() ? std::string{kind.name} : fmt::format("{}.{}", kind.name, kind.group);
  return {422, "Invalid", fmt::format("{} \"{}\" is invalid: {}", who, name, registry::join_text(errors)), std::move(details)};
}

api_error bad_request(std::string message) {
  return {400, "BadRequest", std::move(message), {}};
}

api_error forbidden_to(std::string_view user, std::string_view verb, std::string_view resource, std::string_view group,
                       std::string_view name_space, std::string_view name) {
  draft details = draft::make_object();
  if (!name.empty())
    details.set("name", name);
  if (!group.empty())
    details.set("group", group);
  details.set("kind", resource);
  const std::string full = group.empty() ? std::string{resource} : fmt::format("{}.{}", resource, group);
  const std::string what = name.empty() ? fmt::format("{} is forbidden", full) : fmt::format("{} \"{}\" is forbidden", full, name);
  const std::string scope =
    name_space.empty() ? std::string{"at the cluster scope"} : fmt::format("in the namespace \"{}\"", name_space);
  return {403, "Forbidden",
          fmt::format("{}: User \"{}\" cannot {} resource \"{}\" in API group \"{}\" {}", what, user, verb, resource,
                      group, scope),
          std::move(details)};
}

api_error forbidden(const registry::kind& kind, std::string_view name, std::string_view why) {
  return {403, "Forbidden", fmt::format("{} \"{}\" is forbidden: {}", resource_name(kind), name, why),
          details_of(kind, name)};
}

api_error unauthorized() {
  return {401, "Unauthorized", "Unauthorized", {}};
}

api_error no_route() {
  return {404, "NotFound", "the server could not find the requested resource", draft::make_object()};
}

api_error method_not_allowed(std::string message) {
  return {405, "MethodNotAllowed", std::move(message), draft::make_object()};
}

api_error not_acceptable(std::string_view offered) {
  return {406, "NotAcceptable",
          fmt::format("only the following media types are accepted: {}", offered), {}};
}

api_error unsupported_media_type(std::string_view accepted) {
  return {415, "UnsupportedMediaType",
          fmt::format("the body of the request was in an unknown format - accepted media types include: {}", accepted), {}};
}

api_error too_large(std::string message) {
  return {413, "RequestEntityTooLarge", std::move(message), {}};
}

api_error expired(std::string message) {
  return {410, "Expired", std::move(message), {}};
}

api_error timeout(std::string message) {
  return {504, "Timeout", "Timeout: " + message, {}};
}

api_error unavailable(std::string message) {
  return {503, "ServiceUnavailable", std::move(message), draft::make_object({{"retryAfterSeconds", 1}})};
}

api_error too_many_requests(std::string message, int retry_after_seconds) {
  return {429, "TooManyRequests", std::move(message),
          draft::make_object({{"retryAfterSeconds", retry_after_seconds}})};
}

api_error internal(std::string_view message) {
  return {500, "InternalError", fmt::format("Internal error occurred: {}", message),
          draft::make_object({{"causes", draft::make_array({draft::make_object({{"message", message}})})}})};
}

draft to_status(const api_error& error) {
  draft status = draft::make_object({
    {"kind", "Status"},
    {"apiVersion", "v1"},
    {"metadata", draft::make_object()},
    {"status", "Failure"},
    {"message", error.message},
    {"reason", error.reason},
  });
  if (!error.details.is_null())
    status.set("details", error.details);
  status.set("code", error.code);
  return status;
}

draft deleted_status(const registry::kind& kind, std::string_view name, std::string_view uid) {
  draft details = details_of(kind, name);
  details.set("uid", uid);
  return draft::make_object({
    {"kind", "Status"},
    {"apiVersion", "v1"},
    {"metadata", draft::make_object()},
    {"status", "Success"},
    {"details", std::move(details)},
  });
}

} // namespace actors::apiserver::status
