#include "actors/host/client_command.hpp"

#include "actors/host/commands.hpp"
#include "actors/host/commands/links.hpp"
#include "actors/host/commands/observe.hpp"
#include "actors/host/commands/pki.hpp"
#include "actors/host/commands/placement.hpp"
#include "actors/host/commands/simulate.hpp"
#include "actors/host/commands/plugins.hpp"
#include "actors/host/commands/tree_command.hpp"
#include "runtime/placement/nearest.hpp"

#include <boost/program_options.hpp>

#include <iostream>
#include <stdexcept>

namespace actors::host {

namespace {

namespace po = boost::program_options;

constexpr const char* data_default = "data";

int fault(const std::string& error, const std::string& hint) {
  std::cerr << "troupe: " << error << "\nhint: " << hint << "\n";
  return exit_usage;
}

po::options_description options_of(const client_command& command) {
  po::options_description result{"options", 100};
  if (command.add_options)
    command.add_options(result);
  result.add_options()("data", po::value<std::string>()->value_name("DIR"),
                       "data folder of the host (default: $TROUPE_DATA, else `data`)");
  result.add_options()("help,h", "explain this command");
  return result;
}

std::string near_option(const po::options_description& options, std::string word) {
  word.erase(0, word.find_first_not_of('-'));
  std::vector<std::string> names;
  for (auto& option : options.options())
    names.push_back(option->long_name());
  return runtime::placement::nearest(word.substr(0, word.find('=')), names);
}

/// Throws po::error.
client_arguments parse(const po::options_description& visible, const std::vector<std::string>& arguments,
                       const std::string& data_from_environment) {
  po::options_description all;
  all.add(visible);
  all.add_options()("words", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("words", -1);
  auto style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
  client_arguments result;
  po::store(po::command_line_parser(arguments).options(all).positional(positional).style(style).run(), result.options);
  if (result.has("words"))
    result.words = result.options["words"].as<std::vector<std::string>>();
  result.data = result.text("data", data_from_environment.empty() ? data_default : data_from_environment);
  return result;
}

} // namespace

runtime::control::reply client_arguments::ask(const runtime::control::words& request) const {
  auto reply = runtime::control::ask(data, request);
  if (!reply.error.empty())
    throw std::runtime_error(reply.error);
  return reply;
}

std::span<const client_command> client_commands() {
  static const auto commands = [] {
    auto result = placement_commands();
    for (auto& each : {links_command(), pki_command(), simulate_command(), tree_command(), swap_command(), new_command(), commands::top(),
                       commands::trace(), commands::ui(), commands::why()})
      result.push_back(each);
    return result;
  }();
  return commands;
}

int run_client_command(const client_command& command, const std::vector<std::string>& arguments,
                       const std::string& data_from_environment,
                       std::span<const runtime::host::role_descriptor> roles) {
  auto see_help = "see `troupe " + command.name + " --help`";
  auto options = options_of(command);
  client_arguments given;
  try {
    given = parse(options, arguments, data_from_environment);
  } catch (const po::unknown_option& e) {
    auto near = near_option(options, e.get_option_name());
    return fault("unknown option `" + e.get_option_name() + "` of `troupe " + command.name + "`",
                 near.empty() ? see_help : "did you mean `--" + near + "`?");
  } catch (const po::error& e) {
    return fault(e.what(), see_help);
  }
  given.roles = roles;
  if (given.has("help")) {
    std::cout << "usage: " << command.usage << " [--data DIR]\n\n"
              << (command.help.empty() ? command.summary : command.help) << "\n\n"
              << options;
    return exit_done;
  }
  if (given.words.size() > command.words_max)
    return fault("`" + given.words[command.words_max] + "` is one argument too many for `troupe " + command.name + "`", see_help);
  if (given.words.size() < command.words_min)
    return fault(command.words_help.empty() ? "an argument is missing" : command.words_help, "usage: " + command.usage);
  if (given.data.empty())
    return fault("option `--data` needs a folder", "for example `--data data`");
  try {
    return command.run(given);
  } catch (const std::exception& e) {
    std::cerr << "troupe: " << e.what() << "\n";
    return exit_failed;
  }
}

} // namespace actors::host
