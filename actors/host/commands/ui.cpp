// `troupe ui`.
#include "actors/host/commands/observe.hpp"
#include "actors/host/commands.hpp"

#include <iostream>
#include <stdexcept>

namespace actors::host::commands {

client_command ui() {
  return {.name = "ui",
          .summary = "print the address of the web page, with a token that is good for one use",
          .usage = "troupe ui",
          .help = "Prints the address of the page that this host's apiserver serves. It lets its first visitor in as system:masters, within\n"
                  "five minutes. The page's certificate is signed by the cluster's own authority (ca.crt in the data folder's pki).",
          .run = [](const client_arguments& given) {
            auto reply = given.ask({"ui"});
            if (reply.lines.size() != 1 || reply.lines[0].size() != 2)
              throw std::runtime_error("the host is of another version of troupe: its answer is not understood");
            std::cout << "https://" << reply.lines[0][0] << "/ui/#token=" << reply.lines[0][1] << "\n";
            return exit_done;
          }};
}

} // namespace actors::host::commands
