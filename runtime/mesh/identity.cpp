#include "runtime/mesh/identity.hpp"

#include "runtime/mesh/hello.hpp"
#include "runtime/pki/certificate.hpp"
#include "runtime/pki/private_file.hpp"

#include <algorithm>
#include <ctime>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdexcept>

namespace runtime::mesh {

namespace {

namespace ssl = boost::asio::ssl;
namespace fs = std::filesystem;

constexpr std::string_view remedy = "make it anew with `troupe pki init PLACEMENT --out DIR --renew HOST`";

[[noreturn]] void fail(const fs::path& file, const std::string& why) {
  throw std::runtime_error(fmt::format("mesh identity: {} {}; {}", file.string(), why, remedy));
}

std::string day_of(int64_t seconds) {
  return fmt::format("{:%Y-%m-%d}", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

pki::stored_pair load_pair(const fs::path& folder) {
  auto pair = pki::load(folder, "mesh", remedy);
  if (!pair.certificate)
    fail(folder / "mesh.crt", "is missing");
  if (!pair.key)
    fail(folder / "mesh.key", "is missing");
  return pair;
}

pki::certificate_ptr load_ca(const fs::path& folder) {
  auto file = folder / "ca.crt";
  auto text = pki::read_private_file(file);
  if (!text)
    fail(file, "is missing");
  auto ca = pki::parse_certificate(*text);
  if (!ca)
    fail(file, "is damaged (no PEM certificate)");
  return ca;
}

void check(const fs::path& folder, X509* certificate, X509* ca, const std::string& host, int64_t now) {
  auto file = folder / "mesh.crt";
  if (!pki::signed_by(certificate, X509_get0_pubkey(ca)))
    fail(file, "is not signed by " + (folder / "ca.crt").string());
  auto names = names_of(certificate);
  auto wanted = host + std::string{domain};
  if (std::find(names.begin(), names.end(), wanted) == names.end())
    fail(file, fmt::format("is of {}, and this host is {}", fmt::join(names, ", "), wanted));
  if (auto end = pki::expiry_of(certificate); end <= now)
    fail(file, "expired on " + day_of(end));
  if (auto start = pki::start_of(certificate); start > now)
    fail(file, "is not valid before " + day_of(start) + " (is this machine's clock right?)");
  if (auto end = pki::expiry_of(ca); end <= now)
    fail(folder / "ca.crt", "expired on " + day_of(end));
}

void prepare(ssl::context& context, const pki::stored_pair& pair, const std::string& ca) {
  auto native = context.native_handle();
  SSL_CTX_set_min_proto_version(native, TLS1_3_VERSION);
  if (SSL_CTX_use_certificate(native, pair.certificate.get()) != 1 || SSL_CTX_use_PrivateKey(native, pair.key.get()) != 1)
    throw std::runtime_error("pki: OpenSSL does not take the certificate and its key");
  // Nothing but our CA: not the machine's trust store, and no resumption, which would skip the certificate.
  context.add_certificate_authority(boost::asio::buffer(ca));
  context.set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
  SSL_CTX_set_session_cache_mode(native, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_num_tickets(native, 0);
  SSL_CTX_set_options(native, SSL_OP_NO_TICKET);
}

} // namespace

identity::identity(const fs::path& folder, const std::string& host, int64_t now_seconds)
  : client_(ssl::context::tls_client), server_(ssl::context::tls_server), written_(written_time(folder)) {
  auto pair = load_pair(folder);
  auto ca = load_ca(folder);
  check(folder, pair.certificate.get(), ca.get(), host, now_seconds);
  auto ca_text = pki::pem_of(ca.get());
  prepare(client_, pair, ca_text);
  prepare(server_, pair, ca_text);
  expiry_seconds_ = pki::expiry_of(pair.certificate.get());
}

fs::file_time_type written_time(const fs::path& folder) {
  auto result = fs::file_time_type::min();
  for (auto name : {"mesh.crt", "mesh.key", "ca.crt"}) {
    std::error_code failure;
    auto time = fs::last_write_time(folder / name, failure);
    if (failure)
      return fs::file_time_type::min();
    result = std::max(result, time);
  }
  return result;
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> result;
  auto names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  if (!names)
    return result;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    auto name = sk_GENERAL_NAME_value(names, i);
    if (name->type != GEN_DNS)
      continue;
    auto data = reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName));
    result.emplace_back(data, static_cast<size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  GENERAL_NAMES_free(names);
  return result;
}

} // namespace runtime::mesh
