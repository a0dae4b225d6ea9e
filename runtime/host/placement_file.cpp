#include "runtime/host/placement_file.hpp"

#include <cerrno>
#include <charconv>
#include <fcntl.h>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace runtime::host {

namespace {

constexpr const char* kept_name = "placement.yaml";
constexpr const char* given_name = "placement.given.yaml";
constexpr std::string_view first_line = "# The placement in force, generation ";

[[noreturn]] void fail(const std::filesystem::path& file, const char* what) {
  throw std::system_error(errno, std::generic_category(), std::string{what} + " " + file.string());
}

/// A new file beside the old one, synced, then put in its place.
void replace_file(const std::filesystem::path& file, const std::string& text) {
  auto fresh = file.string() + ".new";
  auto fd = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    fail(fresh, "open");
  size_t done = 0;
  while (done < text.size()) {
    auto count = write(fd, text.data() + done, text.size() - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count < 0) {
      close(fd);
      fail(fresh, "write");
    }
    done += static_cast<size_t>(count);
  }
  auto synced = fsync(fd) == 0;
  close(fd);
  if (!synced)
    fail(fresh, "fsync");
  if (rename(fresh.c_str(), file.c_str()) != 0)
    fail(file, "rename");
  auto folder = open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    fsync(folder);
    close(folder);
  }
}

std::optional<std::string> read_file(const std::filesystem::path& file) {
  std::error_code none;
  if (!std::filesystem::exists(file, none))
    return std::nullopt;
  std::ifstream in{file, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  if (!in)
    throw std::runtime_error(file.string() + " cannot be read");
  return text.str();
}

} // namespace

void save_placement(const std::filesystem::path& data, const kept_placement& placement) {
  replace_file(data / kept_name, std::string{first_line} + std::to_string(placement.generation) + "\n" + placement.text);
}

std::optional<kept_placement> load_placement(const std::filesystem::path& data) {
  auto text = read_file(data / kept_name);
  if (!text)
    return std::nullopt;
  kept_placement result;
  auto end = text->find('\n');
  auto damaged = !text->starts_with(first_line) || end == text->npos;
  if (!damaged) {
    auto last = text->data() + end;
    auto [rest, failure] = std::from_chars(text->data() + first_line.size(), last, result.generation);
    damaged = failure != std::errc{} || rest != last;
  }
  if (damaged)
    throw std::runtime_error((data / kept_name).string()
                             + " is damaged: remove it, and the host begins with the file given to it, then follows the store");
  result.text = text->substr(end + 1);
  return result;
}

void save_given_placement(const std::filesystem::path& data, const std::string& text) {
  replace_file(data / given_name, text);
}

std::string load_given_placement(const std::filesystem::path& data) {
  return read_file(data / given_name).value_or("");
}

} // namespace runtime::host
