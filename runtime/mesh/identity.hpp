// This host's key, its certificate and the mesh's CA, checked, as TLS contexts for both ends of a link.
#pragma once

#include <boost/asio/ssl/context.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace runtime::mesh {

/// mesh.crt, mesh.key and ca.crt of a folder that `troupe pki init` wrote.
class identity {
public:
  /// Throws std::runtime_error naming the file and the remedy unless they fit together, name `host` and are valid at
  /// `now_seconds`.
  identity(const std::filesystem::path& folder, const std::string& host, int64_t now_seconds);

  /// TLS 1.3, our certificate, and a peer's certificate of our CA demanded.
  boost::asio::ssl::context& client() {
    return client_;
  }
  boost::asio::ssl::context& server() {
    return server_;
  }
  /// When the certificate ends, in seconds since the epoch.
  int64_t expiry_seconds() const {
    return expiry_seconds_;
  }
  /// Differs when the files have changed since.
  std::filesystem::file_time_type written() const {
    return written_;
  }

private:
  boost::asio::ssl::context client_;
  boost::asio::ssl::context server_;
  int64_t expiry_seconds_ = 0;
  std::filesystem::file_time_type written_;
};

/// When the newest of an identity's files was written; the smallest time if one is missing.
std::filesystem::file_time_type written_time(const std::filesystem::path& folder);

/// The DNS names that a certificate is valid for.
std::vector<std::string> names_of(X509* certificate);

} // namespace runtime::mesh
