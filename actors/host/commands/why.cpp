// `troupe why`.
#include "actors/host/commands/observe.hpp"
#include "actors/host/commands.hpp"
#include "actors/host/commands/why_text.hpp"
#include "runtime/mesh/commands.hpp"

#include <boost/program_options.hpp>

#include <algorithm>
#include <iostream>
#include <stdexcept>

namespace actors::host::commands {

namespace {

namespace po = boost::program_options;
using runtime::control::words;
using runtime::control::written_answer;

/// Every apiserver knows its own writes: all of them are asked.
written_answer ask_all(const client_arguments& given, words request) {
  request.insert(request.begin(), "all");
  auto hosts = runtime::mesh::split_hosts(given.ask(request));
  written_answer result;
  std::string error;
  for (auto& host : hosts.value_or(std::vector<runtime::mesh::host_reply>{})) {
    auto answer = runtime::control::decode_written(host.lines);
    if (!answer)
      hosts.reset();
    if (!hosts)
      break;
    if (!answer->object.empty())
      result.object = answer->object;
    result.complete_since_us = std::max(result.complete_since_us, answer->complete_since_us);
    std::move(answer->entries.begin(), answer->entries.end(), std::back_inserter(result.entries));
    if (error.empty())
      error = host.error;
  }
  if (!hosts)
    throw std::runtime_error("the hosts are of another version of troupe: their answer is not understood");
  if (result.object.empty())
    throw std::runtime_error(error.empty() ? "no apiserver can be reached" : error);
  std::sort(result.entries.begin(), result.entries.end(), [](auto& a, auto& b) { return a.revision > b.revision; });
  return result;
}

int run(const client_arguments& given) {
  auto slash = given.words[0].find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == given.words[0].size())
    throw std::runtime_error("`" + given.words[0] + "` is no KIND/NAME, such as pod/web");
  auto object = ask_all(given, {"written", given.words[0].substr(0, slash), given.text("namespace", "default"),
                                given.words[0].substr(slash + 1)});
  std::cout << explain(object, [&](const std::string& cause) { return ask_all(given, {"written", cause}); });
  return exit_done;
}

} // namespace

client_command why() {
  return {.name = "why",
          .summary = "tell which writes led to an object's present state",
          .usage = "troupe why KIND/NAME [-n NAMESPACE]",
          .help = "Tells who wrote the object last, when, and because of which other object, and so on back to a client's request. The\n"
                  "apiservers remember their newest 16384 writes in memory; Events and Leases are left out.",
          .words_min = 1,
          .words_max = 1,
          .words_help = "the object is missing",
          .add_options =
            [](po::options_description& options) {
              options.add_options()("namespace,n", po::value<std::string>()->value_name("NAMESPACE"), "the object's namespace (default: default)");
            },
          .run = run};
}

} // namespace actors::host::commands
