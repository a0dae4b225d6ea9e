// The placement in force, kept in the data folder, so that a host knows it after a restart before it reaches the store.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace runtime::host {

struct kept_placement {
  std::string text;
  int64_t generation = 0;
};

/// Replaces `<data>/placement.yaml`, durably. Throws std::runtime_error.
void save_placement(const std::filesystem::path& data, const kept_placement& placement);

/// Nothing when there is none. Throws std::runtime_error that names the file and the remedy when it is damaged.
std::optional<kept_placement> load_placement(const std::filesystem::path& data);

/// Whether a placement was ever in force on this host.
bool has_placement(const std::filesystem::path& data);

/// The file that an operator gave at the last start, to tell a new one from the same one. Empty: none.
void save_given_placement(const std::filesystem::path& data, const std::string& text);
std::string load_given_placement(const std::filesystem::path& data);

} // namespace runtime::host
