// The API's errors: the one place where a refusal becomes an HTTP code, a reason and upstream's words
// (apimachinery, api/errors). Pure.
#pragma once

#include <string>
#include <string_view>

#include "actors/apiserver/registry/field_error.hpp"
#include "actors/apiserver/registry/kind.hpp"
#include "messages/codec/draft.hpp"

namespace actors::apiserver::status {

using messages::codec::draft;

/// An error on its way to the client. `code` 0: no error.
struct api_error {
  int code = 0;
  std::string reason;
  std::string message;
  draft details; // null or a StatusDetails
  explicit operator bool() const { return code != 0; }
};

/// "pods", "deployments.apps": how messages name a resource.
std::string resource_name(const registry::kind& kind);

api_error not_found(const registry::kind& kind, std::string_view name);
api_error already_exists(const registry::kind& kind, std::string_view name);
/// The object changed since the client read it.
api_error conflict(const registry::kind& kind, std::string_view name, std::string_view why = {});
api_error invalid(const registry::kind& kind, std::string_view name, const registry::field_errors& errors);
api_error bad_request(std::string message);
/// `user` cannot `verb` the resource; `name` and `name_space` may be "".
api_error forbidden_to(std::string_view user, std::string_view verb, std::string_view resource, std::string_view group,
                       std::string_view name_space, std::string_view name);
api_error forbidden(const registry::kind& kind, std::string_view name, std::string_view why);
api_error unauthorized();
/// No such path.
api_error no_route();
api_error method_not_allowed(std::string message = "the server does not allow this method on the requested resource");
api_error not_acceptable(std::string_view offered);
api_error unsupported_media_type(std::string_view accepted);
api_error too_large(std::string message);
/// 410: the revision is too old.
api_error expired(std::string message);
/// 504: it may or may not have happened.
api_error timeout(std::string message);
api_error unavailable(std::string message);
api_error too_many_requests(std::string message, int retry_after_seconds);
api_error internal(std::string_view message);

/// The Status object, for a draft to be packed or encoded.
draft to_status(const api_error& error);
/// The answer to a deletion that left nothing.
draft deleted_status(const registry::kind& kind, std::string_view name, std::string_view uid);

} // namespace actors::apiserver::status
