// What `troupe pki init` makes, keeps and refuses; what a host accepts of it.
#include "runtime/mesh/identity.hpp"
#include "runtime/mesh/pki_init.hpp"
#include "runtime/pki/certificate.hpp"
#include "runtime/pki/private_file.hpp"

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <unistd.h>

using namespace runtime::mesh;
namespace fs = std::filesystem;

namespace {

constexpr int64_t now = 1'800'000'000;
constexpr int64_t day = 86'400;

struct folder {
  fs::path path;
  folder() {
    auto name = (fs::temp_directory_path() / "troupe-pki-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~folder() {
    fs::remove_all(path);
  }
  pki_init_options options(std::vector<std::string> hosts) const {
    return {.folder = path / "pki", .cluster = "troupe", .hosts = std::move(hosts), .api_hosts = {"host-a"}, .now_seconds = now};
  }
  std::string text(const fs::path& name) const {
    return runtime::pki::read_private_file(path / "pki" / name).value_or("");
  }
};

std::string refusal(const fs::path& pki, const std::string& host, int64_t at) {
  try {
    identity checked{pki, host, at};
    return {};
  } catch (const std::exception& e) {
    return e.what();
  }
}

unsigned mode(const fs::path& file) {
  return static_cast<unsigned>(fs::status(file).permissions());
}

} // namespace

TEST_CASE("each host gets what it needs, readable by its owner alone") {
  folder f;
  auto made = init_pki(f.options({"host-a", "host-b"}));
  CHECK(made.kept.empty());
  for (auto name : {"ca.key", "api-ca.key", "host-a/mesh.key", "host-a/api-ca.key", "host-b/mesh.key"})
    CHECK(mode(f.path / "pki" / name) == 0600);
  for (auto name : {"", "host-a", "host-b"})
    CHECK(mode(f.path / "pki" / name) == 0700);
  CHECK_FALSE(fs::exists(f.path / "pki/host-b/api-ca.key"));
  CHECK_FALSE(fs::exists(f.path / "pki/host-a/ca.key"));
  CHECK(refusal(f.path / "pki/host-a", "host-a", now + day) == "");
  CHECK(refusal(f.path / "pki/host-b", "host-b", now + day) == "");
}

TEST_CASE("running it again adds hosts and changes nothing else") {
  folder f;
  init_pki(f.options({"host-a"}));
  auto ca = f.text("ca.crt"), key = f.text("ca.key"), mine = f.text("host-a/mesh.crt");
  auto again = init_pki(f.options({"host-a", "host-b"}));
  CHECK(again.made == std::vector<std::string>{"host-b/mesh.crt", "host-b/ca.crt"});
  CHECK(f.text("ca.crt") == ca);
  CHECK(f.text("ca.key") == key);
  CHECK(f.text("host-a/mesh.crt") == mine);
  auto renewing = f.options({"host-a", "host-b"});
  renewing.renew = "host-a";
  auto renewed = init_pki(renewing);
  CHECK(renewed.made == std::vector<std::string>{"host-a/mesh.crt"});
  CHECK(f.text("host-a/mesh.crt") != mine);
  CHECK(refusal(f.path / "pki/host-a", "host-a", now) == "");
  renewing.renew = "host-z";
  CHECK_THROWS_WITH(init_pki(renewing), "the placement has no host `host-z` (host-a, host-b)");
}

TEST_CASE("a CA without its key is not replaced") {
  folder f;
  init_pki(f.options({"host-a"}));
  auto ca = f.text("ca.crt");
  fs::remove(f.path / "pki/ca.key");
  CHECK_THROWS_WITH(init_pki(f.options({"host-a"})), Catch::Contains("ca.key is missing; restore it"));
  CHECK(f.text("ca.crt") == ca);
}

TEST_CASE("a host starts with its own valid identity only") {
  folder f;
  init_pki(f.options({"host-a", "host-b"}));
  auto mine = f.path / "pki/host-a";
  CHECK_THAT(refusal(mine, "host-b", now),
             Catch::Contains("mesh.crt is of host-a.troupe.internal, and this host is host-b.troupe.internal"));
  CHECK_THAT(refusal(mine, "host-a", now + 400 * day), Catch::Contains("expired on 2028-01-15"));
  CHECK_THAT(refusal(mine, "host-a", now - day), Catch::Contains("is not valid before"));
  CHECK_THAT(refusal(f.path, "host-a", now), Catch::Contains("mesh.crt is missing"));
  fs::copy_file(f.path / "pki/host-b/mesh.key", mine / "mesh.key", fs::copy_options::overwrite_existing);
  CHECK_THAT(refusal(mine, "host-a", now), Catch::Contains("mesh.key does not belong to"));
  folder other;
  init_pki(other.options({"host-a"}));
  fs::copy_file(other.path / "pki/ca.crt", f.path / "pki/host-b/ca.crt", fs::copy_options::overwrite_existing);
  CHECK_THAT(refusal(f.path / "pki/host-b", "host-b", now), Catch::Contains("mesh.crt is not signed by"));
}
