// Messages between roles as one line of text, for `troupe trace`: fields by name, attached objects by kind and name.
#pragma once

#include <caf/fwd.hpp>

#include <string>

namespace runtime::protocols {

/// Empty for a message that is none of the protocols'. Thread-safe.
std::string render_message(const caf::type_erased_tuple& content);

} // namespace runtime::protocols
