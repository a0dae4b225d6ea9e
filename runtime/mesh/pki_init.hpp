// `troupe pki init`: the mesh's CA, a certificate per host, and the API's CA that all apiservers share.
//
//   DIR/ca.crt ca.key            the mesh's CA; the key is needed only to add hosts and to renew
//   DIR/api-ca.crt api-ca.key    the API's CA
//   DIR/<host>/                  what a host needs, to be copied to it alone
//     mesh.crt mesh.key ca.crt
//     api-ca.crt api-ca.key
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace runtime::mesh {

constexpr int64_t ca_lifetime_days = 3'650;
constexpr int64_t host_lifetime_days = 365;
/// A certificate with less time left is worth a warning.
constexpr int64_t warn_before_days = 30;

struct pki_init_options {
  std::filesystem::path folder;
  std::string cluster;
  std::vector<std::string> hosts;
  std::vector<std::string> api_hosts; ///< those that get the API's CA
  std::string renew;                  ///< a host whose certificate is made anew; empty: none
  int64_t now_seconds = 0;
};

struct pki_init_result {
  std::vector<std::string> made; ///< files, relative to the folder
  std::vector<std::string> kept;
};

/// Never overwrites a CA, nor a host's certificate unless it is to be renewed; folders 0700, keys 0600.
/// Throws std::runtime_error with a text for the operator.
pki_init_result init_pki(const pki_init_options& options);

} // namespace runtime::mesh
