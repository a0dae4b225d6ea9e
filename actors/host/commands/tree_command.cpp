// `troupe tree`: asks a running host for its rows and draws them.
#include "actors/host/commands/tree_command.hpp"

#include "actors/host/commands.hpp"
#include "actors/host/tree_view.hpp"

#include <iostream>
#include <stdexcept>

namespace actors::host {

namespace {

int draw_tree(const client_arguments& given) {
  std::vector<runtime::telemetry::tree_row> rows;
  const auto answer = given.has("host") ? given.ask({"at", given.text("host"), "tree"}) : given.ask({"tree"});
  for (auto& line : answer.lines) {
    auto row = runtime::control::decode_tree_row(line);
    if (!row)
      throw std::runtime_error("the host is of another version of troupe: its answer is not understood");
    rows.push_back(std::move(*row));
  }
  std::cout << render_tree(rows, given.has("ascii") ? tree_lines::ascii : tree_lines::utf8);
  return exit_done;
}

} // namespace

client_command tree_command() {
  return {
    .name = "tree",
    .summary = "draw the supervision tree of a running host: who restarts whom, how, and why it had to",
    .usage = "troupe tree [--ascii] [--host HOST]",
    .help =
      "Draws every actor of the host that runs on the data folder below its supervisor, in the order of the "
      "start.\n"
      "A supervisor shows its strategy and how many restarts in which time it allows before it gives up.\n"
      "What a role runs beside its own actor stands below the role.",
    .add_options =
      [](boost::program_options::options_description& options) {
        auto add = options.add_options();
        add("ascii", "lines of plain ASCII");
        add("host", boost::program_options::value<std::string>()->value_name("HOST"),
            "of another host (default: the one that is asked)");
      },
    .run = draw_tree};
}

} // namespace actors::host
