// The commands of this folder, each in a file of its own.
#pragma once

#include "actors/host/client_command.hpp"

#include <stdexcept>

namespace actors::host {

/// The operator asked for something that makes no sense: exit code 2, with a hint.
struct usage_error : std::runtime_error {
  usage_error(const std::string& what, std::string hint_text) : std::runtime_error(what), hint(std::move(hint_text)) {
  }
  std::string hint;
};

client_command swap_command(); ///< troupe swap
client_command new_command();  ///< troupe new

} // namespace actors::host
