// Who may come in: certificates, tokens, nobody.
#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <fstream>

#include "actors/apiserver/auth/pki.hpp"
#include "messages/codec/json.hpp"
#include "tests/integration/apiserver/fake_port.hpp"

using namespace tests;

namespace {
std::string message_of(const http_answer& answer) {
  return std::string{messages::codec::parse_json(answer.body).value.get("message").str()};
}
} // namespace

TEST_CASE("without credentials only health and version are served") {
  served_api api;
  auto client = api.anonymous();
  for (const auto target : {"/livez", "/readyz", "/healthz", "/version"})
    CHECK(client.request("GET", target).code == 200);
  const auto answer = client.request("GET", "/api/v1/namespaces/default/pods");
  CHECK(answer.code == 403);
  CHECK(message_of(answer) ==
        "pods is forbidden: User \"system:anonymous\" cannot list resource \"pods\" in API group \"\" in the "
        "namespace \"default\"");
  const auto path = client.request("GET", "/apis");
  CHECK(path.code == 403);
  CHECK(message_of(path) == "forbidden: User \"system:anonymous\" cannot get path \"/apis\"");
  CHECK(client.request("GET", "/nothing").code == 403);
}

TEST_CASE("bearer tokens: known, unknown, of another group, and changed while the server runs") {
  served_api api("secret-1,alice,1,\"system:masters\"\nsecret-2,bob,2\n");
  auto client = api.anonymous();
  CHECK(client.request("GET", "/api/v1/pods", "Authorization: Bearer secret-1\r\n").code == 200);
  CHECK(client.request("GET", "/api/v1/pods", "Authorization: bearer secret-1\r\n").code == 200);
  CHECK(client.request("GET", "/api/v1/pods", "Authorization: Bearer wrong\r\n").code == 401);
  CHECK(client.request("GET", "/livez", "Authorization: Bearer wrong\r\n").code == 401);
  const auto other = client.request("GET", "/api/v1/pods", "Authorization: Bearer secret-2\r\n");
  CHECK(other.code == 403);
  CHECK(message_of(other).find(
          "User \"bob\" cannot list resource \"pods\" in API group \"\" at the cluster scope") !=
        std::string::npos);
  CHECK(client.request("GET", "/apis", "Authorization: Bearer secret-2\r\n").code == 200);
  std::ofstream{api.data / "pki" / "tokens.csv"} << "secret-3,carol,3,\"system:masters\"\n";
  int code = 0;
  for (int i = 0; i < 300 && code != 200; ++i) {
    code = client.request("GET", "/api/v1/pods", "Authorization: Bearer secret-3\r\n").code;
    usleep(10'000);
  }
  CHECK(code == 200);
  CHECK(client.request("GET", "/api/v1/pods", "Authorization: Bearer secret-1\r\n").code == 401);
}

TEST_CASE("a certificate of another CA is no credential, and is told so") {
  served_api api, other;
  https_client client{api.server->port(), other.data / "pki" / "admin.crt", other.data / "pki" / "admin.key"};
  const auto answer = client.request("GET", "/api/v1/pods");
  CHECK(answer.code == 401);
  CHECK(message_of(answer) == "Unauthorized");
  // The server's own certificate is not meant for clients.
  https_client server{api.server->port(), api.data / "pki" / "apiserver.crt",
                      api.data / "pki" / "apiserver.key"};
  CHECK(server.request("GET", "/api/v1/pods").code == 401);
}

TEST_CASE("impersonation is refused clearly") {
  served_api api;
  const auto answer = api.admin().request("GET", "/api/v1/pods", "Impersonate-User: eve\r\n");
  CHECK(answer.code == 403);
  CHECK(message_of(answer).find("impersonation is not supported") != std::string::npos);
}

TEST_CASE("a damaged token file stops the start") {
  CHECK_THROWS_WITH(served_api("token-without-user\n"), Catch::Contains("tokens.csv") &&
                                                          Catch::Contains("line 1") &&
                                                          !Catch::Contains("token-without-user\n"));
}
