#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <filesystem>
#include <fstream>

#include "actors/apiserver/auth/pki.hpp"
#include "runtime/pki/private_file.hpp"

using namespace actors::apiserver::auth;
namespace fs = std::filesystem;

namespace {

struct folder {
  fs::path path;
  folder() {
    char name[] = "/tmp/troupe-pki-test-XXXXXX";
    path = mkdtemp(name);
  }
  ~folder() { fs::remove_all(path); }
};

constexpr int64_t now = 1'800'000'000;

pki_options in(const folder& at, int64_t when = now, std::string_view address = "10.0.0.1") {
  return {at.path / "pki", server_names(address, "10.96.0.0/16"), when};
}

mode_t mode_of(const fs::path& path) {
  struct stat info {};
  REQUIRE(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 0777;
}

} // namespace

TEST_CASE("the server is known under its address, the standard names and the first service address") {
  const auto names = server_names("10.0.0.1", "10.96.0.0/16");
  for (const auto name : {"10.0.0.1", "127.0.0.1", "localhost", "kubernetes", "kubernetes.default",
                          "kubernetes.default.svc", "10.96.0.1"})
    CHECK(std::find(names.begin(), names.end(), name) != names.end());
}

TEST_CASE("keys are made once, kept private and reused") {
  folder at;
  const auto first = load_or_create_pki(in(at));
  for (const auto file : {"ca.key", "apiserver.key", "admin.key"})
    CHECK(mode_of(at.path / "pki" / file) == 0600);
  CHECK(mode_of(at.path / "pki") == 0700);
  const auto second = load_or_create_pki(in(at));
  CHECK(first.ca_pem == second.ca_pem);
  CHECK(first.server.certificate_pem == second.server.certificate_pem);
  CHECK(first.admin.key_pem == second.admin.key_pem);
  for (const auto& entry : fs::directory_iterator(at.path / "pki"))
    CHECK(entry.path().extension() != ".tmp");
}

TEST_CASE("certificates are renewed before they expire, under the same CA") {
  folder at;
  const auto first = load_or_create_pki(in(at));
  CHECK(expiry_of(first.admin.certificate_pem) == now + certificate_lifetime_seconds);
  const auto later = now + certificate_lifetime_seconds - renew_before_seconds + 1;
  const auto second = load_or_create_pki(in(at, later));
  CHECK(first.ca_pem == second.ca_pem);
  CHECK(first.admin.certificate_pem != second.admin.certificate_pem);
  CHECK(expiry_of(second.server.certificate_pem) == later + certificate_lifetime_seconds);
}

TEST_CASE("another address makes another server certificate and leaves the administrator's alone") {
  folder at;
  const auto first = load_or_create_pki(in(at));
  const auto second = load_or_create_pki(in(at, now, "10.0.0.2"));
  CHECK(first.server.certificate_pem != second.server.certificate_pem);
  CHECK(first.admin.certificate_pem == second.admin.certificate_pem);
}

TEST_CASE("damaged and missing files are named, with the remedy, and never overwritten") {
  folder at;
  load_or_create_pki(in(at));
  const auto file = at.path / "pki" / "apiserver.crt";
  std::ofstream{file} << "garbage";
  CHECK_THROWS_WITH(load_or_create_pki(in(at)), Catch::Contains("apiserver.crt") &&
                                                  Catch::Contains("damaged") && Catch::Contains("remove it"));
  CHECK(runtime::pki::read_private_file(file) == "garbage");
  fs::remove(file);
  CHECK_NOTHROW(load_or_create_pki(in(at)));
  fs::remove(at.path / "pki" / "ca.key");
  CHECK_THROWS_WITH(load_or_create_pki(in(at)), Catch::Contains("ca.key") && Catch::Contains("missing"));
}

TEST_CASE("a key that belongs to another certificate is noticed") {
  folder at, other;
  load_or_create_pki(in(at));
  load_or_create_pki(in(other));
  fs::copy_file(other.path / "pki" / "admin.key", at.path / "pki" / "admin.key",
                fs::copy_options::overwrite_existing);
  CHECK_THROWS_WITH(load_or_create_pki(in(at)), Catch::Contains("does not belong"));
}

TEST_CASE("the kubeconfig has everything within") {
  folder at;
  const auto text = render_kubeconfig(load_or_create_pki(in(at)), "https://127.0.0.1:6443", "troupe");
  CHECK(text.find("server: https://127.0.0.1:6443") != std::string::npos);
  CHECK(text.find("client-key-data: ") != std::string::npos);
  CHECK(text.find("certificate-authority-data: ") != std::string::npos);
}

TEST_CASE("apiservers of several hosts sign with one CA when they have it") {
  folder at;
  const auto own = load_or_create_pki(in(at)); // as a CA that is given to both
  fs::create_directories(at.path / "shared");
  fs::copy_file(at.path / "pki" / "ca.crt", at.path / "shared" / "api-ca.crt");
  fs::copy_file(at.path / "pki" / "ca.key", at.path / "shared" / "api-ca.key");
  for (const std::string host : {"one", "two"}) {
    auto options = in(at);
    options.folder = at.path / host;
    options.shared = at.path / "shared";
    const auto keys = load_or_create_pki(options);
    CHECK(keys.ca_pem == own.ca_pem);
    CHECK_FALSE(fs::exists(at.path / host / "ca.key"));
    CHECK(load_or_create_pki(options).server.certificate_pem == keys.server.certificate_pem);
  }
  // A host that had a CA of its own before signs anew.
  auto options = in(at);
  options.folder = at.path / "old";
  const auto before = load_or_create_pki(options);
  options.shared = at.path / "shared";
  const auto after = load_or_create_pki(options);
  CHECK(after.server.certificate_pem != before.server.certificate_pem);
  CHECK(after.ca_pem == own.ca_pem);

  fs::remove(at.path / "shared" / "api-ca.key");
  CHECK_THROWS_WITH(load_or_create_pki(options), Catch::Contains("api-ca.key is missing") && Catch::Contains("troupe pki init"));
}
