// EC keys on P-256: small, quick in the handshake, known to every client.
#include "runtime/pki/certificate.hpp"

#include "runtime/pki/private_file.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <stdexcept>

namespace runtime::pki {

namespace {

using bio_ptr = std::unique_ptr<BIO, deleter<BIO_free>>;

constexpr int64_t clock_skew_seconds = 300;

[[noreturn]] void fail(std::string_view what) {
  char reason[256] = "unknown";
  ERR_error_string_n(ERR_get_error(), reason, sizeof reason);
  throw std::runtime_error(fmt::format("pki: cannot {}: {}", what, reason));
}

void require(int result, std::string_view what) {
  if (result != 1)
    fail(what);
}

bio_ptr reader(const std::string& text) {
  return bio_ptr{BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))};
}

template <class Write>
std::string to_pem(Write write) {
  bio_ptr out{BIO_new(BIO_s_mem())};
  require(out ? write(out.get()) : 0, "write PEM");
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<size_t>(size)};
}

int64_t seconds_of(const ASN1_TIME* time) {
  tm parts{};
  require(ASN1_TIME_to_tm(time, &parts), "read a certificate's dates");
  return timegm(&parts);
}

void add_extension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  std::unique_ptr<X509_EXTENSION, deleter<X509_EXTENSION_free>> extension{
    X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str())};
  require(extension ? X509_add_ext(certificate, extension.get(), -1) : 0, "add a certificate extension");
}

void add_name(X509_NAME* name, const char* field, const std::string& value) {
  if (!value.empty())
    require(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                       reinterpret_cast<const unsigned char*>(value.data()),
                                       static_cast<int>(value.size()), -1, 0),
            "set a certificate's subject");
}

[[noreturn]] void damaged(const std::filesystem::path& path, std::string_view why, std::string_view remedy) {
  throw std::runtime_error(fmt::format("pki: {} {}; {}", path.string(), why, remedy));
}

bool is_ip(const std::string& name) {
  in6_addr ignored;
  return inet_pton(AF_INET, name.c_str(), &ignored) == 1 || inet_pton(AF_INET6, name.c_str(), &ignored) == 1;
}

} // namespace

std::string pem_of(X509* certificate) {
  return to_pem([&](BIO* out) { return PEM_write_bio_X509(out, certificate); });
}

std::string pem_of(EVP_PKEY* key) {
  return to_pem(
    [&](BIO* out) { return PEM_write_bio_PrivateKey(out, key, nullptr, nullptr, 0, nullptr, nullptr); });
}

certificate_ptr parse_certificate(const std::string& pem) {
  const auto in = reader(pem);
  certificate_ptr result{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)};
  ERR_clear_error();
  return result;
}

key_ptr parse_key(const std::string& pem) {
  const auto in = reader(pem);
  char no_password[] = "";
  key_ptr result{PEM_read_bio_PrivateKey(in.get(), nullptr, nullptr, no_password)};
  ERR_clear_error();
  return result;
}

key_ptr make_key() {
  key_ptr key{EVP_EC_gen("P-256")};
  if (!key)
    fail("make a key");
  return key;
}

certificate_ptr issue(const subject& who, const purpose& what, EVP_PKEY* key, X509* issuer,
                      EVP_PKEY* issuer_key, int64_t now) {
  certificate_ptr result{X509_new()};
  X509* certificate = result.get();
  unsigned char serial[16];
  require(RAND_bytes(serial, sizeof serial), "get random bytes");
  serial[0] &= 0x7f; // positive
  std::unique_ptr<BIGNUM, deleter<BN_free>> number{BN_bin2bn(serial, sizeof serial, nullptr)};
  require(BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr,
          "set a serial number");
  require(X509_set_version(certificate, X509_VERSION_3), "set the version");
  ASN1_TIME_set(X509_getm_notBefore(certificate), now - clock_skew_seconds);
  ASN1_TIME_set(X509_getm_notAfter(certificate), now + what.lifetime_seconds);
  require(X509_set_pubkey(certificate, key), "set the public key");
  X509_NAME* name = X509_get_subject_name(certificate);
  add_name(name, "O", who.organization);
  add_name(name, "CN", who.common_name);
  X509* signer = issuer == nullptr ? certificate : issuer;
  require(X509_set_issuer_name(certificate, X509_get_subject_name(signer)), "set the issuer");
  const bool is_ca = what.extended_key_usage.empty();
  add_extension(certificate, signer, NID_basic_constraints, is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  add_extension(certificate, signer, NID_key_usage, std::string{what.key_usage});
  if (!is_ca)
    add_extension(certificate, signer, NID_ext_key_usage, std::string{what.extended_key_usage});
  add_extension(certificate, signer, NID_subject_key_identifier, "hash");
  add_extension(certificate, signer, NID_authority_key_identifier, "keyid");
  if (!what.names.empty())
    add_extension(certificate, signer, NID_subject_alt_name, what.names);
  if (X509_sign(certificate, issuer_key, EVP_sha256()) == 0)
    fail("sign a certificate");
  return result;
}

int64_t expiry_of(X509* certificate) {
  return seconds_of(X509_get0_notAfter(certificate));
}

int64_t start_of(X509* certificate) {
  return seconds_of(X509_get0_notBefore(certificate));
}

bool signed_by(X509* certificate, EVP_PKEY* issuer_key) {
  const bool result = X509_verify(certificate, issuer_key) == 1;
  ERR_clear_error();
  return result;
}

bool has_names(X509* certificate, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    const int found = is_ip(name) ? X509_check_ip_asc(certificate, name.c_str(), 0)
                            : X509_check_host(certificate, name.c_str(), name.size(), 0, nullptr);
    if (found != 1)
      return false;
  }
  return true;
}

std::string alt_names(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    text += (text.empty() ? "" : ",") + std::string{is_ip(name) ? "IP:" : "DNS:"} + name;
  }
  return text;
}

stored_pair load(const std::filesystem::path& folder, const std::string& name, std::string_view remedy) {
  stored_pair result;
  const auto certificate_path = folder / (name + ".crt");
  const auto key_path = folder / (name + ".key");
  if (const auto text = read_private_file(certificate_path)) {
    result.certificate = parse_certificate(*text);
    if (!result.certificate)
      damaged(certificate_path, "is damaged (no PEM certificate)", remedy);
  }
  if (const auto text = read_private_file(key_path)) {
    result.key = parse_key(*text);
    if (!result.key)
      damaged(key_path, "is damaged (no PEM private key)", remedy);
    std::filesystem::permissions(key_path,
                                 std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
  if (result.certificate && result.key &&
      X509_check_private_key(result.certificate.get(), result.key.get()) != 1)
    damaged(key_path, "does not belong to " + certificate_path.string(), remedy);
  ERR_clear_error();
  return result;
}

void save(const std::filesystem::path& folder, const std::string& name, const stored_pair& pair) {
  write_private_file(folder / (name + ".key"), pem_of(pair.key.get()));
  write_private_file(folder / (name + ".crt"), pem_of(pair.certificate.get()));
}

} // namespace runtime::pki
