// Keys and certificates with OpenSSL 3. EC keys on P-256: small, quick in the handshake, known to every
// client.
#include "actors/apiserver/auth/pki.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <memory>
#include <set>
#include <stdexcept>

#include "actors/apiserver/auth/private_file.hpp"

namespace actors::apiserver::auth {

namespace {

template <auto Free>
struct deleter {
  template <class T>
  void operator()(T* value) const {
    Free(value);
  }
};
using key_ptr = std::unique_ptr<EVP_PKEY, deleter<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, deleter<X509_free>>;
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

int64_t seconds_of(const ASN1_TIME* time) {
  tm parts{};
  require(ASN1_TIME_to_tm(time, &parts), "read a certificate's dates");
  return timegm(&parts);
}

struct identity {
  std::string common_name, organization;
};

struct purpose {
  std::string_view key_usage, extended_key_usage; // extended "" : a CA
  std::string names;                              // subjectAltName, "" if none
  int64_t lifetime_seconds;
};

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

/// `issuer` null: signs itself.
certificate_ptr issue(const identity& who, const purpose& what, EVP_PKEY* key, X509* issuer,
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

key_ptr make_key() {
  key_ptr key{EVP_EC_gen("P-256")};
  if (!key)
    fail("make a key");
  return key;
}

// ---- files
// ---------------------------------------------------------------------------------------------------

[[noreturn]] void damaged(const std::filesystem::path& path, std::string_view why, std::string_view remedy) {
  throw std::runtime_error(fmt::format("pki: {} {}; {}", path.string(), why, remedy));
}

constexpr std::string_view remedy_leaf = "remove it to have a new one made at the next start";
constexpr std::string_view remedy_ca =
  "restore it, or remove the pki folder to have new keys made (every kubeconfig must then be replaced)";

struct loaded_pair {
  certificate_ptr certificate;
  key_ptr key;
};

/// What is there of the two; throws for what cannot be read as PEM or does not fit together.
loaded_pair load(const std::filesystem::path& folder, const std::string& name, std::string_view remedy) {
  loaded_pair result;
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

/// The key first: a certificate without its key is useless, a key without its certificate gets one.
void save(const std::filesystem::path& folder, const std::string& name, const loaded_pair& pair) {
  write_private_file(folder / (name + ".key"), pem_of(pair.key.get()));
  write_private_file(folder / (name + ".crt"), pem_of(pair.certificate.get()));
}

bool lasts(X509* certificate, int64_t now) {
  return seconds_of(X509_get0_notAfter(certificate)) - now > renew_before_seconds;
}

loaded_pair load_or_create_ca(const pki_options& options) {
  loaded_pair ca = load(options.folder, "ca", remedy_ca);
  if (ca.certificate && !ca.key)
    damaged(options.folder / "ca.key", "is missing", remedy_ca);
  if (ca.certificate && lasts(ca.certificate.get(), options.now_seconds))
    return ca;
  if (!ca.key)
    ca.key = make_key(); // an old key is kept: what it signed stays valid under the renewed certificate
  const purpose what{"critical,digitalSignature,keyEncipherment,keyCertSign", "", "DNS:kubernetes",
                     ca_lifetime_seconds};
  ca.certificate = issue({"kubernetes", ""}, what, ca.key.get(), nullptr, ca.key.get(), options.now_seconds);
  save(options.folder, "ca", ca);
  return ca;
}

bool has_names(X509* certificate, const std::vector<std::string>& names) {
  for (const auto& name : names) {
    in6_addr ignored;
    const bool is_ip =
      inet_pton(AF_INET, name.c_str(), &ignored) == 1 || inet_pton(AF_INET6, name.c_str(), &ignored) == 1;
    const int found = is_ip ? X509_check_ip_asc(certificate, name.c_str(), 0)
                            : X509_check_host(certificate, name.c_str(), name.size(), 0, nullptr);
    if (found != 1)
      return false;
  }
  return true;
}

std::string alt_names(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& name : names) {
    in6_addr ignored;
    const bool is_ip =
      inet_pton(AF_INET, name.c_str(), &ignored) == 1 || inet_pton(AF_INET6, name.c_str(), &ignored) == 1;
    text += (text.empty() ? "" : ",") + std::string{is_ip ? "IP:" : "DNS:"} + name;
  }
  return text;
}

key_pair load_or_create_leaf(const pki_options& options, const std::string& file, const identity& who,
                             const purpose& what, const std::vector<std::string>& names,
                             const loaded_pair& ca) {
  loaded_pair pair = load(options.folder, file, remedy_leaf);
  const bool usable = pair.certificate && pair.key && lasts(pair.certificate.get(), options.now_seconds) &&
                      X509_verify(pair.certificate.get(), ca.key.get()) == 1 &&
                      has_names(pair.certificate.get(), names);
  ERR_clear_error();
  if (!usable) {
    pair.key = make_key();
    pair.certificate =
      issue(who, what, pair.key.get(), ca.certificate.get(), ca.key.get(), options.now_seconds);
    save(options.folder, file, pair);
  }
  return {pem_of(pair.certificate.get()), pem_of(pair.key.get())};
}

} // namespace

pki load_or_create_pki(const pki_options& options) {
  std::filesystem::create_directories(options.folder);
  std::filesystem::permissions(options.folder, std::filesystem::perms::owner_all);
  const loaded_pair ca = load_or_create_ca(options);
  constexpr std::string_view usage = "critical,digitalSignature,keyEncipherment";
  pki result;
  result.ca_pem = pem_of(ca.certificate.get());
  result.server =
    load_or_create_leaf(options, "apiserver", {"kube-apiserver", ""},
                        {usage, "serverAuth", alt_names(options.server_names), certificate_lifetime_seconds},
                        options.server_names, ca);
  result.admin = load_or_create_leaf(options, "admin", {"kubernetes-admin", "system:masters"},
                                     {usage, "clientAuth", "", certificate_lifetime_seconds}, {}, ca);
  return result;
}

int64_t expiry_of(const std::string& pem) {
  const auto certificate = parse_certificate(pem);
  if (!certificate)
    throw std::runtime_error("pki: no PEM certificate");
  return seconds_of(X509_get0_notAfter(certificate.get()));
}

} // namespace actors::apiserver::auth
