// What requests to an apiserver have in common, and how their answers read. Private to api_client.
#pragma once

#include "actors/client/api_client.hpp"
#include "messages/api/meta/v1/status_generated.h"
#include "messages/codec/text.hpp"

namespace actors::client {

template <class Request>
void set_identity(Request& request, const identity& who) {
  request.identity = std::make_unique<protocol::IdentityT>();
  request.identity->user = who.user;
  request.identity->groups = who.groups;
  request.identity->by_role = true;
}

inline std::unique_ptr<protocol::TargetT> target_of(const resource& what, std::string_view name_space, std::string_view name,
                                                    std::string_view subresource = {}) {
  auto target = std::make_unique<protocol::TargetT>();
  target->group = what.group;
  target->version = what.version;
  target->resource = what.plural;
  target->subresource = subresource;
  target->namespace_name = name_space;
  target->name = name;
  return target;
}

inline void read_status(const runtime::transport::attachment& item, api_result& result) {
  if (!item)
    return;
  const auto* status = item.object.root<messages::api::meta::v1::Status>();
  result.reason = messages::codec::text_of(status->reason());
  result.message = messages::codec::text_of(status->message());
}

inline api_result unreachable(const std::string& why) {
  api_result result;
  result.reason = "ServiceUnavailable";
  result.message = why;
  return result;
}

} // namespace actors::client
