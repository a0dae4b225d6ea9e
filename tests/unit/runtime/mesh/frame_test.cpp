// Frames: what is written is read, in whatever pieces it arrives; garbage is noticed and bounded.
#include "runtime/mesh/frame.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstring>
#include <random>

using namespace runtime::mesh;

namespace {

void feed(frame_buffer& buffer, std::string_view bytes) {
  auto [data, size] = buffer.prepare();
  REQUIRE(size >= bytes.size());
  std::memcpy(data, bytes.data(), bytes.size());
  buffer.commit(bytes.size());
}

} // namespace

TEST_CASE("frames come out as they went in, whatever the pieces") {
  std::mt19937 random{7};
  std::string wire;
  std::vector<std::string> sent;
  for (int i = 0; i < 200; ++i) {
    sent.emplace_back(random() % (i % 10 == 0 ? payload_bytes_max + 1 : 300), static_cast<char>('a' + i % 26));
    append_frame(wire, frame_type::data, sent.back());
  }
  frame_buffer buffer;
  std::vector<std::string> got;
  std::string_view rest = wire;
  while (!rest.empty()) {
    auto [data, size] = buffer.prepare();
    REQUIRE(size > 0);
    auto piece = std::min({rest.size(), size, size_t{1} + random() % 20'000});
    std::memcpy(data, rest.data(), piece);
    buffer.commit(piece);
    rest.remove_prefix(piece);
    while (auto next = buffer.next()) {
      CHECK(next->type == frame_type::data);
      got.emplace_back(next->payload);
    }
    REQUIRE_FALSE(buffer.bad());
  }
  CHECK(got == sent);
}

TEST_CASE("what is no frame is noticed") {
  frame_buffer unknown;
  feed(unknown, std::string{"\x63\0\0\0", 4});
  CHECK_FALSE(unknown.next());
  CHECK(unknown.bad());
  frame_buffer http;
  feed(http, "GET / HTTP/1.1\r\n\r\n");
  CHECK_FALSE(http.next());
  CHECK(http.bad());
  frame_buffer long_hello;
  std::string wire(frame_header_bytes, '\0');
  write_header(wire.data(), frame_type::hello, hello_bytes_max + 1);
  feed(long_hello, wire);
  CHECK_FALSE(long_hello.next());
  CHECK(long_hello.bad());
}

TEST_CASE("pings carry the hosts that the sender sees") {
  ping value{7, {"host-a", "host-b"}};
  auto got = decode_ping(encode_ping(value));
  REQUIRE(got);
  CHECK(got->sequence == 7);
  CHECK(got->sees == value.sees);
  CHECK_FALSE(decode_ping("short"));
  CHECK_FALSE(decode_ping(encode_ping({1, {}}) + "without end"));
  CHECK(decode_pong(encode_pong(UINT64_MAX)) == UINT64_MAX);
  CHECK_FALSE(decode_pong("1234567"));
}

TEST_CASE("a ping is bounded, however many hosts there are") {
  ping value{1, std::vector<std::string>(10'000, "a-rather-long-name-of-a-host")};
  CHECK(encode_ping(value).size() <= payload_bytes_max);
}

TEST_CASE("a reason cannot forge a log line") {
  CHECK(clean_reason("a\nb\x1b[31m") == "a b [31m");
  CHECK(clean_reason(std::string(5'000, 'x')).size() == reason_bytes_max);
}
