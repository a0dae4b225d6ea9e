// The log's files `log.0` and `log.1` in a folder.
#pragma once

#include "storage/log/files.hpp"

#include <filesystem>

namespace storage::log {

std::shared_ptr<files> files_in(std::filesystem::path folder);

} // namespace storage::log
