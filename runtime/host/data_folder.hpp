// The data folder belongs to one host at a time: a lock on a file in it says so until the process ends.
#pragma once

#include <filesystem>

namespace runtime::host {

class data_folder {
public:
  /// Makes the folder (0700) if need be and locks it. Throws std::runtime_error with a text for the operator.
  explicit data_folder(const std::filesystem::path& path);
  ~data_folder();
  data_folder(const data_folder&) = delete;
  data_folder& operator=(const data_folder&) = delete;

  /// Absolute.
  const std::filesystem::path& path() const {
    return path_;
  }

private:
  std::filesystem::path path_;
  int lock_ = -1;
};

} // namespace runtime::host
