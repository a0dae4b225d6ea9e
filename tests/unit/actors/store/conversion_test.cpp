// Messages to engine types and back.
#include "tests/unit/actors/store/samples.hpp"

#include <catch2/catch.hpp>

using namespace actors::store;
using namespace actors::store::test;

TEST_CASE("an object comes back from storage as it was sent") {
  std::vector<storage::write> writes;
  append_writes(commit_of({put("/a", "hello", 7), erase("/b", 3), erase("/c")}), writes);
  REQUIRE(writes.size() == 3);
  CHECK(writes[0].key == "/a");
  CHECK(writes[0].expected == 7);
  CHECK(writes[1].kind == storage::change_kind::erase);
  CHECK(writes[1].expected == 3);
  CHECK(!writes[2].expected);
  storage::range_page page;
  page.at = 9;
  page.more = true;
  page.records.push_back({"/a", 4, 7, writes[0].value});
  const auto reply = to_reply(std::move(page));
  CHECK(reply->revision() == 9);
  CHECK(reply->more());
  const auto* record = reply->records()->Get(0);
  CHECK(record->key()->str() == "/a");
  CHECK(record->created() == 4);
  CHECK(record->modified() == 7);
  CHECK(text_of(reply.at(record->object())) == "hello");
  CHECK(reinterpret_cast<uintptr_t>(reply.at(record->object()).object.data()) % 8 == 0);
  CHECK(reply.at(record->object()).type->name() == "ConfigMap");
}

TEST_CASE("objects of every size come back as they were") {
  for (size_t size = 0; size < 9'500; size += 1 + size / 40) {
    const auto text = std::string(size, static_cast<char>('a' + size % 26));
    std::vector<storage::write> writes;
    append_writes(commit_of({put("/a", text)}), writes);
    storage::range_page page;
    page.records.push_back({"/a", 1, 1, writes[0].value});
    const auto reply = to_reply(std::move(page));
    const auto& object = reply.at(reply->records()->Get(0)->object()).object;
    REQUIRE(text_of(reply.at(reply->records()->Get(0)->object())) == text);
    REQUIRE(reinterpret_cast<uintptr_t>(object.data()) % 8 == 0);
    REQUIRE(writes[0].value.ends_with(object.bytes()));
  }
}

TEST_CASE("a stored value of an unknown table is reported, not served") {
  storage::range_page page;
  page.records.push_back({"/a", 1, 1, "nonsense"});
  CHECK_THROWS_WITH(to_reply(std::move(page)), Catch::Contains("\"/a\"") && Catch::Contains("does not know"));
}

TEST_CASE("malformed requests are told what is wrong") {
  CHECK(!find_fault(commit_of({put("/a", "x"), erase("/b")}), 2));
  CHECK(find_fault(commit_of({}), 2) == "a commit without writes");
  CHECK_THAT(*find_fault(commit_of({put("/a", "x"), put("/b", "x"), put("/c", "x")}), 2),
             Catch::Contains("3 writes, at most 2"));
  CHECK(find_fault(protocol::commit_request{}, 2).has_value());
  fb::CommitRequestT request;
  request.writes.push_back(std::make_unique<fb::WriteT>());
  request.writes.back()->key = "/a";
  CHECK_THAT(*find_fault(protocol::commit_request{request}, 2), Catch::Contains("\"/a\" without an object"));
}

TEST_CASE("an erase shares its last value as the previous one") {
  std::vector<storage::write> writes;
  append_writes(commit_of({put("/a", "last")}), writes);
  storage::change_page page;
  page.last = 2;
  page.changes.push_back({2, storage::change_kind::erase, "/a", writes[0].value, writes[0].value, 1, 1});
  const auto message = to_message("pods", 1, std::move(page));
  CHECK(changes_of(message) == "1..2 -/a=last@2(last)");
  CHECK(message.attachments().size() == 1);
  CHECK(message->shard()->str() == "pods");
  CHECK(message->changes()->Get(0)->created() == 1);
}
