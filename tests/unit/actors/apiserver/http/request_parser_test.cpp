#include <catch2/catch.hpp>

#include "actors/apiserver/http/request_parser.hpp"

using namespace actors::apiserver::http;
using state = request_parser::state;

namespace {
/// Feeds `text` in pieces of `size` bytes; gives the last state and what was not taken.
state feed(request_parser& parser, std::string& text, size_t size) {
  std::string waiting;
  state last = state::more;
  while (true) {
    size_t taken = 0;
    last = parser.feed(waiting, taken);
    waiting.erase(0, taken);
    if (last == state::done || last == state::failed)
      break;
    if (last == state::headers_done && !waiting.empty())
      continue;
    if (text.empty())
      break;
    waiting += text.substr(0, size);
    text.erase(0, std::min(size, text.size()));
  }
  text.insert(0, waiting);
  return last;
}
} // namespace

TEST_CASE("a request is the same in whatever pieces it arrives, and what follows is left alone") {
  const std::string request =
    "POST /a?b=c HTTP/1.1\r\nHost: x\r\nX-Y: z\r\nTransfer-Encoding: "
    "chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (size_t size = 1; size < request.size() + 10; ++size) {
    request_parser parser;
    std::string text = request + "GET /next HTTP/1.1\r\n\r\n";
    REQUIRE(feed(parser, text, size) == state::done);
    CHECK(parser.keep_alive());
    const auto got = parser.take();
    CHECK(got.method == "POST");
    CHECK(got.target == "/a?b=c");
    CHECK(got.find("x-y") == "z");
    CHECK(got.body == "abcde");
    REQUIRE(feed(parser, text, size) == state::done);
    CHECK(parser.take().target == "/next");
    CHECK(text.empty());
  }
}

TEST_CASE("limits have codes of their own") {
  const auto fails = [](std::string text) {
    request_parser parser;
    CHECK(feed(parser, text, 1'000) == state::failed);
    return parser.failure().code;
  };
  CHECK(fails("GET / HTTP/1.1\r\nA: " + std::string(header_bytes_max, 'x') + "\r\n\r\n") == 431);
  CHECK(fails("POST / HTTP/1.1\r\nContent-Length: " + std::to_string(body_bytes_max + 1) + "\r\n\r\n") ==
        413);
  CHECK(fails("GET / HTTP/1.1\r\nHost\r\n\r\n") == 400);
  CHECK(fails("GET / HTTP/7.1\r\n\r\n") == 505);
}
