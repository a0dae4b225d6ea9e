// usage: mesh_node HOST PKI DATA HOST=ADDRESS...     runs until it is killed
#include "tests/integration/mesh/node.hpp"

#include <csignal>
#include <iostream>
#include <sys/prctl.h>
#include <unistd.h>

int main(int argc, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  std::signal(SIGPIPE, SIG_IGN);
  if (argc < 5)
    return 2;
  mesh_test::hosts all;
  for (int i = 4; i < argc; ++i) {
    std::string word = argv[i];
    auto at = word.find('=');
    all.push_back({word.substr(0, at), word.substr(at + 1)});
  }
  mesh_test::node node{{.host = argv[1], .all = all, .pki = argv[2], .data = argv[3], .log = runtime::telemetry::stderr_output()}};
  pause();
}
