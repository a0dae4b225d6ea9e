// Names of the chains and sets of a service port: stable over restarts and changes of everything but the
// service port's own identity, unique by a hash, readable for whoever lists the rules.
#pragma once

#include "actors/proxy/tracker/rule_model.hpp"

#include <string>
#include <string_view>

namespace actors::proxy::nftables {

// Kernels before 5.x stop at 128 bytes; the readable part is cut before the hash is.
inline constexpr size_t object_name_length_max = 120;

// "svc-0f3c...-default/web/http". `purpose` is a short word such as "svc".
std::string object_name(std::string_view purpose, const tracker::port_key& key);

// "ep-0f3c...-default/web/http/10.244.0.3/8080".
std::string object_name(std::string_view purpose, const tracker::port_key& key, const tracker::target& where);

} // namespace actors::proxy::nftables
