#include "actors/host/commands/placement.hpp"

#include "actors/host/commands.hpp"
#include "runtime/placement/placement.hpp"

#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>

namespace actors::host {

namespace {

std::string read_text(const std::string& file) {
  std::ifstream in{file, std::ios::binary};
  std::ostringstream text;
  text << in.rdbuf();
  if (!in || !in.is_open())
    throw std::runtime_error("cannot read " + file);
  if (text.str().size() > runtime::placement::file_bytes_max)
    throw std::runtime_error(file + " is larger than " + std::to_string(runtime::placement::file_bytes_max) + " bytes");
  return text.str();
}

int print_lines(const runtime::control::reply& reply) {
  for (auto& line : reply.lines)
    std::cout << line[0] << "\n";
  return exit_done;
}

int show(const client_arguments& given) {
  auto reply = given.ask({"placement"});
  std::cout << "# generation " << reply.lines.at(0).at(0) << "\n" << reply.lines.at(1).at(0);
  return exit_done;
}

int plan(const client_arguments& given) {
  auto reply = given.ask({"plan", read_text(given.words[0])});
  auto refused = false;
  for (auto& line : reply.lines) {
    refused |= line[0] == "refused";
    (line[0] == "refused" ? std::cerr << "troupe: refused: " : std::cout) << line.at(1) << "\n";
  }
  if (reply.lines.empty())
    std::cout << "nothing changes\n";
  return refused ? exit_failed : exit_done;
}

int apply(const client_arguments& given) {
  return print_lines(given.ask({"apply", read_text(given.words[0])}));
}

int move(const client_arguments& given) {
  return print_lines(given.ask({"move", given.words[0], given.words[1]}));
}

int drain(const client_arguments& given) {
  return print_lines(given.ask({"drain", given.words[0]}));
}

} // namespace

std::vector<client_command> placement_commands() {
  return {
    {.name = "placement",
     .summary = "print the placement in force",
     .usage = "troupe placement",
     .help = "Prints the placement in force, as the store keeps it, with its generation.",
     .run = show},
    {.name = "plan",
     .summary = "show what a placement file would change",
     .usage = "troupe plan FILE",
     .help = "Compares a placement file with the placement in force: what would start, stop, move or restart, and what is refused.\n"
             "Changes nothing. Exit code 1 when `troupe apply` would refuse it.",
     .words_min = 1,
     .words_max = 1,
     .words_help = "the placement file is missing",
     .run = plan},
    {.name = "apply",
     .summary = "make a placement file the placement in force",
     .usage = "troupe apply FILE",
     .help = "Checks a placement file and writes it to the store; every host carries it out at once. Roles that move start on their new\n"
             "host first, warm up, take over, and only then end on the old one. What is refused changes nothing.",
     .words_min = 1,
     .words_max = 1,
     .words_help = "the placement file is missing",
     .run = apply},
    {.name = "move",
     .summary = "move a role to another host while it works",
     .usage = "troupe move ROLE HOST",
     .help = "Prefers HOST for a role of which one instance works (a controller, the scheduler). The other hosts of the role stay behind it,\n"
             "to take over when HOST is lost. A store shard (store/main) is copied with its data while it serves, and handed over: writes wait\n"
             "for a moment. `kubectl get shards.troupe.dev` shows how far it is; moving it back calls it off.",
     .words_min = 2,
     .words_max = 2,
     .words_help = "a role and a host are needed",
     .run = move},
    {.name = "drain",
     .summary = "move everything that can move away from a host",
     .usage = "troupe drain HOST",
     .help = "Moves every role of which one instance works, and every store shard, to other hosts, and lists what stays because it is bound\n"
             "to the host.",
     .words_min = 1,
     .words_max = 1,
     .words_help = "the host is missing",
     .run = drain},
  };
}

} // namespace actors::host
