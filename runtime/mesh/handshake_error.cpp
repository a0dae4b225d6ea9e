#include "runtime/mesh/handshake_error.hpp"

#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>

namespace runtime::mesh {

namespace {

namespace asio_error = boost::asio::error;

refused from_verification(long result) {
  std::string text = X509_verify_cert_error_string(result);
  switch (result) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return {refusal_reason::expired, "its certificate is not valid now: " + text};
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_SIGNATURE_FAILURE:
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_SUBJECT_ISSUER_MISMATCH:
    case X509_V_ERR_AKID_SKID_MISMATCH:
      return {refusal_reason::wrong_ca, "its certificate is not of this mesh's CA: " + text};
    default:
      return {refusal_reason::bad_certificate, "its certificate is not accepted: " + text};
  }
}

refused from_tls(const boost::system::error_code& error) {
  auto reason = ERR_GET_REASON(static_cast<unsigned long>(error.value()));
  if (reason == SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
    return {refusal_reason::no_certificate, "it showed no certificate"};
  // Alerts are numbers above this: the other side did not like us.
  if (reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256)
    return {refusal_reason::by_peer, "it refused us: " + error.message()};
  return {refusal_reason::not_tls, "it does not speak TLS 1.3: " + error.message()};
}

} // namespace

refused classify(const boost::system::error_code& error, SSL* tls) {
  if (auto result = SSL_get_verify_result(tls); result != X509_V_OK)
    return from_verification(result);
  if (error.category() == asio_error::get_ssl_category())
    return from_tls(error);
  return {refusal_reason::broken_off, "it left during the handshake: " + describe_end(error)};
}

std::string describe_end(const boost::system::error_code& error) {
  if (error == asio_error::eof || error == boost::asio::ssl::error::stream_truncated)
    return "connection closed by the other side";
  if (error == asio_error::connection_reset || error == asio_error::broken_pipe)
    return "connection reset by the other side";
  return error.message();
}

} // namespace runtime::mesh
