#include "messages/codec/json_patch.hpp"
#include "messages/codec/merge_patch.hpp"

#include <catch2/catch.hpp>

using namespace messages::codec;

namespace {

draft json(std::string_view text) {
  auto read = parse_json(text);
  REQUIRE_FALSE(read.error);
  return read.value;
}

std::string patched(std::string_view target, std::string_view patch) {
  auto value = json(target);
  auto before = value;
  auto error = apply_json_patch(value, json(patch));
  if (!error)
    return to_json(value);
  CHECK(value == before);
  return "error: " + error->message;
}

std::string merged(std::string_view target, std::string_view patch) {
  auto value = json(target);
  apply_merge_patch(value, json(patch));
  return to_json(value);
}

} // namespace

TEST_CASE("JSON patch: the examples of RFC 6902") {
  CHECK(patched(R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux"}])") == R"({"foo":"bar","baz":"qux"})");
  CHECK(patched(R"({"foo":["bar","baz"]})", R"([{"op":"add","path":"/foo/1","value":"qux"}])") == R"({"foo":["bar","qux","baz"]})");
  CHECK(patched(R"({"baz":"qux","foo":"bar"})", R"([{"op":"remove","path":"/baz"}])") == R"({"foo":"bar"})");
  CHECK(patched(R"({"foo":["bar","qux","baz"]})", R"([{"op":"remove","path":"/foo/1"}])") == R"({"foo":["bar","baz"]})");
  CHECK(patched(R"({"baz":"qux","foo":"bar"})", R"([{"op":"replace","path":"/baz","value":"boo"}])") == R"({"baz":"boo","foo":"bar"})");
  CHECK(patched(R"({"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}})",
                R"([{"op":"move","from":"/foo/waldo","path":"/qux/thud"}])")
        == R"({"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}})");
  CHECK(patched(R"({"foo":["all","grass","cows","eat"]})", R"([{"op":"move","from":"/foo/1","path":"/foo/3"}])")
        == R"({"foo":["all","cows","eat","grass"]})");
  CHECK(patched(R"({"baz":"qux","foo":["a",2,"c"]})", R"([{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2}])")
        == R"({"baz":"qux","foo":["a",2,"c"]})");
  CHECK(patched(R"({"foo":"bar"})", R"([{"op":"add","path":"/child","value":{"grandchild":{}}}])") == R"({"foo":"bar","child":{"grandchild":{}}})");
  CHECK(patched(R"({"foo":"bar"})", R"([{"op":"add","path":"/baz","value":"qux","xyz":123}])") == R"({"foo":"bar","baz":"qux"})");
  CHECK(patched(R"({"/":9,"~1":10})", R"([{"op":"test","path":"/~01","value":10},{"op":"remove","path":"/~1"}])") == R"({"~1":10})");
  CHECK(patched(R"({"foo":["bar"]})", R"([{"op":"add","path":"/foo/-","value":["abc","def"]}])") == R"({"foo":["bar",["abc","def"]]})");
  CHECK(patched(R"({"a":{"b":1}})", R"([{"op":"copy","from":"/a","path":"/c"}])") == R"({"a":{"b":1},"c":{"b":1}})");
  CHECK(patched(R"({"a":1})", R"([{"op":"replace","path":"","value":[1]}])") == "[1]");
  CHECK(patched("[1,2,3]", R"([{"op":"remove","path":"/-1"}])") == "[1,2]");
  CHECK(patched(R"({"a":1})", "[]") == R"({"a":1})");
}

TEST_CASE("JSON patch: failures are told in upstream's words and change nothing") {
  CHECK(patched(R"({"baz":"qux"})", R"([{"op":"add","path":"/x","value":1},{"op":"test","path":"/baz","value":"bar"}])")
        == "error: testing value /baz failed: test failed");
  CHECK(patched("{}", R"([{"op":"test","path":"/a","value":1}])") == "error: testing value /a failed: test failed");
  CHECK(patched("{}", R"([{"op":"test","path":"/a","value":null}])") == "{}");
  CHECK(patched("{}", R"([{"op":"remove","path":"/a"}])")
        == "error: error in remove for path: '/a': Unable to remove nonexistent key: a: missing value");
  CHECK(patched("{}", R"([{"op":"remove","path":"/a/b"}])")
        == "error: remove operation does not apply: doc is missing path: \"/a/b\": missing value");
  CHECK(patched("{}", R"([{"op":"add","path":"/a/b","value":1}])")
        == "error: add operation does not apply: doc is missing path: \"/a/b\": missing value");
  CHECK(patched("{}", R"([{"op":"replace","path":"/a","value":1}])")
        == "error: replace operation does not apply: doc is missing key: /a: missing value");
  CHECK(patched("[1]", R"([{"op":"add","path":"/3","value":1}])")
        == "error: error in add for path: '/3': Unable to access invalid index: 3: invalid index referenced");
  CHECK(patched("{}", R"([{"op":"copy","from":"/a","path":"/b"}])")
        == "error: copy operation does not apply: doc is missing from path: /a: missing value");
  CHECK(patched("{}", R"([{"op":"frob","path":"/a"}])") == "error: Unexpected kind: frob");
  for (auto patch : {R"({"op":"add"})", R"([1])", R"([{"op":"add","path":"/a"}])", R"([{"op":"add","value":1}])",
                     R"([{"op":"add","path":"a","value":1}])", R"([{"op":"add","path":"/~2","value":1}])",
                     R"([{"op":"remove","path":""}])", R"([{"op":"move","path":"/a"}])"})
    CHECK(patched("{}", patch).starts_with("error: "));
  CHECK(patched(R"({"a":{"b":1}})", R"([{"op":"move","from":"/a","path":"/a/b"}])").starts_with("error: "));
}

TEST_CASE("JSON patch: copies cannot blow up the object") {
  std::string doubling = R"([{"op":"add","path":"/a","value":")" + std::string(100, 'x') + R"("})";
  for (int i = 0; i < 40; ++i)
    doubling += R"(,{"op":"copy","from":"","path":"/c)" + std::to_string(i) + "\"}";
  CHECK(patched("{}", doubling + "]").find("exceeding the limit 3145728") != std::string::npos);
  auto many = draft::make_array();
  for (size_t i = 0; i <= json_patch_operations_max; ++i)
    many.push_back(draft::make_object({{"op", "test"}, {"path", ""}, {"value", 1}}));
  draft one = 1;
  CHECK(apply_json_patch(one, many)->message == "The allowed maximum operations in a JSON patch is 10000, got 10001");
}

TEST_CASE("JSON patch: depth stays bounded") {
  draft deep = draft::make_object();
  for (int i = 0; i < 300; ++i)
    deep = draft::make_object({{"a", std::move(deep)}});
  auto target = draft::make_object({{"x", deep}});
  std::string pointer = "/x";
  for (int i = 0; i < 300; ++i)
    pointer += "/a";
  auto patch = draft::make_array({draft::make_object({{"op", "copy"}, {"from", "/x"}, {"path", pointer + "/b"}})});
  auto error = apply_json_patch(target, patch);
  REQUIRE(error);
  CHECK(error->message == "JSON patch exceeds max depth of 512");
}

TEST_CASE("merge patch: the examples of RFC 7386") {
  CHECK(merged(R"({"a":"b"})", R"({"a":"c"})") == R"({"a":"c"})");
  CHECK(merged(R"({"a":"b"})", R"({"b":"c"})") == R"({"a":"b","b":"c"})");
  CHECK(merged(R"({"a":"b"})", R"({"a":null})") == "{}");
  CHECK(merged(R"({"a":"b","b":"c"})", R"({"a":null})") == R"({"b":"c"})");
  CHECK(merged(R"({"a":["b"]})", R"({"a":"c"})") == R"({"a":"c"})");
  CHECK(merged(R"({"a":"c"})", R"({"a":["b"]})") == R"({"a":["b"]})");
  CHECK(merged(R"({"a":{"b":"c"}})", R"({"a":{"b":"d","c":null}})") == R"({"a":{"b":"d"}})");
  CHECK(merged(R"({"a":[{"b":"c"}]})", R"({"a":[1]})") == R"({"a":[1]})");
  CHECK(merged(R"(["a","b"])", R"(["c","d"])") == R"(["c","d"])");
  CHECK(merged(R"({"a":"b"})", R"(["c"])") == R"(["c"])");
  CHECK(merged(R"({"a":"foo"})", "null") == "null");
  CHECK(merged(R"({"e":null})", R"({"a":1})") == R"({"e":null,"a":1})");
  CHECK(merged("[1,2]", R"({"a":"b","c":null})") == R"({"a":"b"})");
  CHECK(merged("{}", R"({"a":{"bb":{"ccc":null}}})") == R"({"a":{"bb":{}}})");
}

TEST_CASE("merge patch: large objects") {
  draft target, patch;
  for (int i = 0; i < 20000; ++i) {
    target["x"].members().emplace_back("k" + std::to_string(i), i);
    patch["x"].members().emplace_back("k" + std::to_string(i), i % 2 == 0 ? draft() : draft(-i));
  }
  apply_merge_patch(target, patch);
  CHECK(target.get("x").size() == 10000);
  CHECK(target.at({"x", "k9"}).integer() == -9);
  CHECK(target.at({"x", "k8"}).is_null());
}
