// Loads a plugin: checks the file before any of its code runs, copies it under a name of its own (so that a file which
// is built anew is another library, and the kept one survives), opens the copy and never closes it: handles and messages
// would keep pointers into it. Blocks on the disk: never called by a worker of CAF.
#pragma once

#include "runtime/hotswap/version.hpp"

#include <cstdint>
#include <filesystem>
#include <stdexcept>

namespace runtime::hotswap {

constexpr size_t plugin_bytes_max = 256 << 20;

/// Why a file is not loaded, or a version not taken; the text is for the operator.
class refused : public std::runtime_error {
public:
  using std::runtime_error::runtime_error;
};

/// What the bytes of a file say about themselves. Pure. Throws refused, with `name` in the text, when they are no plugin
/// of this program.
void check_plugin_bytes(std::string_view bytes, const std::string& name);

/// The same of a file. Throws refused.
void check_file(const std::filesystem::path& file);

/// The ABI of this program.
std::string_view own_abi();

/// Loads `file` for `role` and keeps a copy in `folder`. Throws refused.
version_ptr load(const std::filesystem::path& file, const std::string& role, const std::filesystem::path& folder);

/// Loads a copy that load() kept, if it is still the same file. Throws refused.
version_ptr load_kept(const std::string& kept, const std::string& hash, const std::string& file, const std::string& role,
                      const std::filesystem::path& folder);

} // namespace runtime::hotswap
