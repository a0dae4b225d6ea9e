// `troupe swap`.
#include "actors/host/commands.hpp"
#include "actors/host/commands/plugins.hpp"
#include "actors/host/swap_table.hpp"

#include <boost/program_options.hpp>

#include <filesystem>
#include <iostream>

namespace actors::host {

namespace {

namespace po = boost::program_options;

constexpr const char* probation_default = "30s";
constexpr const char* usage_hint = "see `troupe swap --help`";

constexpr const char* help_text =
  "Puts the plugin FILE.so in the place of what ROLE runs: its queue and state are handed over, its mailbox and watches stay,\n"
  "and no event is lost. A file that does not fit is refused, and nothing changes. While on probation, a version that throws,\n"
  "falls behind or fails more often than the one before is rolled back by itself; after that it is settled, and a host that\n"
  "starts again runs it as long as its kept copy fits the host. `troupe new` writes a plugin's project.\n"
  "FILE.so is read by the host where ROLE acts. An instance in standby on another host keeps its own version: swap it\n"
  "with --host, if a takeover is to bring the new one.\n"
  "\n"
  "  troupe swap ROLE FILE.so [--probation TIME]   swap it in\n"
  "  troupe swap ROLE --rollback                   go back to the version before\n"
  "  troupe swap [ROLE] --history                  what runs, what was swapped, and how it ended";

void add_options(po::options_description& options) {
  auto add = options.add_options();
  add("probation", po::value<std::string>()->value_name("TIME"),
      "how long the new version is watched, such as 30s, 5m or 500ms (default: 30s)");
  add("history", "list what was swapped and how it ended, of one role or of all");
  add("rollback", "go back to the version before");
  add("host", po::value<std::string>()->value_name("HOST"),
      "which host's instance (default: where the role acts; with --history: all hosts)");
}

using runtime::control::words;
using hosts = std::vector<runtime::mesh::host_reply>;

/// What all hosts say to `swap-history`, or the one of --host.
hosts ask_history(const client_arguments& given) {
  auto answered = runtime::mesh::split_hosts(given.ask({"all", "swap-history"}));
  if (!answered)
    throw std::runtime_error("the host is of another version of troupe: its answer is not understood");
  if (given.has("host")) {
    std::erase_if(*answered, [&](const auto& item) { return item.host != given.text("host"); });
    if (answered->empty())
      throw std::runtime_error("the placement has no host `" + given.text("host") + "`");
  }
  return *answered;
}

int list(const client_arguments& given) {
  auto answered = ask_history(given);
  if (!given.words.empty()) {
    const auto& role = given.words[0];
    host_of_role(answered, role); // refuses what is none
    for (auto& item : answered) // rows "now" ROLE ..., "record" TIME ROLE ...
      std::erase_if(item.lines, [&](const words& line) { return line.size() < 3 || line[line[0] == "now" ? 1 : 2] != role; });
  }
  std::cout << render_history(answered);
  return exit_done;
}

/// Asks the host where the role acts.
runtime::control::reply ask_owner(const client_arguments& given, const words& request) {
  const auto host = given.has("host") ? given.text("host") : host_of_role(ask_history(given), request[1]);
  words routed{"at", host};
  routed.insert(routed.end(), request.begin(), request.end());
  return given.ask(routed);
}

int swap(const client_arguments& given) {
  const auto& words = given.words;
  const auto text = given.text("probation", probation_default);
  const auto probation = parse_duration(text);
  if (!probation)
    throw usage_error("`" + text + "` is no time", "for example `--probation 30s`, 5m or 500ms");
  const auto file = std::filesystem::absolute(words[1]).lexically_normal(); // the host has another working folder
  std::cout << render_swap(words[0], ask_owner(given, {"swap", words[0], file.string(), std::to_string(probation->count())}));
  return exit_done;
}

int dispatch(const client_arguments& given) {
  const auto& words = given.words;
  const bool history = given.has("history"), rollback = given.has("rollback");
  if (history && rollback)
    throw usage_error("`--history` and `--rollback` exclude each other", usage_hint);
  if ((history || rollback) && given.has("probation"))
    throw usage_error("`--probation` belongs to a swap", usage_hint);
  if ((history || rollback) && words.size() > 1)
    throw usage_error("`" + words[1] + "` is one argument too many", usage_hint);
  if (history)
    return list(given);
  if (words.empty())
    throw usage_error("the role is missing", "`troupe swap --history` lists those that can be swapped");
  if (rollback) {
    std::cout << render_swap(words[0], ask_owner(given, {"swap-rollback", words[0]}));
    return exit_done;
  }
  if (words.size() < 2)
    throw usage_error("the plugin's file is missing", "for example `troupe swap " + words[0] + " build/my-version.so`");
  return swap(given);
}

int run(const client_arguments& given) {
  try {
    return dispatch(given);
  } catch (const usage_error& e) {
    std::cerr << "troupe: " << e.what() << "\nhint: " << e.hint << "\n";
    return exit_usage;
  }
}

} // namespace

client_command swap_command() {
  return {.name = "swap",
          .summary = "replace a controller or the scheduler's decisions by a plugin, while it runs",
          .usage = "troupe swap ROLE FILE.so | [ROLE] --history | ROLE --rollback",
          .help = help_text,
          .words_max = 2,
          .add_options = add_options,
          .run = run};
}

} // namespace actors::host
