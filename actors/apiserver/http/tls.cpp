// OpenSSL's side of a connection.
#include "actors/apiserver/http/tls.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstring>
#include <stdexcept>

namespace actors::apiserver::http {

namespace {

std::string last_error() {
  char reason[256] = "connection lost";
  if (const auto code = ERR_get_error())
    ERR_error_string_n(code, reason, sizeof reason);
  ERR_clear_error();
  return reason;
}

void require(bool fine, const char* what) {
  if (!fine)
    throw std::runtime_error(std::string{"TLS: cannot "} + what + ": " + last_error());
}

/// SSL_get_error() is wrong when an error of before is still there. There is none nearly always, and clearing costs more than looking.
void forget_errors() {
  if (ERR_peek_error() != 0)
    ERR_clear_error();
}

struct memory_pem {
  BIO* bio;
  explicit memory_pem(const std::string& text)
      : bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size()))) {}
  ~memory_pem() { BIO_free(bio); }
};

/// HTTP/1.1 is all that is offered; a client that offers only others goes on without ALPN and is told by its
/// answers.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned in_size, void*) {
  static const unsigned char offered[] = "\x08http/1.1";
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, offered, sizeof offered - 1, in, in_size) !=
      OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_NOACK;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

/// Lets every certificate through: an unknown one gets a 401 that says so, not a broken connection.
int accept_for_now(int, X509_STORE_CTX*) { return 1; }

std::string text_of(const ASN1_STRING* value) {
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, value);
  if (size < 0)
    return {};
  std::string text{reinterpret_cast<char*>(utf8), static_cast<size_t>(size)};
  OPENSSL_free(utf8);
  return text;
}

int64_t seconds_of(const ASN1_TIME* time) {
  tm parts{};
  return ASN1_TIME_to_tm(time, &parts) == 1 ? timegm(&parts) : 0;
}

} // namespace

tls_context::tls_context(const auth::pki& keys) : context_(SSL_CTX_new(TLS_server_method())) {
  require(context_ != nullptr, "make a context");
  SSL_CTX_set_min_proto_version(context_, TLS1_2_VERSION);
  // Buffers are given back by release_buffers(): at once, as SSL_MODE_RELEASE_BUFFERS does, they cost more than the request.
  SSL_CTX_set_mode(context_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context_, 1); // a record in one read instead of two
  SSL_CTX_set_options(context_, SSL_OP_NO_RENEGOTIATION | SSL_OP_IGNORE_UNEXPECTED_EOF |
                                  SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
  // As Go's servers on processors with AES: 128 bits are enough, and a third cheaper.
  require(SSL_CTX_set_ciphersuites(context_, "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256") == 1,
          "set the cipher suites");
  SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
  static const unsigned char session_id[] = "troupe";
  SSL_CTX_set_session_id_context(context_, session_id, sizeof session_id - 1);

  const memory_pem certificate{keys.server.certificate_pem}, key{keys.server.key_pem}, ca{keys.ca_pem};
  X509* server = PEM_read_bio_X509(certificate.bio, nullptr, nullptr, nullptr);
  require(server != nullptr && SSL_CTX_use_certificate(context_, server) == 1, "use the server certificate");
  X509_free(server);
  EVP_PKEY* server_key = PEM_read_bio_PrivateKey(key.bio, nullptr, nullptr, nullptr);
  require(server_key != nullptr && SSL_CTX_use_PrivateKey(context_, server_key) == 1, "use the server key");
  EVP_PKEY_free(server_key);
  X509* authority = PEM_read_bio_X509(ca.bio, nullptr, nullptr, nullptr);
  require(authority != nullptr && X509_STORE_add_cert(SSL_CTX_get_cert_store(context_), authority) == 1 &&
            SSL_CTX_add_client_CA(context_, authority) == 1,
          "trust the CA");
  X509_free(authority);
  SSL_CTX_set_verify(context_, SSL_VERIFY_PEER, accept_for_now);
  SSL_CTX_set_alpn_select_cb(context_, choose_protocol, nullptr);
}

tls_context::~tls_context() { SSL_CTX_free(context_); }

tls_stream::tls_stream(const tls_context& context, int socket) : ssl_(SSL_new(context.get())) {
  require(ssl_ != nullptr && SSL_set_fd(ssl_, socket) == 1, "make a stream");
}

tls_stream::~tls_stream() { SSL_free(ssl_); }

tls_stream::result tls_stream::explain(int returned) {
  switch (SSL_get_error(ssl_, returned)) {
    case SSL_ERROR_WANT_READ:
      return result::want_read;
    case SSL_ERROR_WANT_WRITE:
      return result::want_write;
    case SSL_ERROR_ZERO_RETURN:
      return result::closed;
    default:
      failure_ = last_error();
      return result::failed;
  }
}

tls_stream::result tls_stream::handshake() {
  forget_errors();
  const int returned = SSL_accept(ssl_);
  return returned == 1 ? result::done : explain(returned);
}

tls_stream::result tls_stream::read(char* into, size_t size, size_t& got) {
  forget_errors();
  const int returned = SSL_read_ex(ssl_, into, size, &got);
  return returned == 1 ? result::done : explain(returned);
}

tls_stream::result tls_stream::write(std::string_view bytes, size_t& written) {
  forget_errors();
  const int returned = SSL_write_ex(ssl_, bytes.data(), bytes.size(), &written);
  return returned == 1 ? result::done : explain(returned);
}

bool tls_stream::has_buffered() const { return SSL_has_pending(ssl_) == 1; }

void tls_stream::release_buffers() { SSL_free_buffers(ssl_); }

void tls_stream::shut_down() {
  ERR_clear_error();
  if (failure_.empty() && SSL_is_init_finished(ssl_))
    SSL_shutdown(ssl_);
  ERR_clear_error();
}

std::shared_ptr<const auth::peer_certificate> tls_stream::certificate() const {
  X509* presented = SSL_get1_peer_certificate(ssl_);
  if (presented == nullptr)
    return nullptr;
  auto result = std::make_shared<auth::peer_certificate>();
  result->trusted = SSL_get_verify_result(ssl_) == X509_V_OK &&
                    X509_check_purpose(presented, X509_PURPOSE_SSL_CLIENT, 0) == 1;
  const X509_NAME* subject = X509_get_subject_name(presented);
  for (int i = 0; i < X509_NAME_entry_count(subject); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(subject, i);
    const int field = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    if (field == NID_commonName)
      result->common_name = text_of(X509_NAME_ENTRY_get_data(entry));
    else if (field == NID_organizationName)
      result->organizations.push_back(text_of(X509_NAME_ENTRY_get_data(entry)));
  }
  result->not_before = seconds_of(X509_get0_notBefore(presented));
  result->not_after = seconds_of(X509_get0_notAfter(presented));
  X509_free(presented);
  return result;
}

} // namespace actors::apiserver::http
