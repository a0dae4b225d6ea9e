// `troupe new`: writes a project from the installed templates and the built-in controllers' sources.
#include "actors/host/commands.hpp"
#include "actors/host/commands/plugins.hpp"
#include "runtime/host/version.hpp"
#include "runtime/placement/nearest.hpp"

#include <boost/program_options.hpp>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fmt/format.h>
#include <fstream>
#include <iostream>
#include <sstream>

namespace actors::host {

namespace {

namespace fs = std::filesystem;

constexpr const char* role_default = "controllers/replicaset";
constexpr std::string_view role_prefix = "controllers/";
constexpr const char* share_from_program = "../share/troupe";

/// Where the templates are: beside the program, as `cmake --install` puts them.
fs::path share_folder() {
  const auto program = fs::read_symlink("/proc/self/exe");
  const auto share = (program.parent_path() / share_from_program).lexically_normal();
  if (!fs::is_directory(share / "plugin"))
    throw std::runtime_error("no templates in " + share.string()
                             + ": this program is not installed (cmake --install BUILD_FOLDER --prefix PREFIX)");
  return share;
}

std::string read(const fs::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::stringstream text;
  text << in.rdbuf();
  if (!in)
    throw std::runtime_error("cannot read " + file.string());
  return text.str();
}

void write(const fs::path& file, const std::string& text) {
  std::ofstream out{file, std::ios::binary};
  out << text;
  out.close();
  if (!out)
    throw std::runtime_error("cannot write " + file.string());
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
    text.replace(at, from.size(), to);
}

bool is_name(std::string_view name) {
  return !name.empty() && std::isalpha(static_cast<unsigned char>(name[0]))
         && std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}

std::vector<std::string> known_controllers(const fs::path& share) {
  std::vector<std::string> result;
  for (const auto& item : fs::directory_iterator{share / "controllers"})
    result.push_back(item.path().filename().string());
  std::sort(result.begin(), result.end());
  return result;
}

std::string checked_controller(const fs::path& share, const std::string& role) {
  const auto known = known_controllers(share);
  const auto name = role.starts_with(role_prefix) ? role.substr(role_prefix.size()) : role;
  if (std::find(known.begin(), known.end(), name) != known.end())
    return name;
  const auto near = runtime::placement::nearest(name, known);
  throw usage_error(fmt::format("there is no controller `{}` to start from", role),
                    near.empty() ? fmt::format("there are controllers/{}", fmt::join(known, ", controllers/"))
                                 : "did you mean `controllers/" + near + "`?");
}

struct project {
  std::string name;
  std::string role;       // "scheduler", "controllers/replicaset"
  std::string controller; // "replicaset"; empty: none

  /// A template with its words filled in.
  std::string fill(std::string text) const {
    auto identifier = name;
    std::replace(identifier.begin(), identifier.end(), '-', '_');
    replace_all(text, "@NAME@", name);
    replace_all(text, "@IDENTIFIER@", identifier);
    replace_all(text, "@CONTROLLER@", controller);
    replace_all(text, "@ROLE@", role);
    replace_all(text, "@TROUPE_VERSION@", runtime::host::troupe_version);
    return text;
  }
  /// A source of the built-in controller, which finds its own headers beside it.
  std::string own(std::string text) const {
    replace_all(text, "\"actors/controllers/" + controller + "/", "\"");
    return text;
  }
};

/// Fills in the templates of a folder: NAME.cpp.in is written as <name>.cpp.
void write_templates(const fs::path& from, const fs::path& target, const project& what) {
  for (const auto& item : fs::directory_iterator{from}) {
    if (item.is_directory())
      continue;
    auto file = item.path().stem().string(); // without .in
    replace_all(file, "NAME", what.name);
    write(target / file, what.fill(read(item.path())));
  }
}

void write_project(const fs::path& share, const fs::path& target, const project& what) {
  write_templates(share / "plugin", target, what);
  write_templates(share / "plugin" / (what.controller.empty() ? "scheduler" : "controller"), target, what);
  if (what.controller.empty())
    return;
  for (const auto& item : fs::directory_iterator{share / "controllers" / what.controller}) {
    const bool is_test = item.path().filename() == "test.cpp"; // of the built-in rules, in the place of the template's
    write(target / (is_test ? fs::path{what.name + "_test.cpp"} : item.path().filename()), what.own(read(item.path())));
  }
}

/// What was asked for. Throws usage_error.
project checked(const client_arguments& given, const fs::path& share) {
  project result{.name = given.words[1], .role = "scheduler", .controller = {}};
  if (given.words[0] == "scheduler") {
    if (given.has("role"))
      throw usage_error("`--role` belongs to controllers", "`troupe new scheduler NAME [DIR]`");
    return result;
  }
  result.controller = checked_controller(share, given.text("role", role_default));
  result.role = std::string{role_prefix} + result.controller;
  if (fs::exists(share / "controllers" / result.controller / (result.name + ".cpp")))
    throw usage_error("`" + result.name + "` is the name of one of the controller's own files", "choose another one");
  return result;
}

int write_new(const client_arguments& given) {
  const auto& words = given.words;
  if (words[0] != "controller" && words[0] != "scheduler")
    throw usage_error("`troupe new` writes no `" + words[0] + "`", "`troupe new controller NAME [DIR]`, or scheduler");
  if (!is_name(words[1]))
    throw usage_error("`" + words[1] + "` is no name", "a letter, then letters, digits, `-` and `_`");
  const auto share = share_folder();
  const auto what = checked(given, share);
  const fs::path target = words.size() > 2 ? words[2] : words[1];
  if (fs::exists(target) && (!fs::is_directory(target) || !fs::is_empty(target)))
    throw std::runtime_error(target.string() + " exists and is not empty: name another folder");
  fs::create_directories(target);
  write_project(share, target, what);
  const auto prefix = (share / "../..").lexically_normal().string();
  std::cout << fmt::format("{0}: a version of {1}, called {2}. Next:\n"
                           "  cmake -S {0} -B {0}/build -DCMAKE_PREFIX_PATH={3}\n"
                           "  cmake --build {0}/build && ctest --test-dir {0}/build\n"
                           "  troupe swap {1} {0}/build/{2}.so\n",
                           target.string(), what.role, what.name, prefix);
  return exit_done;
}

int run(const client_arguments& given) {
  try {
    return write_new(given);
  } catch (const usage_error& e) {
    std::cerr << "troupe: " << e.what() << "\nhint: " << e.hint << "\n";
    return exit_usage;
  }
}

void add_options(boost::program_options::options_description& options) {
  options.add_options()("role", boost::program_options::value<std::string>()->value_name("ROLE"),
                        "the role that the plugin is a version of (default: controllers/replicaset)");
}

} // namespace

client_command new_command() {
  return {.name = "new",
          .summary = "write a small project that builds a plugin for `troupe swap`",
          .usage = "troupe new controller|scheduler NAME [DIR] [--role ROLE]",
          .help = "Writes a project that builds NAME.so, a version of ROLE or of the scheduler: CMakeLists.txt, NAME.cpp, for a controller\n"
                  "the sources of the built-in version to be changed, and a test of its decisions, into DIR (default: NAME), which must not exist or be empty.\n"
                  "It is built against the installed headers of this program: `cmake --install`, then find_package(troupe).",
          .words_min = 2,
          .words_max = 3,
          .words_help = "say what to write, and its name",
          .add_options = add_options,
          .run = run};
}

} // namespace actors::host
