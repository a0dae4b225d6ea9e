// Keys and certificates with OpenSSL 3, and the files that hold them. Blocking; no state of its own.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace runtime::pki {

template <auto Free>
struct deleter {
  template <class T>
  void operator()(T* value) const {
    Free(value);
  }
};
using key_ptr = std::unique_ptr<EVP_PKEY, deleter<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, deleter<X509_free>>;

constexpr int64_t day_seconds = 86'400;

struct subject {
  std::string common_name, organization;
};

struct purpose {
  std::string_view key_usage, extended_key_usage; ///< extended "": a CA
  std::string names;                              ///< subjectAltName as alt_names() renders it, "" if none
  int64_t lifetime_seconds;
};

/// All functions throw std::runtime_error unless they say otherwise.
key_ptr make_key();
/// `issuer` null: signs itself. `now`: wall time in seconds.
certificate_ptr issue(const subject& who, const purpose& what, EVP_PKEY* key, X509* issuer, EVP_PKEY* issuer_key,
                      int64_t now);

std::string pem_of(X509* certificate);
std::string pem_of(EVP_PKEY* key);
/// Null for a text that is none.
certificate_ptr parse_certificate(const std::string& pem);
key_ptr parse_key(const std::string& pem);

/// Seconds since the epoch.
int64_t expiry_of(X509* certificate);
int64_t start_of(X509* certificate);

bool signed_by(X509* certificate, EVP_PKEY* issuer_key);
/// Whether the certificate is valid for all of these DNS names and IP addresses.
bool has_names(X509* certificate, const std::vector<std::string>& names);
/// "DNS:a,IP:10.0.0.1"
std::string alt_names(const std::vector<std::string>& names);

// -- files -----------------------------------------------------------------------------------------------

/// NAME.crt and NAME.key of a folder; what is not there is null.
struct stored_pair {
  certificate_ptr certificate;
  key_ptr key;
};

/// Throws, with `remedy` in the text, for what cannot be read as PEM or does not fit together. Sets the key's mode to 0600.
stored_pair load(const std::filesystem::path& folder, const std::string& name, std::string_view remedy);

/// The key first: a certificate without its key is useless, a key without its certificate gets one.
void save(const std::filesystem::path& folder, const std::string& name, const stored_pair& pair);

} // namespace runtime::pki
