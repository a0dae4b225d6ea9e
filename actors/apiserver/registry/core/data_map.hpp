// The data of ConfigMap and Secret: keys, sizes, base64, immutability.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

#include "actors/apiserver/registry/field_error.hpp"

namespace actors::apiserver::registry::core {

/// All values of one object together.
inline constexpr size_t data_bytes_max = 1024 * 1024;

void validate_data_key(std::string_view key, const path& map, field_errors&);
/// With `immutable: true` stored, neither it nor the named maps may change.
void validate_immutable_data(const draft& next, const draft& old,
                             std::initializer_list<std::string_view> maps, field_errors&);

/// The bytes that a well-formed base64 text stands for.
size_t decoded_size(std::string_view base64);

} // namespace actors::apiserver::registry::core
