#include "actors/host/commands/pki.hpp"

#include "actors/host/commands.hpp"
#include "runtime/mesh/pki_init.hpp"
#include "runtime/placement/placement.hpp"
#include "runtime/seams/clock.hpp"

#include <algorithm>
#include <iostream>
#include <stdexcept>

namespace actors::host {

namespace {

namespace po = boost::program_options;

constexpr const char* apiserver_role = "apiserver";

void add_options(po::options_description& options) {
  auto add = options.add_options();
  add("out", po::value<std::string>()->value_name("DIR"), "where the folders are made, one per host (required)");
  add("renew", po::value<std::string>()->value_name("HOST"), "make this host's key and certificate anew");
}

runtime::placement::placement read_placement(const client_arguments& given) {
  std::vector<runtime::placement::role_spec> specs;
  for (auto& role : given.roles)
    if (!role.implicit)
      specs.push_back(role.spec);
  auto read = runtime::placement::read_file(given.words[1], specs);
  if (!read.problems.empty())
    throw std::runtime_error(runtime::placement::render(given.words[1], read.problems.front()));
  return std::move(read.value);
}

int run(const client_arguments& given) {
  if (given.words[0] != "init") {
    std::cerr << "troupe: `troupe pki` knows no `" << given.words[0] << "`\nhint: troupe pki init PLACEMENT --out DIR\n";
    return exit_usage;
  }
  if (given.text("out").empty()) {
    std::cerr << "troupe: option `--out` is missing\nhint: for example `troupe pki init " << given.words[1] << " --out pki`\n";
    return exit_usage;
  }
  auto placement = read_placement(given);
  runtime::mesh::pki_init_options options{.folder = std::filesystem::absolute(given.text("out")),
                                          .cluster = placement.cluster.name,
                                          .renew = given.text("renew"),
                                          .now_seconds = runtime::seams::system_clock{}.wall_seconds()};
  for (auto& host : placement.hosts)
    options.hosts.push_back(host.name);
  for (auto& role : placement.roles)
    if (role.role == apiserver_role)
      options.api_hosts.push_back(role.host);
  auto result = runtime::mesh::init_pki(options);
  for (auto& file : result.made)
    std::cout << "made " << file << "\n";
  for (auto& file : result.kept)
    std::cout << "kept " << file << "\n";
  std::cout << "copy each host's folder to that host alone, and start it with `troupe host --pki " << given.text("out")
            << "/HOST`; keep the ca.key files apart\n";
  return exit_done;
}

} // namespace

client_command pki_command() {
  return {.name = "pki",
          .summary = "make the certificates with which hosts know each other",
          .usage = "troupe pki init PLACEMENT --out DIR [--renew HOST]",
          .help = "Makes DIR/<host>/ for each host of the placement file: its key, its certificate and the CA's certificate, and for\n"
                  "hosts with an apiserver the API's CA. Made once; running it again adds what is missing and changes nothing else.\n"
                  "Whoever has DIR/ca.key can make hosts: keep it apart from the hosts.",
          .words_min = 2,
          .words_max = 2,
          .words_help = "a placement file is missing",
          .add_options = add_options,
          .run = run};
}

} // namespace actors::host
