// What a keeper does about a singleton, case by case.
#include "actors/keeper/decide_role.hpp"

#include <catch2/catch.hpp>

#include <map>

using namespace actors::keeper;

namespace {

const role_wish wish{{"a", "b", "c"}, 3};
constexpr local_instance absent{};
constexpr local_instance cold_standby{true, 0, false};
constexpr local_instance warm_standby{true, 0, true};

presence_of seeing(std::map<std::string, presence> hosts) {
  return [hosts](const std::string& host) {
    auto found = hosts.find(host);
    return found == hosts.end() ? presence::up : found->second;
  };
}

const auto all_up = seeing({});

} // namespace

TEST_CASE("a role that nobody ever owned goes to the first host of its list") {
  CHECK(decide_role("a", wish, {}, absent, all_up) == action::take_over);
  CHECK(decide_role("b", wish, {}, absent, all_up) == action::none);
  CHECK(decide_role("b", wish, {}, absent, seeing({{"a", presence::lost}})) == action::take_over);
  CHECK(decide_role("c", wish, {}, absent, seeing({{"a", presence::lost}})) == action::none);
}

TEST_CASE("a host that was not seen yet is waited for") {
  CHECK(decide_role("b", wish, {}, absent, seeing({{"a", presence::unknown}})) == action::none);
  CHECK(decide_role("b", wish, {"a", 4, 3}, absent, seeing({{"a", presence::unknown}})) == action::none);
}

TEST_CASE("the owner goes on, whatever else happens, until somebody took over") {
  const local_instance owned{true, 4, true};
  CHECK(decide_role("b", wish, {"b", 4, 3}, owned, all_up) == action::none);
  CHECK(decide_role("b", wish, {"b", 4, 2}, owned, all_up) == action::none);
  CHECK(decide_role("x", wish, {"x", 4, 3}, owned, all_up) == action::none); // not in the list any more
  CHECK(decide_role("b", wish, {"a", 5, 3}, owned, all_up) == action::stop);
}

TEST_CASE("an epoch that is ahead of the view is this host's own takeover") {
  CHECK(decide_role("b", wish, {"a", 4, 3}, {true, 5, true}, seeing({{"a", presence::lost}})) == action::none);
}

TEST_CASE("a lost owner is replaced by the first host that is there") {
  const role_owner owner{"a", 4, 3};
  const auto a_lost = seeing({{"a", presence::lost}});
  CHECK(decide_role("b", wish, owner, absent, a_lost) == action::take_over);
  CHECK(decide_role("c", wish, owner, absent, a_lost) == action::none);
  CHECK(decide_role("c", wish, owner, absent, seeing({{"a", presence::lost}, {"b", presence::lost}})) == action::take_over);
  // One that warmed up for it does not wait.
  CHECK(decide_role("b", wish, owner, cold_standby, a_lost) == action::take_over);
}

TEST_CASE("a host that comes back does not take its roles back by itself") {
  const role_owner owner{"b", 5, 3};
  CHECK(decide_role("a", wish, owner, absent, all_up) == action::none);
  CHECK(decide_role("a", wish, owner, warm_standby, all_up) == action::stop);
}

TEST_CASE("a restarted process takes its own role over anew") {
  CHECK(decide_role("b", wish, {"b", 5, 3}, absent, all_up) == action::take_over);
  CHECK(decide_role("b", wish, {"b", 5, 3}, cold_standby, all_up) == action::take_over);
}

TEST_CASE("a move warms up on the new host first") {
  const role_owner owner{"b", 5, 2}; // under an older wish
  CHECK(decide_role("a", wish, owner, absent, all_up) == action::start_standby);
  CHECK(decide_role("a", wish, owner, cold_standby, all_up) == action::none);
  CHECK(decide_role("a", wish, owner, warm_standby, all_up) == action::take_over);
  CHECK(decide_role("c", wish, owner, absent, all_up) == action::none);
  // The target was lost before it took over: the next in line goes on.
  CHECK(decide_role("a", {{"c", "a"}, 4}, owner, absent, seeing({{"c", presence::lost}})) == action::start_standby);
}

TEST_CASE("a standby that is not wanted any more ends") {
  CHECK(decide_role("b", wish, {"a", 6, 3}, warm_standby, all_up) == action::stop);
}
