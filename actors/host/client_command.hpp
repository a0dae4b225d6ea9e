// Commands that ask a running host over its control socket, declared as data: name, help, options, and what runs.
// Each lives in a file of its own below commands/; client_command.cpp lists them.
#pragma once

#include "runtime/control/client.hpp"
#include "runtime/host/role.hpp"

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/variables_map.hpp>

#include <span>
#include <string>
#include <vector>

namespace actors::host {

/// What the operator wrote, checked against the command's description.
struct client_arguments {
  std::string data;               ///< the host's data folder
  std::vector<std::string> words; ///< what is no option
  std::span<const runtime::host::role_descriptor> roles; ///< all that this program knows
  boost::program_options::variables_map options;

  bool has(const char* option) const {
    return options.count(option) > 0;
  }
  std::string text(const char* option, std::string otherwise = {}) const {
    return has(option) ? options[option].as<std::string>() : std::move(otherwise);
  }
  /// Asks the host; a refusal is thrown as std::runtime_error.
  runtime::control::reply ask(const runtime::control::words& request) const;
};

struct client_command {
  std::string name;
  std::string summary;   ///< one line for `troupe --help`
  std::string usage;     ///< "troupe kill ACTOR"; without `--data`
  std::string help = {}; ///< paragraphs for `troupe NAME --help`
  size_t words_min = 0;
  size_t words_max = 0;
  std::string words_help = {}; ///< "the name of the role is missing"
  /// Adds its options; `--data` and `--help` come by themselves. May be null.
  void (*add_options)(boost::program_options::options_description&) = nullptr;
  /// Returns the exit code; throws std::exception for a failure.
  int (*run)(const client_arguments&) = nullptr;
};

std::span<const client_command> client_commands();

/// Parses and runs; prints errors with a hint to standard error.
int run_client_command(const client_command& command, const std::vector<std::string>& arguments,
                       const std::string& data_from_environment,
                       std::span<const runtime::host::role_descriptor> roles);

} // namespace actors::host
