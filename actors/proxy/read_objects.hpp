// Reads what the proxy needs of the API's objects. Pure.
#pragma once

#include "actors/proxy/tracker/service.hpp"

namespace messages::api {
namespace core::v1 {
struct Service;
}
namespace discovery::v1 {
struct EndpointSlice;
}
} // namespace messages::api

namespace actors::proxy {

// Of a dual-stack service, the IPv4 address.
tracker::service read_service(const messages::api::core::v1::Service& object);
tracker::endpoint_slice read_slice(const messages::api::discovery::v1::EndpointSlice& object);

} // namespace actors::proxy
