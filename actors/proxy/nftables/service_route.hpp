// The node's own route for the service range. A connection that the node itself opens is translated after its
// route was looked up, so that without any route to the range it would fail before; through `lo` it always
// has one.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace actors::proxy::nftables {

// Makes the route, or replaces one to the same range. Returns the error's text.
std::optional<std::string> put_service_route(std::string_view cidr);
// No error when there is none.
std::optional<std::string> remove_service_route(std::string_view cidr);

} // namespace actors::proxy::nftables
