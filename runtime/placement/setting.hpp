// Turns one scalar or list of the placement file into a setting's value, or says what is wrong with it.
#pragma once

#include "runtime/placement/role_spec.hpp"

#include <optional>
#include <string>
#include <vector>

namespace runtime::placement {

/// What the file says at one place, before it has a type.
struct raw_value {
  enum class form : uint8_t { none, scalar, list, map } is = form::none;
  std::string text;              ///< of a scalar
  bool quoted = false;           ///< "5" is text, 5 a number
  std::vector<std::string> list; ///< of a list of scalars
};

struct setting_result {
  setting_value value;
  std::string error; ///< "must be an integer between 1 and 10, not `many`"; empty when all is well
  std::string hint;  ///< the choice that may have been meant
};

setting_result check_setting(const setting_spec& spec, const raw_value& raw);

/// How messages and --help name a type: "an integer", "IP:PORT".
std::string describe_type(const setting_spec& spec);

} // namespace runtime::placement
