#include "runtime/placement/placement.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

namespace runtime::placement {

std::vector<role_instance> placement::of_host(std::string_view host) const {
  std::vector<role_instance> result;
  for (auto& role : roles)
    if (role.host == host)
      result.push_back(role);
  return result;
}

std::vector<role_instance> placement::bound_to(std::string_view host) const {
  std::vector<role_instance> result;
  for (auto& role : roles)
    if (role.hosts.empty() && role.host == host)
      result.push_back(role);
  return result;
}

std::string render(const std::filesystem::path& file, const problem& problem) {
  auto result = file.string();
  if (problem.line > 0)
    result += ":" + std::to_string(problem.line) + ":" + std::to_string(problem.column);
  result += ": " + problem.message;
  if (!problem.hint.empty())
    result += " (did you mean `" + problem.hint + "`?)";
  return result;
}

read_result read_file(const std::filesystem::path& file, std::span<const role_spec> known) {
  auto unreadable = [](std::string why) { return read_result{.problems = {{.message = std::move(why)}}}; };
  std::error_code failure;
  if (std::filesystem::is_directory(file, failure))
    return unreadable("is a folder, not a placement file");
  errno = 0;
  std::ifstream in{file, std::ios::binary};
  if (!in)
    return unreadable(std::string{"cannot be read: "} + std::strerror(errno ? errno : EIO));
  std::string text(file_bytes_max + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(in.gcount()));
  if (in.bad())
    return unreadable("cannot be read: I/O error");
  auto result = parse(text, known);
  result.text = std::move(text);
  return result;
}

} // namespace runtime::placement
