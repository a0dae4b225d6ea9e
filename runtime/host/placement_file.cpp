#include "runtime/host/placement_file.hpp"

#include "runtime/pki/private_file.hpp"

#include <charconv>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace runtime::host {

namespace {

constexpr const char* kept_name = "placement.yaml";
constexpr const char* given_name = "placement.given.yaml";
constexpr std::string_view first_line = "# The placement in force, generation ";

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
  pki::write_private_file(data / kept_name, std::string{first_line} + std::to_string(placement.generation) + "\n" + placement.text);
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

bool has_placement(const std::filesystem::path& data) {
  std::error_code none;
  return std::filesystem::exists(data / kept_name, none);
}

void save_given_placement(const std::filesystem::path& data, const std::string& text) {
  pki::write_private_file(data / given_name, text);
}

std::string load_given_placement(const std::filesystem::path& data) {
  return read_file(data / given_name).value_or("");
}

} // namespace runtime::host
