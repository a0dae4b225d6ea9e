#include "runtime/host/host_files.hpp"

#include "runtime/host/shard_folder.hpp"

namespace runtime::host {

namespace {

class folder_files final : public host_files {
public:
  explicit folder_files(std::filesystem::path data) : data_(std::move(data)) {
  }
  bool has_placement() const override {
    return runtime::host::has_placement(data_);
  }
  void save_placement(const kept_placement& placement) override {
    runtime::host::save_placement(data_, placement);
  }
  void save_given_placement(const std::string& text) override {
    runtime::host::save_given_placement(data_, text);
  }
  bool has_shard(const std::string& shard) const override {
    return has_shard_folder(data_, shard);
  }

private:
  std::filesystem::path data_;
};

} // namespace

std::shared_ptr<host_files> files_in(const std::filesystem::path& data) {
  return std::make_shared<folder_files>(data);
}

} // namespace runtime::host
