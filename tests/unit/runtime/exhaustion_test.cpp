// What is said when a supervisor gives up.
#include "runtime/supervision/exhaustion.hpp"

#include <catch2/catch.hpp>

using namespace runtime::supervision;
using namespace std::chrono_literals;

TEST_CASE("a failure log counts repetitions and keeps the newest failures only") {
  failure_log log;
  log.add("a", "boom");
  log.add("b", "boom");
  log.add("a", "boom");
  auto entries = log.entries();
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].child == "b");
  CHECK(entries[1].child == "a");
  CHECK(entries[1].times == 2);
  for (int i = 0; i < 100; ++i)
    log.add("c", std::to_string(i));
  entries = log.entries();
  CHECK(entries.size() == failures_kept_max);
  CHECK(entries.back().text == "99");
}

TEST_CASE("a report names supervisors, children, limits, failures and what to do") {
  exhaustion group{.supervisor = "supervisor/kubelet",
                   .child = "kubelet/node-a",
                   .limit = {.restarts_max = 15, .period = 10s},
                   .failures = {{"kubelet/node-a", "no such\nfile", 16}}};
  exhaustion root{.supervisor = "supervisor",
                  .child = "supervisor/kubelet",
                  .limit = {.restarts_max = 1, .period = 1500ms},
                  .failures = {{"supervisor/kubelet", describe(group), 2}}};
  CHECK(
    render_report({group, root}) ==
    "restarting did not help\n"
    "  supervisor/kubelet: more than 15 restarts in 10s; the last one failed: kubelet/node-a\n"
    "    kubelet/node-a: no such file (16 times)\n"
    "  supervisor: more than 1 restart in 1500ms; the last one failed: supervisor/kubelet\n"
    "    supervisor/kubelet: supervisor/kubelet gave up: more than 15 restarts in 10s; last: kubelet/node-a: "
    "no such file "
    "(2 times)\n"
    "what to do: mend what the failures name, then start the host again; what was acknowledged is on disk.\n"
    "  To leave kubelet/node-a down when it fails, give its entry in the placement file `supervision: "
    "{restart: temporary}`;\n"
    "  to allow more restarts, see `intensity` and `period` there (runtime/README.md, Supervision).");
}

TEST_CASE("a long failure is cut between characters") {
  std::string text(failure_text_bytes_max - 1, 'x');
  auto line =
    describe({.supervisor = "s", .child = "c", .limit = {}, .failures = {{"c", text + "\u00e9\u00e9", 1}}});
  CHECK(line.substr(line.size() - 5) == "xx...");
}
