// Who takes part, by who has a link to whom.
#include "actors/keeper/takes_part.hpp"

#include <catch2/catch.hpp>

using actors::keeper::takes_part;
using runtime::mesh::link_row;
using runtime::mesh::link_state;

namespace {

link_row row(std::string host, link_state state, std::vector<std::string> sees = {}) {
  return {.host = std::move(host), .state = state, .sees = std::move(sees)};
}

} // namespace

TEST_CASE("a host that the shard's host has no link to takes no part, whoever else reaches it") {
  // As c sees it: a holds the Roles, a and b are cut from each other.
  const std::vector rows{row("a", link_state::up, {"c"}), row("b", link_state::up, {"c"})};
  CHECK_FALSE(takes_part("b", "c", "a", rows));
  CHECK(takes_part("a", "c", "a", rows));
  CHECK(takes_part("c", "c", "a", rows));
  // As a sees it.
  CHECK_FALSE(takes_part("b", "a", "a", {row("b", link_state::down), row("c", link_state::up, {"a", "b"})}));
  CHECK(takes_part("c", "a", "a", {row("b", link_state::down), row("c", link_state::up, {"a", "b"})}));
}

TEST_CASE("a host to which only the own link is missing takes part") {
  CHECK(takes_part("b", "c", "a", {row("a", link_state::up, {"b", "c"}), row("b", link_state::down)}));
}

TEST_CASE("a slow link is a link") {
  CHECK(takes_part("b", "a", "a", {row("b", link_state::slow)}));
  CHECK(takes_part("b", "c", "a", {row("a", link_state::slow, {"b", "c"}), row("b", link_state::slow)}));
}

TEST_CASE("before the shard's host has told whom it sees, and without it, it counts whether anybody reaches a host") {
  CHECK(takes_part("b", "c", "a", {row("a", link_state::up), row("b", link_state::up)}));
  CHECK(takes_part("b", "c", "a", {row("a", link_state::down, {"c"}), row("b", link_state::up, {"c"})}));
  CHECK(takes_part("a", "c", "a", {row("a", link_state::down), row("b", link_state::up, {"a", "c"})}));
  CHECK_FALSE(takes_part("a", "c", "a", {row("a", link_state::down), row("b", link_state::up, {"c"})}));
}

TEST_CASE("a host that nobody reaches, or that nobody knows, takes no part") {
  const std::vector rows{row("a", link_state::up, {"c"}), row("b", link_state::down)};
  CHECK_FALSE(takes_part("b", "c", "a", rows));
  CHECK_FALSE(takes_part("d", "c", "a", rows));
}
