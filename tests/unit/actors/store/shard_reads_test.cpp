// RangeRequest and RevisionRequest.
#include "tests/unit/actors/store/shard_fixture.hpp"

#include <catch2/catch.hpp>

using namespace actors::store;
using namespace actors::store::test;

namespace {

struct fixture : shard_fixture {
  std::string range(const std::string& prefix, const std::string& after = {}, int limit = 0,
                    int64_t revision = 0) {
    fb::RangeRequestT request;
    request.prefix = prefix;
    request.after = after;
    request.limit = limit;
    request.revision = revision;
    return answer<protocol::range_reply>(
      ask(protocol::range_request{request}), [](const protocol::range_reply& r) {
        std::string text = "@" + std::to_string(r->revision());
        if (r->records())
          for (const auto* record : *r->records())
            text += " " + record->key()->str() + "=" + text_of(r.at(record->object())) + "@" +
                    std::to_string(record->created()) + "/" + std::to_string(record->modified());
        return text + (r->more() ? " more" : "") + (r->compacted() ? " compacted" : "");
      });
  }

  std::string revisions() {
    return answer<protocol::revision_reply>(
      ask(protocol::revision_request{fb::RevisionRequestT{}}), [](const protocol::revision_reply& r) {
        return std::to_string(r->oldest()) + ".." + std::to_string(r->current());
      });
  }
};

} // namespace

TEST_CASE_METHOD(fixture, "a range shows the records of its prefix, in pages of one revision") {
  start();
  commit({put("/pods/a", "1"), put("/pods/b", "2"), put("/pods/c", "3"), put("/other", "4")});
  CHECK(range("/pods/") == "@4 /pods/a=1@1/1 /pods/b=2@2/2 /pods/c=3@3/3");
  CHECK(range("/pods/", "", 2) == "@4 /pods/a=1@1/1 /pods/b=2@2/2 more");
  commit({put("/pods/c", "new"), erase("/pods/a")});
  CHECK(range("/pods/", "/pods/b", 2, 4) == "@4 /pods/c=3@3/3");
  CHECK(range("/pods/") == "@6 /pods/b=2@2/2 /pods/c=new@3/5");
  CHECK(range("/none/") == "@6");
  CHECK(mailbox_empty());
}

TEST_CASE_METHOD(fixture, "a range is bounded whatever is asked") {
  bounds.range_records_max = 2;
  start();
  commit({put("/a", "1"), put("/b", "2"), put("/c", "3")});
  CHECK(range("/", "", 1'000'000) == "@3 /a=1@1/1 /b=2@2/2 more");
  CHECK(range("/", "", -1) == "@3 /a=1@1/1 /b=2@2/2 more");
}

TEST_CASE_METHOD(fixture, "a range at a forgotten revision is told so, at a future one is an error") {
  start();
  commit({put("/a", "1"), put("/a", "2"), put("/a", "3")});
  engine->compact(2, 10);
  CHECK(range("/", "", 0, 1) == "@2 compacted");
  CHECK(range("/", "", 0, 2) == "@2 /a=2@1/2");
  CHECK_THAT(range("/", "", 0, 9), Catch::Contains("revision 9 does not exist yet"));
}

TEST_CASE_METHOD(fixture, "reads are answered while a batch commits") {
  start();
  commit({put("/a", "1")});
  auto write = ask(commit_of({put("/a", "2")}));
  REQUIRE(scheduler().try_run_once());
  CHECK(engine->current() == 1);
  // The next message that the shard handles is the range, before the committer ran.
  fb::RangeRequestT request;
  request.prefix = "/";
  auto read = ask(protocol::range_request{request});
  CHECK(committed(write) == "done 2");
  CHECK(revisions() == "0..2");
  CHECK(answer<protocol::range_reply>(
          read, [](const protocol::range_reply& r) { return std::to_string(r->revision()); }) != "0");
}

TEST_CASE_METHOD(fixture, "a revision request tells the newest and the oldest") {
  start();
  CHECK(revisions() == "0..0");
  commit({put("/a", "1"), put("/a", "2")});
  CHECK(revisions() == "0..2");
  engine->compact(1, 10);
  CHECK(revisions() == "1..2");
}

TEST_CASE_METHOD(fixture, "readers of the process see how new a shard is while it serves") {
  constexpr auto unknown = runtime::host::shard_revisions::unknown;
  locked = 1;
  start();
  run();
  CHECK(revision->load() == unknown);
  advance(bounds.open_retry);
  commit({put("/a", "1"), put("/a", "2")});
  CHECK(revision->load() == 2);
  kill(shard.address());
  CHECK(revision->load() == unknown);
}
