#include "actors/host/command_line.hpp"

#include "actors/host/client_command.hpp"
#include "runtime/placement/nearest.hpp"

#include <boost/program_options.hpp>

#include <sstream>

namespace actors::host {

namespace {

namespace po = boost::program_options;

constexpr const char* data_default = "data";

struct command_entry {
  command what;
  const char* name;
};

constexpr command_entry commands[] = {{command::host, "host"},
                                      {command::ps, "ps"},
                                      {command::kill, "kill"},
                                      {command::version, "version"},
                                      {command::help, "help"}};

parse_result fault(std::string error, std::string hint) {
  return {.value = {}, .error = std::move(error), .hint = std::move(hint)};
}

po::options_description options_of(command what) {
  po::options_description result{"options", 100};
  auto add = result.add_options();
  if (what == command::host) {
    add("placement", po::value<std::string>()->value_name("FILE"), "placement file: which host runs which roles (required)");
    add("name", po::value<std::string>()->value_name("HOST"),
        "which of the file's hosts this process is (default: the only one)");
    add("pki", po::value<std::string>()->value_name("DIR"),
        "this host's folder of what `troupe pki init` made (required when the placement has several hosts)");
  }
  if (what == command::host || what == command::ps || what == command::kill)
    add("data", po::value<std::string>()->value_name("DIR"),
        "data folder of the host (default: $TROUPE_DATA, else `data`)");
  if (what == command::kill)
    add("host", po::value<std::string>()->value_name("HOST"), "the host that runs it, when several do");
  if (what == command::ps)
    add("output,o", po::value<std::string>()->value_name("FORMAT"), "table or json (default: table)");
  add("help,h", "explain this command");
  return result;
}

parse_result parse_options(command what, const std::vector<std::string>& arguments, std::string data) {
  auto visible = options_of(what);
  po::options_description all;
  all.add(visible);
  all.add_options()("words", po::value<std::vector<std::string>>());
  po::positional_options_description positional;
  positional.add("words", -1);
  // No guessing: an abbreviation that works today means something else tomorrow.
  auto style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;
  po::variables_map given;
  po::store(po::command_line_parser(arguments).options(all).positional(positional).style(style).run(), given);
  parse_result result;
  auto& value = result.value;
  value.what = what;
  if (given.count("help")) {
    value.what = command::help;
    value.help_for = what;
    return result;
  }
  auto text = [&](const char* name) { return given.count(name) ? given[name].as<std::string>() : std::string{}; };
  auto words = given.count("words") ? given["words"].as<std::vector<std::string>>() : std::vector<std::string>{};
  auto words_max = what == command::kill ? 1u : 0u;
  if (words.size() > words_max)
    return fault("`" + words[words_max] + "` is one argument too many for `troupe " + to_string(what) + "`",
                 "see `troupe " + to_string(what) + " --help`");
  value.placement = text("placement");
  value.name = text("name");
  value.pki = text("pki");
  value.data = given.count("data") ? text("data") : data.empty() ? data_default : data;
  if (given.count("data") && value.data.empty())
    return fault("option `--data` needs a folder", "for example `--data data`");
  if (what == command::host && value.placement.empty())
    return fault("option `--placement` is missing", "for example `troupe host --placement config/placement/single.yaml`");
  if (what == command::kill) {
    if (words.empty() || words[0].empty())
      return fault("the name of the actor to kill is missing", "`troupe ps` lists them");
    value.role = words[0];
    value.on_host = text("host");
  }
  if (auto format = text("output"); format == "json")
    value.output = output_format::json;
  else if (given.count("output") && format != "table")
    return fault("unknown output format `" + format + "`", "table or json");
  return result;
}

/// The option that an unknown one may have meant: "did you mean `--data`?".
std::string option_hint(command what, std::string word) {
  while (!word.empty() && word.front() == '-')
    word.erase(0, 1);
  word = word.substr(0, word.find('='));
  std::vector<std::string> names;
  auto options = options_of(what);
  for (auto& option : options.options())
    names.push_back(option->long_name());
  auto near = runtime::placement::nearest(word, names);
  return near.empty() ? "see `troupe " + to_string(what) + " --help`" : "did you mean `--" + near + "`?";
}

} // namespace

std::vector<std::string> command_names() {
  std::vector<std::string> result;
  for (auto& entry : commands)
    result.emplace_back(entry.name);
  return result;
}

std::string to_string(command what) {
  for (auto& entry : commands)
    if (entry.what == what)
      return entry.name;
  return "help";
}

std::string describe_options(command what) {
  std::ostringstream out;
  out << options_of(what);
  return out.str();
}

parse_result parse_command_line(const std::vector<std::string>& arguments, const std::string& data_from_environment) {
  if (arguments.empty())
    return fault("a command is missing", "host, ps, kill or version; see `troupe --help`");
  auto word = arguments[0];
  if (word == "--help" || word == "-h")
    word = "help";
  if (word == "--version")
    word = "version";
  for (auto& entry : commands) {
    if (word != entry.name)
      continue;
    try {
      return parse_options(entry.what, {arguments.begin() + 1, arguments.end()}, data_from_environment);
    } catch (const po::unknown_option& e) {
      return fault("unknown option `" + e.get_option_name() + "` of `troupe " + word + "`",
                   option_hint(entry.what, e.get_option_name()));
    } catch (const po::error& e) {
      return fault(e.what(), "see `troupe " + word + " --help`");
    }
  }
  auto names = command_names();
  for (auto& command : client_commands())
    names.push_back(command.name);
  auto near = runtime::placement::nearest(word, names);
  auto kind = word.substr(0, 1) == "-" ? "option" : "command";
  return fault("unknown " + std::string{kind} + " `" + word + "`",
               near.empty() ? "see `troupe --help`" : "did you mean `troupe " + near + "`?");
}

} // namespace actors::host
