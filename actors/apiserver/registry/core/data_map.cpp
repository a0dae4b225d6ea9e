// The data of ConfigMap and Secret.
#include "actors/apiserver/registry/core/data_map.hpp"

#include "actors/apiserver/registry/meta/names.hpp"

namespace actors::apiserver::registry::core {

namespace {

bool maps_match(const draft& left, const draft& right) {
  if (left.size() != right.size())
    return false;
  for (auto& [key, value] : left.members()) {
    auto* other = right.find(key);
    if (!other || other->str() != value.str())
      return false;
  }
  return true;
}

} // namespace

void validate_data_key(std::string_view key, const path& map, field_errors& out) {
  meta::add(out, map.key(key), key, meta::check_config_key(key));
}

void validate_immutable_data(const draft& next, const draft& old,
                             std::initializer_list<std::string_view> maps, field_errors& out) {
  constexpr std::string_view words = "field is immutable when `immutable` is set";
  if (!old.get("immutable").boolean())
    return;
  if (!next.get("immutable").boolean())
    out.push_back(forbidden("immutable", std::string(words)));
  for (auto map : maps)
    if (!maps_match(next.get(map), old.get(map)))
      out.push_back(forbidden(std::string(map), std::string(words)));
}

size_t decoded_size(std::string_view base64) {
  size_t digits = 0;
  for (char c : base64)
    digits += c != '=' && c != '\n' && c != '\r';
  return digits * 3 / 4;
}

} // namespace actors::apiserver::registry::core
