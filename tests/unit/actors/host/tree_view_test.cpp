// What `troupe tree` draws.
#include "actors/host/tree_view.hpp"
#include "runtime/control/protocol.hpp"

#include <catch2/catch.hpp>

using actors::host::render_tree;
using actors::host::tree_lines;
using runtime::telemetry::actor_state;
using runtime::telemetry::tree_row;
using namespace std::chrono_literals;

namespace {

tree_row row(const std::string& id, const std::string& parent, const std::string& strategy = {}) {
  tree_row result{.parent = parent, .strategy = strategy};
  result.row.id = id;
  result.row.state = actor_state::running;
  result.row.starts = 1;
  if (!strategy.empty()) {
    result.restarts_max = 5;
    result.period = 10s;
  }
  return result;
}

std::vector<tree_row> host() {
  std::vector<tree_row> rows{row("supervisor", "", "rest_for_one"),
                             row("directory", "supervisor"),
                             row("supervisor/store", "supervisor", "one_for_one"),
                             row("readiness", "supervisor"),
                             row("store/pods", "supervisor/store"),
                             row("store/main", "supervisor/store"),
                             row("store/pods/committer", "store/pods")};
  rows[4].row.starts = 3;
  rows[4].row.last_failure = "disk\nfull";
  rows[5].row.state = actor_state::restarting;
  return rows;
}

} // namespace

TEST_CASE("actors stand below their supervisors, in the order of the start") {
  CHECK(render_tree(host(), tree_lines::utf8) ==
        "ACTOR                          STATE       RESTARTS  STRATEGY                LAST FAILURE\n"
        "supervisor                     running     0         rest_for_one, 5 in 10s  -\n"
        "├─ directory                   running     0         -                       -\n"
        "├─ supervisor/store            running     0         one_for_one, 5 in 10s   -\n"
        "│  ├─ store/pods               running     2         -                       disk full\n"
        "│  │  └─ store/pods/committer  running     0         -                       -\n"
        "│  └─ store/main               restarting  0         -                       -\n"
        "└─ readiness                   running     0         -                       -\n");
}

TEST_CASE("lines of plain ASCII") {
  auto text = render_tree(host(), tree_lines::ascii);
  CHECK(text.find("|- supervisor/store") != text.npos);
  CHECK(text.find("|  |  `- store/pods/committer") != text.npos);
  CHECK(text.find("`- readiness") != text.npos);
  for (char c : text)
    CHECK((c & 0x80) == 0);
}

TEST_CASE("no row is hidden: orphans are roots, and a circle is drawn once") {
  std::vector<tree_row> rows{row("a", "gone"), row("b", "c"), row("c", "b")};
  auto text = render_tree(rows, tree_lines::ascii);
  CHECK(text.find("\na ") != text.npos);
  CHECK(text.find("\nb ") != text.npos);
  CHECK(text.find("\n`- c ") != text.npos);
  CHECK(render_tree({}, tree_lines::utf8).find("ACTOR") == 0);
}

TEST_CASE("rows of the tree travel as words") {
  for (auto& item : host()) {
    auto back = runtime::control::decode_tree_row(runtime::control::encode_tree_row(item));
    REQUIRE(back);
    CHECK(back->row.id == item.row.id);
    CHECK(back->row.last_failure == item.row.last_failure);
    CHECK(back->parent == item.parent);
    CHECK(back->strategy == item.strategy);
    CHECK(back->restarts_max == item.restarts_max);
    CHECK(back->period == item.period);
  }
  CHECK_FALSE(runtime::control::decode_tree_row({"a", "b"}));
  auto words = runtime::control::encode_tree_row(host()[0]);
  words.back() = "soon";
  CHECK_FALSE(runtime::control::decode_tree_row(words));
}
