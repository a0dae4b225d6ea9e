#include "messages/codec/json.hpp"

#include <catch2/catch.hpp>

using namespace messages::codec;

namespace {

std::string again(std::string_view text) {
  auto read = parse_json(text);
  return read.error ? "error: " + read.error->message : to_json(read.value);
}

std::string nested(size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

} // namespace

TEST_CASE("JSON survives as it was written, but for white space") {
  for (auto text : {R"({"a":1,"b":[true,false,null,"x",{}],"c":{"d":[]}})", "[]", "{}", "1", "\"x\"", "null", "true",
                    "1.50", "-0", "1e400", "123456789012345678901234567890", "[0.1,1E5,-1.5e-7]"})
    CHECK(again(text) == text);
  CHECK(again(" \n{ \"a\" : [ 1 , 2 ] }\t") == R"({"a":[1,2]})");
}

TEST_CASE("text that is no JSON is refused") {
  for (auto text : {"", " ", "{", "}", "[1,", "[1 2]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "[1,]", "{} {}", "[] x", "1 2", "1,2",
                    "nul", "nulll", "tru", "truex", "01", "1.", ".5", "+1", "1e", "--1", "0x1", "NaN", "Infinity", "'a'",
                    "{\"a\":nulx}", "{\"a\":truefalse}", "{a:1}", "[1}", "{\"a\":1]", "\"a", "\"\\x\"", "\"\\u12\"", "\"\n\"",
                    "[\"\\ud800\"]", "],[", "1],[2", "{\"a\":1}}", "[[1]", "{\"a\" 1}", "{\"a\"::1}", "[,1]", "{,}", "/**/1"}) {
    INFO(text);
    CHECK(parse_json(text).error);
  }
  CHECK(parse_json("[\"\xff\"]").error);
  CHECK(parse_json("{\"\xc3\x28\":1}").error);
  CHECK(parse_json(std::string_view("[1]\0", 4)).error);
  CHECK(parse_json(std::string_view("[\0]", 3)).error);
}

TEST_CASE("duplicate keys are reported with their path, the last one counts") {
  auto read = parse_json(R"({"spec":{"x":1,"list":[{"y":1,"y":2}],"x":3}})");
  REQUIRE_FALSE(read.error);
  CHECK(read.strict_errors == std::vector<std::string>{R"(duplicate field "spec.list[0].y")", R"(duplicate field "spec.x")"});
  CHECK(to_json(read.value) == R"({"spec":{"x":3,"list":[{"y":2}]}})");
  CHECK(again(R"({"a":1,"a":2,"a":3,"b":4})") == R"({"a":3,"b":4})");
}

TEST_CASE("duplicates are found in large objects, too, and the report is bounded") {
  std::string text = "{";
  for (int i = 0; i < 1000; ++i)
    text += "\"k" + std::to_string(i % 500) + "\":" + std::to_string(i) + ",";
  text.back() = '}';
  auto read = parse_json(text);
  REQUIRE_FALSE(read.error);
  CHECK(read.value.size() == 500);
  CHECK(read.value.get("k7").integer() == 507);
  CHECK(read.strict_errors.size() == strict_errors_max);
}

TEST_CASE("depth and size are limited") {
  CHECK_FALSE(parse_json(nested(json_depth_max)).error);
  auto deep = parse_json(nested(json_depth_max + 1));
  REQUIRE(deep.error);
  CHECK(deep.error->message == "json: exceeded max depth of 512");
  CHECK(parse_json(nested(200000)).error);
  CHECK(parse_json(std::string(200000, '[')).error);
  CHECK(parse_json("[1,2,3]", {10, 5}).error);
  CHECK(parse_json("[[1]]", {1, 100}).error);
  CHECK(parse_json("\"" + std::string(json_bytes_max, 'x') + "\"").error);
  CHECK_FALSE(parse_json("\"" + std::string(json_bytes_max - 2, 'x') + "\"").error);
}

TEST_CASE("strings are escaped as Go does") {
  CHECK(to_json(draft("<a href=\"x\">&</a>")) == R"("\u003ca href=\"x\"\u003e\u0026\u003c/a\u003e")");
  CHECK(to_json(draft(std::string("\b\f\n\r\t\x01\x1f\x7f\\\0", 10))) == "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\\\\\\u0000\"");
  CHECK(to_json(draft("\u2028\u2029\u2027")) == "\"\\u2028\\u2029\u2027\"");
  CHECK(to_json(draft("gr\u00fc\u00df \U0001F600")) == "\"gr\u00fc\u00df \U0001F600\"");
  CHECK(to_json(draft("a\xff\xc0\x80z")) == "\"a\\ufffd\\ufffd\\ufffdz\"");
  CHECK(to_json(draft("plain text of more than eight bytes")) == "\"plain text of more than eight bytes\"");
  for (int c = 1; c < 128; ++c)
    for (size_t at : {0u, 3u, 7u, 8u, 12u}) {
      std::string text(13, 'a');
      text[at] = static_cast<char>(c);
      CHECK(parse_json(to_json(draft(text))).value.str() == text);
    }
}

TEST_CASE("strings are unescaped") {
  CHECK(parse_json(R"("\u0041\ud83d\ude00\n\/")").value.str() == "A\U0001F600\n/");
  CHECK(parse_json(R"({"a\"b":1})").value.contains("a\"b"));
  CHECK(parse_json(R"("\u0000")").value.str() == std::string_view("\0", 1));
}

TEST_CASE("syntax errors say where") {
  auto read = parse_json(R"({"spec":{"list":[1,{"x":nope}]}})");
  REQUIRE(read.error);
  CHECK(read.error->path == "spec.list[1].x");
}
