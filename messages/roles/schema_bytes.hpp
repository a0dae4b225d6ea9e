// The binary schema of all protocols between roles (roles.fbs), embedded in the program.
#pragma once

#include <string_view>

namespace messages::roles {

std::string_view schema_bytes();

} // namespace messages::roles
