#include <catch2/catch.hpp>

#include "actors/apiserver/http/query_options.hpp"

using namespace actors::apiserver::http;
using messages::codec::draft;

namespace {
list_options listed(std::string_view query, bool watch, int code = 0) {
  list_options options;
  const auto error = parse_list_options(*parse_url("/?" + std::string{query}), watch, options);
  CHECK(error.code == code);
  return options;
}
} // namespace

TEST_CASE("list options are read and checked together") {
  const auto options =
    listed("limit=500&resourceVersion=7&resourceVersionMatch=NotOlderThan&labelSelector=a", false);
  CHECK(options.limit == 500);
  CHECK(options.resource_version == 7);
  CHECK(options.match == version_match::not_older_than);
  CHECK(listed("resourceVersion=", false).resource_version == std::nullopt);
  CHECK(listed("resourceVersion=0", false).resource_version == 0);
  listed("resourceVersion=abc", false, 422);
  listed("limit=many", false, 400);
  listed("allowWatchBookmarks=perhaps", true, 400);
  listed("resourceVersionMatch=Exact&resourceVersion=0", false, 422);
  listed("resourceVersionMatch=NotOlderThan", true, 422);
  listed("continue=x&resourceVersion=5", false, 400);
  CHECK(listed("sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=1", true)
          .send_initial_events);
  listed("sendInitialEvents=true&resourceVersionMatch=NotOlderThan", false, 422);
}

TEST_CASE("delete options come from the body before the query") {
  delete_options options;
  const auto body = draft::make_object({{"gracePeriodSeconds", 1}, {"orphanDependents", true}});
  CHECK_FALSE(parse_delete_options(*parse_url("/?gracePeriodSeconds=9&dryRun=All"), body, options));
  CHECK(options.grace_period_seconds == 1);
  CHECK(options.dry_run);
  CHECK(options.propagation_policy == "Orphan");
  CHECK(
    parse_delete_options(*parse_url("/"), draft::make_object({{"gracePeriodSeconds", "1"}}), options).code ==
    400);
}
