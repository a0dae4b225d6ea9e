#include "messages/codec/draft.hpp"

#include <catch2/catch.hpp>

#include <stdexcept>

using messages::codec::depth_of;
using messages::codec::draft;
using messages::codec::draft_kind;

TEST_CASE("a draft holds every JSON kind") {
  CHECK(draft().is_null());
  CHECK(draft(true).boolean());
  CHECK(draft(7).integer() == 7);
  CHECK(draft(uint16_t{7}).integer() == 7);
  CHECK(draft(INT64_MIN).integer() == INT64_MIN);
  CHECK(draft(1.5).number() == 1.5);
  CHECK(draft("x").str() == "x");
  CHECK(draft(std::string("x")).is_string());
  CHECK(draft(std::string_view("x")).is_string());
  CHECK(draft::make_array({1, "a", true}).size() == 3);
  CHECK(draft::make_object({{"a", 1}, {"b", draft::make_array()}}).size() == 2);
  CHECK_THROWS_AS(draft(1.0 / 0.0), std::logic_error);
}

TEST_CASE("an unsigned number beyond int64 keeps its value") {
  draft d(UINT64_MAX);
  CHECK(d.kind() == draft_kind::number);
  CHECK(d.number_text() == "18446744073709551615");
}

TEST_CASE("numbers keep a spelling that neither int64 nor double would print") {
  CHECK(draft::make_number("12").is_integer());
  CHECK(draft::make_number("-9223372036854775808").integer() == INT64_MIN);
  for (auto text : {"1.50", "1e3", "-0", "0.1", "123456789012345678901234567890", "1e400", "3.141592653589793238"})
    CHECK(draft::make_number(text).number_text() == text);
}

TEST_CASE("numbers are equal by value within a kind") {
  CHECK(draft::make_number("1.50") == draft(1.5));
  CHECK(draft::make_number("1e3") == draft::make_number("1000.0"));
  CHECK(draft::make_number("123456789012345678901234567890") != draft::make_number("123456789012345678901234567891"));
  CHECK(draft::make_number("-0") == draft::make_number("0.0"));
  CHECK(draft(1) != draft(1.0));
}

TEST_CASE("access to what is absent gives the fallback") {
  auto d = draft::make_object({{"spec", draft::make_object({{"replicas", 3}})}});
  CHECK(d.get("spec").get("replicas").integer(1) == 3);
  CHECK(d.at({"spec", "paused"}).boolean(true));
  CHECK(d.at({"spec", "replicas", "deeper"}).is_null());
  CHECK(d.find("nothing") == nullptr);
  CHECK(d.get("spec").str("none") == "none");
  CHECK(draft(1).find("x") == nullptr);
  CHECK(std::as_const(d).items().empty());
}

TEST_CASE("null becomes an object or a list when it is written to") {
  draft d;
  d["metadata"]["labels"]["app"] = "web";
  d["list"].push_back(1);
  CHECK(d.at({"metadata", "labels", "app"}).str() == "web");
  CHECK(d.get("list").items().size() == 1);
  CHECK_THROWS_AS(d["list"]["x"], std::logic_error);
  d.set("metadata", 1);
  CHECK(d.members().size() == 2);
  CHECK(d.erase("metadata"));
  CHECK_FALSE(d.erase("metadata"));
}

TEST_CASE("objects are equal regardless of order, also large ones") {
  CHECK(draft::make_object({{"a", 1}, {"b", 2}}) == draft::make_object({{"b", 2}, {"a", 1}}));
  CHECK(draft::make_object({{"a", 1}, {"b", 2}}) != draft::make_object({{"b", 2}, {"c", 1}}));
  draft up, down;
  for (int i = 0; i < 40; ++i) {
    up["k" + std::to_string(i)] = i;
    down["k" + std::to_string(39 - i)] = 39 - i;
  }
  CHECK(up == down);
  down["k7"] = 8;
  CHECK(up != down);
  CHECK(draft::make_array({1, 2}) != draft::make_array({2, 1}));
}

TEST_CASE("depth counts levels of lists and objects") {
  CHECK(depth_of(draft(1)) == 0);
  CHECK(depth_of(draft::make_object()) == 1);
  CHECK(depth_of(draft::make_array({draft::make_object({{"a", draft::make_array()}})})) == 3);
}

TEST_CASE("a member's name is the same whether it lies in the draft, is shared or is a copy") {
  using messages::codec::member_name;
  const std::string longest_inline(15, 'a'), shared(16, 'b'), own(70, 'c');
  member_name::share(shared);
  for (const auto& text : {std::string(), std::string("x"), longest_inline, shared, own}) {
    member_name name(text), copy(name), other("other");
    CHECK(name.view() == text);
    CHECK(name.size() == text.size());
    CHECK(copy == name);
    CHECK(name == std::string_view(text));
    CHECK_FALSE(name == other);
    other = copy;
    CHECK(other == name);
    member_name moved(std::move(other));
    CHECK(moved == name);
    moved = std::move(copy);
    CHECK(moved == name);
  }
}

TEST_CASE("a name that is shared later equals its earlier copies") {
  using messages::codec::member_name;
  const std::string text = "a name of the second schema";
  member_name before(text);
  member_name::share(text);
  CHECK(before == member_name(text));
  CHECK(member_name(text).view().data() == member_name(text).view().data());
}

TEST_CASE("texts of every length survive copies and moves") {
  for (size_t size = 0; size < 70; ++size) {
    const std::string text(size, 'x');
    draft value(text), copy(value);
    CHECK(copy.str() == text);
    draft moved(std::move(copy));
    CHECK(moved.str() == text);
    copy = moved;
    CHECK(copy == value);
    const auto spelled = "1" + std::string(size, '0') + ".0";
    draft number = draft::make_number(spelled);
    CHECK(draft(number).number_text() == spelled);
  }
}

TEST_CASE("a draft may be given a part of itself") {
  auto d = draft::make_object({{"spec", draft::make_array({1, draft::make_object({{"deep", "a text that does not lie in the draft"}})})}});
  auto copied = d;
  copied = copied.get("spec").items()[1];
  CHECK(copied.get("deep").str() == "a text that does not lie in the draft");
  d = std::move(d.find("spec")->items()[1]);
  CHECK(d == copied);
}
