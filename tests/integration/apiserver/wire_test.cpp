// What clients may do to the wire: every request gets an answer, and nobody holds a thread.
#include <catch2/catch.hpp>

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>
#include <chrono>
#include <functional>
#include <future>
#include <thread>

#include "tests/integration/apiserver/fake_port.hpp"

using namespace tests;

TEST_CASE("keep-alive serves many requests on one connection, in order when pipelined") {
  served_api api;
  auto client = api.admin();
  for (int i = 0; i < 50; ++i)
    REQUIRE(client.request("GET", "/version").code == 200);
  std::string burst;
  for (int i = 0; i < 20; ++i)
    burst +=
      i % 2 == 0 ? "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n" : "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(burst);
  for (int i = 0; i < 20; ++i)
    REQUIRE(client.receive().code == (i % 2 == 0 ? 200 : 404));
}

TEST_CASE("malformed requests get an answer, then the connection ends") {
  served_api api;
  const std::vector<std::pair<std::string, int>> cases = {
    {"GARBAGE\r\n\r\n", 400},
    {"GET / HTTP/9.9\r\n\r\n", 505},
    {"GET /version HTTP/1.1\r\nBad Header\r\n\r\n", 400},
    {"GET /version HTTP/1.1\r\nA: b\r\nContent-Length: x\r\n\r\n", 400},
    {"POST /api/v1/namespaces HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabc", 400},
    {"POST /api/v1/namespaces HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400},
    {"POST /api/v1/namespaces HTTP/1.1\r\nContent-Length: 4000000\r\n\r\n", 413},
    {"GET /" + std::string(100'000, 'a') + " HTTP/1.1\r\n\r\n", 431},
    {"GET /version HTTP/1.1\r\nX: " + std::string(100'000, 'a') + "\r\n\r\n", 431},
    {"GET /%zz HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"GET nothing HTTP/1.1\r\nHost: x\r\n\r\n", 400},
  };
  for (const auto& [bytes, code] : cases) {
    INFO(bytes.substr(0, 80));
    auto client = api.admin();
    client.send(bytes);
    const auto answer = client.receive();
    CHECK(answer.code == code);
    CHECK(answer.body.find("\"kind\":\"Status\"") != std::string::npos);
  }
  CHECK(api.admin().request("GET", "/livez").code == 200);
}

TEST_CASE("a request that ends in the middle is answered") {
  served_api api;
  auto client = api.admin();
  client.send("POST /api/v1/namespaces HTTP/1.1\r\nContent-Length: 10\r\n\r\nabc");
  ::shutdown(client.socket(), SHUT_WR);
  CHECK(client.receive().code == 400);
}

TEST_CASE("a body over the limit is refused with a Status even while the client is still sending it") {
  served_api api;
  auto client = api.admin();
  const auto answer = client.request("POST", "/api/v1/namespaces/default/pods",
                                     "Content-Type: application/json\r\n", std::string(4u << 20, ' '));
  CHECK(answer.code == 413);
  CHECK(answer.body.find("RequestEntityTooLarge") != std::string::npos);
  // Chunked, so that the size is not known beforehand.
  auto second = api.admin();
  second.send(
    "POST /api/v1/namespaces/default/pods HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
  for (int i = 0; i < 64; ++i)
    second.send("10000\r\n" + std::string(0x10000, ' ') + "\r\n");
  CHECK(second.receive().code == 413);
}

TEST_CASE("Expect: 100-continue, HEAD and HTTP/1.0") {
  served_api api;
  auto client = api.admin();
  client.send(
    "POST /api/v1/namespaces/default/pods HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: "
    "2\r\n\r\n");
  CHECK(client.receive().code == 100);
  client.send("{}");
  CHECK(client.receive().code != 0);
  const auto head = client.request("HEAD", "/version");
  CHECK(head.code == 200);
  CHECK(std::stoi(head.header("content-length")) > 10);
  client.send("GET /version HTTP/1.0\r\n\r\n");
  const auto old = client.receive();
  CHECK(old.code == 200);
  CHECK(old.header("connection") == "close");
  CHECK(client.ended());
}

TEST_CASE("plain HTTP on the HTTPS port is told so") {
  served_api api;
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(api.server->port());
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  const std::string text = "GET / HTTP/1.1\r\n\r\n";
  REQUIRE(::send(fd, text.data(), text.size(), 0) == static_cast<ssize_t>(text.size()));
  std::string got;
  char block[512];
  for (ssize_t n; (n = ::recv(fd, block, sizeof block, 0)) > 0;)
    got.append(block, static_cast<size_t>(n));
  ::close(fd);
  CHECK(got.find("400 Bad Request") != std::string::npos);
  CHECK(got.find("HTTP request to an HTTPS server") != std::string::npos);
}

TEST_CASE("clients that stop in the middle do not hold up others") {
  served_api api;
  std::vector<std::unique_ptr<https_client>> slow;
  for (int i = 0; i < 40; ++i) {
    slow.push_back(std::make_unique<https_client>(api.server->port()));
    slow.back()->send("GET /version HTTP/1.1\r\nHo");
  }
  const auto before = std::chrono::steady_clock::now();
  for (int i = 0; i < 20; ++i)
    REQUIRE(api.admin().request("GET", "/version").code == 200);
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds{5});
  for (auto& client : slow)
    client->send("st: x\r\n\r\n");
  for (auto& client : slow)
    CHECK(client->receive().code == 200);
}

TEST_CASE("stopping ends idle connections and streams within two seconds") {
  auto api = std::make_unique<served_api>();
  auto idle = api->admin();
  REQUIRE(idle.request("GET", "/livez").code == 200);
  auto watcher = api->admin();
  REQUIRE(watcher.begin_stream("/api/v1/pods?watch=1").code == 200);
  const auto before = std::chrono::steady_clock::now();
  api.reset();
  CHECK(std::chrono::steady_clock::now() - before < std::chrono::seconds{2});
  CHECK(idle.ended());
  CHECK(watcher.line(1).empty());
}

TEST_CASE("a connection that a stopping server says to keep is answered on once more") {
  served_api api;
  std::promise<std::function<void()>> held;
  api.port->on_answer_ = [&](std::function<void()> answer) { held.set_value(std::move(answer)); };
  auto busy = api.admin(), idle = api.admin();
  REQUIRE(idle.request("GET", "/livez").code == 200);
  busy.send("DELETE /api/v1/namespaces/default/pods/x HTTP/1.1\r\nHost: x\r\n\r\n");
  auto answer = held.get_future().get();
  std::thread stopping{[&] { api.server->drain(); }};
  // The stop reaches the threads of the server one after the other: it has come to this one.
  http_answer seen;
  do
    seen = idle.request("GET", "/livez");
  while (seen.code == 200 && seen.header("connection") != "close");
  CHECK(seen.code == 200);
  CHECK(idle.ended());
  answer();
  seen = busy.receive();
  for (int i = 0; i < 100 && seen.code == 200 && seen.header("connection") != "close"; ++i)
    seen = busy.request("GET", "/livez");
  CHECK(seen.code == 200);
  CHECK(seen.header("connection") == "close");
  CHECK(busy.ended());
  stopping.join();
}

TEST_CASE("a taken port is one clear error") {
  served_api api;
  api::http::server_options options;
  options.address = "127.0.0.1:" + std::to_string(api.server->port());
  options.data = api.data / "second";
  CHECK_THROWS_WITH(api::http::start(options, api.port, {}), Catch::Contains("cannot listen on 127.0.0.1:") &&
                                                               Catch::Contains("Address already in use"));
}

TEST_CASE("a write whose answer is lost is answered all the same") {
  served_api api;
  api.port->answers_ = false;
  const auto answer = api.admin().request("DELETE", "/api/v1/namespaces/default/pods/x");
  CHECK(answer.code == 500);
  CHECK(answer.body.find("InternalError") != std::string::npos);
}
