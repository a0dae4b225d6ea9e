// One version of a role's swappable part: the one that is built in, or a plugin's.
#pragma once

#include "runtime/host/role.hpp"
#include "runtime/hotswap/swappable.hpp"

#include <functional>
#include <memory>
#include <string>

namespace runtime::hotswap {

struct version {
  std::string role; ///< "controllers/replicaset"
  std::string name; ///< "built-in", or what the plugin calls itself
  std::string file; ///< as the operator named it; empty: built in
  std::string kept; ///< our copy's name, in the folder of plugins; empty: built in
  std::string hash; ///< SHA-256 of the file, in hex
  /// Makes one; may throw.
  std::function<std::unique_ptr<swappable>(const host::role_context&)> make;

  bool built_in() const {
    return kept.empty();
  }
};

using version_ptr = std::shared_ptr<const version>;

constexpr const char* built_in_name = "built-in";

/// "newest-first 1 (file libx.so, 1a2b3c4d)" or "built-in".
inline std::string describe(const version& what) {
  return what.built_in() ? what.name
                         : what.name + " (" + std::filesystem::path{what.file}.filename().string() + ", "
                             + what.hash.substr(0, 12) + ")";
}

} // namespace runtime::hotswap
