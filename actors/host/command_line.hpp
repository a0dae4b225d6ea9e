// The command line as data: what was asked for, or what is wrong with it. Reads argv and TROUPE_DATA, nothing else.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace actors::host {

enum class command : uint8_t { help, version, host, ps, kill };

enum class output_format : uint8_t { table, json };

struct request {
  command what = command::help;
  std::optional<command> help_for; ///< `troupe ps --help`
  std::string placement;           ///< host
  std::string name;                ///< host; empty: the only one
  std::string data;                ///< host, ps, kill
  std::string pki;                 ///< host
  std::string role;                ///< kill
  std::string on_host;             ///< kill; empty: the one that runs it
  output_format output = output_format::table; ///< ps
};

struct parse_result {
  request value;
  std::string error; ///< empty: `value` holds
  std::string hint;
};

/// `arguments`: without the program's name. `data_from_environment`: TROUPE_DATA, or empty.
parse_result parse_command_line(const std::vector<std::string>& arguments, const std::string& data_from_environment);

/// The names of all commands, and of one.
std::vector<std::string> command_names();
std::string to_string(command what);

/// The options of a command, explained, as Boost.Program_options prints them.
std::string describe_options(command what);

} // namespace actors::host
