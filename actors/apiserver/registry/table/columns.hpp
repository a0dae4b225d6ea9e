// What the tables of several kinds share: columns, ages, container lists.
#pragma once

#include <cstdint>
#include <string>

#include "actors/apiserver/registry/kind.hpp"

namespace actors::apiserver::registry::table {

inline constexpr table_column name_column{"Name", "string", "name", "Name of the object.", 0};
inline constexpr table_column age_column{"Age", "string", "", "Time since the object was created.", 0};
inline constexpr table_column containers_column{"Containers", "string", "",
                                                "Names of each container in the template.", 1};
inline constexpr table_column images_column{"Images", "string", "",
                                            "Images referenced by each container in the template.", 1};

constexpr table_column text_column(std::string_view name, std::string_view description, int priority = 0) {
  return {name, "string", "", description, priority};
}
constexpr table_column integer_column(std::string_view name, std::string_view description, int priority = 0) {
  return {name, "integer", "", description, priority};
}

/// 45s, 3m20s, 17m, 5h10m, 30h, 2d4h, 9d, 3y120d: what kubectl shows.
std::string human_duration(int64_t seconds);
/// The time since an RFC 3339 time; "<unknown>" when there is none.
std::string since(const draft& time, int64_t now_seconds);
std::string age(const draft& object, int64_t now_seconds);

draft name_of(const draft& object);
/// `member` of each container, comma separated ("name", "image").
std::string list_containers(const draft& containers, std::string_view member);
/// The text, or "<none>" when empty.
std::string or_none(std::string_view text);

} // namespace actors::apiserver::registry::table
