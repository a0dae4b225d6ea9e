// Files that hold secrets: readable by their owner alone, and either wholly there or not there at all.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace runtime::pki {

constexpr size_t private_file_bytes_max = 4u << 20;

/// Writes a temporary file beside `path` (mode 0600), syncs it and renames it. Throws std::runtime_error.
void write_private_file(const std::filesystem::path& path, std::string_view text);

/// nullopt: not there. Throws std::runtime_error when it cannot be read or is too large.
std::optional<std::string> read_private_file(const std::filesystem::path& path);

} // namespace runtime::pki
