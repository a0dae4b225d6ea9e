// Who gets a link, who does not, and that each refusal is counted, logged and harms nobody.
#include "tests/integration/mesh/network.hpp"

#include "runtime/mesh/frame.hpp"
#include "runtime/mesh/hello.hpp"
#include "runtime/pki/certificate.hpp"
#include "runtime/pki/private_file.hpp"

#include <catch2/catch.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/asio/write.hpp>

using namespace mesh_test;
using namespace runtime::mesh;
using namespace std::chrono_literals;
namespace net = boost::asio;
namespace pki = runtime::pki;

namespace {

/// Somebody who speaks to a host's address as he likes.
class stranger {
public:
  explicit stranger(const std::string& address) {
    auto colon = address.rfind(':');
    socket_.connect({net::ip::make_address(address.substr(0, colon)), static_cast<uint16_t>(std::stoi(address.substr(colon + 1)))});
  }

  void use(const std::string& certificate, const std::string& key) {
    context_.use_certificate(net::buffer(certificate), net::ssl::context::pem);
    context_.use_private_key(net::buffer(key), net::ssl::context::pem);
  }
  void use(const std::filesystem::path& folder) {
    use(*pki::read_private_file(folder / "mesh.crt"), *pki::read_private_file(folder / "mesh.key"));
  }
  void at_most_tls_1_2() {
    SSL_CTX_set_max_proto_version(context_.native_handle(), TLS1_2_VERSION);
  }

  /// Handshake, then `bytes`; returns what comes back until the end.
  std::string say(const std::string& bytes) {
    net::ssl::stream<net::ip::tcp::socket&> tls{socket_, context_};
    boost::system::error_code failure;
    tls.handshake(net::ssl::stream_base::client, failure);
    if (failure)
      return {};
    net::write(tls, net::buffer(bytes), failure);
    std::string answer;
    net::read(tls, net::dynamic_buffer(answer), failure);
    return answer;
  }

  std::string say_plain(const std::string& bytes) {
    boost::system::error_code failure;
    net::write(socket_, net::buffer(bytes), failure);
    std::string answer;
    net::read(socket_, net::dynamic_buffer(answer), failure);
    return answer;
  }

private:
  net::io_context io_;
  net::ip::tcp::socket socket_{io_};
  net::ssl::context context_{net::ssl::context::tls_client};
};

std::string hello_frame(const hello& value) {
  std::string out;
  append_frame(out, frame_type::hello, encode_hello(value));
  return out;
}

hello hello_of(const std::string& host) {
  return {.cluster = "troupe", .host = host, .incarnation = 1, .started_us = 1, .node = "00#1", .build = "test"};
}

uint64_t refused_for(node& at, const std::string& reason) {
  auto all = at.mesh().table()->refusals();
  return all.count(reason) ? all[reason] : 0;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

} // namespace

TEST_CASE("three hosts form a full mesh, and tell how fast it is") {
  world place{{"host-a", "host-b", "host-c"}};
  node a{place.options("host-a")}, b{place.options("host-b")}, c{place.options("host-c")};
  for (auto here : {&a, &b, &c})
    for (auto& entry : place.all)
      if (here->link(entry.name).host == entry.name) {
        CHECK(here->wait_up(entry.name));
        CHECK(eventually([&] { return here->link(entry.name).round_trip_us > 0; }));
        CHECK(here->seen().wait_event("up " + entry.name));
        CHECK(here->mesh().table()->refusals().empty());
      }
  CHECK(eventually([&] { return a.link("host-b").sees == std::vector<std::string>{"host-a", "host-c"}; }));
}

TEST_CASE("whoever does not prove its name is refused, and the mesh goes on") {
  world place{{"host-a", "host-b", "host-c"}};
  world other{{"host-a"}};
  node b{place.options("host-b")};
  auto address = place.address("host-b");
  auto refused = [&](const std::string& reason, uint64_t count = 1) {
    auto holds = eventually([&] { return refused_for(b, reason) == count; });
    if (!holds)
      for (auto& [why, seen] : b.mesh().table()->refusals())
        WARN(why << ": " << seen);
    return holds;
  };

  stranger{address}.say(hello_frame(hello_of("host-a")));
  CHECK(refused("no-certificate"));

  stranger foreign{address};
  foreign.use(other.pki("host-a"));
  foreign.say(hello_frame(hello_of("host-a")));
  CHECK(refused("wrong-ca"));

  stranger impostor{address};
  impostor.use(place.pki("host-c"));
  CHECK(has(impostor.say(hello_frame(hello_of("host-a"))),
            "its certificate is of host-c.troupe.internal, not of host-a.troupe.internal"));
  CHECK(refused("wrong-host"));

  auto ca = pki::load(place.path() / "pki", "ca", "");
  auto now = runtime::seams::system_clock{}.wall_seconds();
  auto key = pki::make_key();
  auto expired = pki::issue({"host-a.troupe.internal", ""},
                            {"critical,digitalSignature", "serverAuth,clientAuth", "DNS:host-a.troupe.internal", 3600},
                            key.get(), ca.certificate.get(), ca.key.get(), now - 7200);
  stranger late{address};
  late.use(pki::pem_of(expired.get()), pki::pem_of(key.get()));
  late.say(hello_frame(hello_of("host-a")));
  CHECK(refused("expired"));

  stranger{address}.say_plain("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  CHECK(refused("not-tls"));
  stranger{address}.say_plain(std::string(100'000, '\x5a'));
  CHECK(refused("not-tls", 2));
  stranger old{address};
  old.use(place.pki("host-a"));
  old.at_most_tls_1_2();
  old.say("");
  CHECK(refused("not-tls", 3));

  auto as_host_a = [&](const std::string& bytes) {
    stranger peer{address};
    peer.use(place.pki("host-a"));
    return peer.say(bytes);
  };
  as_host_a(std::string(100'000, 'x'));
  CHECK(refused("bad-frame"));
  auto newer = hello_of("host-a");
  newer.version = newer.version_oldest = 9;
  CHECK(has(as_host_a(hello_frame(newer)), "speaks mesh protocol 9, host host-b (troupe 0.1.0) speaks 1"));
  CHECK(refused("wrong-version"));
  auto staging = hello_of("host-a");
  staging.cluster = "staging";
  CHECK(has(as_host_a(hello_frame(staging)), "belongs to cluster `staging`"));
  CHECK(refused("wrong-cluster"));
  stranger wrong_way{address};
  wrong_way.use(place.pki("host-c"));
  CHECK(has(wrong_way.say(hello_frame(hello_of("host-c"))), "host host-b connects to host-c"));
  CHECK(refused("unknown-host"));

  for (auto reason : {"no-certificate", "wrong-ca", "wrong-host", "expired", "not-tls", "bad-frame", "wrong-version",
                      "wrong-cluster", "unknown-host"})
    CHECK(place.logged(std::string{"reason="} + reason));
  CHECK(place.logged("peer=127.0.0.1:"));

  node a{place.options("host-a")};
  CHECK(b.wait_up("host-a"));
  CHECK(b.seen().wait_role("echo/host-a"));
}

TEST_CASE("silent connections are bounded in time and number") {
  world place{{"host-a", "host-b"}};
  node b{place.options("host-b")};
  std::vector<std::unique_ptr<stranger>> silent;
  for (int i = 0; i < 80; ++i)
    silent.push_back(std::make_unique<stranger>(place.address("host-b")));
  CHECK(eventually([&] { return refused_for(b, "too-many") == 16; }));
  CHECK(eventually([&] { return refused_for(b, "too-slow") == 64; }, 6s));
  node a{place.options("host-a")};
  CHECK(b.wait_up("host-a"));
}

TEST_CASE("a host of another version or cluster is told why, on both sides") {
  world place{{"host-a", "host-b"}};
  auto options = place.options("host-a");
  options.cluster = "staging";
  node a{options}, b{place.options("host-b")};
  auto said = [&](node& at, const std::string& reason) { return eventually([&] { return refused_for(at, reason) > 0; }); };
  CHECK(said(a, "wrong-cluster"));
  CHECK(said(b, "wrong-cluster"));
  CHECK(a.link("host-b").state == link_state::down);
  CHECK(eventually([&] { return has(a.link("host-b").reason, "host host-b belongs to cluster `troupe`, host host-a to `staging`"); }));
}

TEST_CASE("a second process with a host's certificate does not take its link back and forth") {
  world place{{"host-a", "host-b"}};
  node b{place.options("host-b")};
  node first{place.options("host-a")};
  REQUIRE(b.wait_up("host-a"));
  auto options = place.options("host-a");
  options.data = place.path() / "second";
  std::filesystem::create_directories(options.data);
  options.all[0].address = "127.0.0.1:" + std::to_string(free_port());
  node second{options};
  CHECK(second.wait_up("host-b"));
  CHECK(eventually([&] { return refused_for(b, "duplicate") >= 3; }));
  CHECK(second.link("host-b").connects == 1);
  CHECK(place.logged("another process that started later runs as host host-a"));
}

TEST_CASE("a renewed certificate is used without a restart, a broken one is not") {
  world place{{"host-a", "host-b"}};
  node a{place.options("host-a")}, b{place.options("host-b")};
  REQUIRE(a.seen().wait_role("echo/host-b"));
  place.renew("host-a");
  b.restart_gate("test"); // links are made anew
  CHECK(eventually([&] { return a.link("host-b").connects >= 2; }));
  CHECK(place.logged("certificate read anew"));
  REQUIRE(a.seen().wait_role("echo/host-b"));
  auto key = place.pki("host-a") / "mesh.key";
  pki::write_private_file(key, "nonsense");
  b.restart_gate("test");
  CHECK(eventually([&] { return a.link("host-b").connects >= 3; }));
  CHECK(place.logged("the new certificate is not used"));
}

TEST_CASE("an address in use ends the start with a clear error") {
  world place{{"host-a", "host-b"}};
  node a{place.options("host-a")};
  auto options = place.options("host-b");
  options.all[1].address = place.address("host-a");
  options.all[0].address = place.address("host-b");
  CHECK_THROWS_WITH(node{options}, "mesh address " + place.address("host-a") + " of host host-b: Address already in use");
}
