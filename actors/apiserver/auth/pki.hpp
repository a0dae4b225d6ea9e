// The cluster's keys and certificates: made at the first start in `<data>/pki/`, then reused, and renewed
// before they expire. Blocking; called once, at the start of the HTTP front.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/pki/certificate.hpp"

namespace actors::apiserver::auth {

using runtime::pki::day_seconds;
constexpr int64_t ca_lifetime_seconds = 3'650 * day_seconds;
constexpr int64_t certificate_lifetime_seconds = 365 * day_seconds;
/// What has less time left than this is renewed at the next start.
constexpr int64_t renew_before_seconds = 30 * day_seconds;

struct key_pair {
  std::string certificate_pem, key_pem;
};

struct pki {
  std::string ca_pem;
  key_pair server, admin;
};

struct pki_options {
  std::filesystem::path folder; // made if it is not there, mode 0700
  std::vector<std::string>
    server_names;          // DNS names and IP addresses that the server certificate is valid for
  int64_t now_seconds = 0; // wall time
  /// Has api-ca.crt and api-ca.key (`troupe pki init`), which all apiservers of the cluster sign with; "": this one's own.
  std::filesystem::path shared = {};
};

/// Files ca.crt, ca.key (unless they are shared), apiserver.crt, apiserver.key, admin.crt, admin.key. Throws std::runtime_error that
/// names the file and the remedy when one is damaged, and never overwrites a damaged one.
pki load_or_create_pki(const pki_options& options);

/// What the server certificate must be valid for: the standard names, `address`, and the first address of the
/// service network ("10.96.0.0/16"; "" if none).
std::vector<std::string> server_names(std::string_view address, std::string_view service_cidr);

/// A kubeconfig with everything embedded. `url` as "https://127.0.0.1:6443".
std::string render_kubeconfig(const pki& keys, std::string_view url, std::string_view cluster_name);

/// When the first certificate in `pem` ends, in seconds since the epoch. Throws std::runtime_error.
int64_t expiry_of(const std::string& pem);

} // namespace actors::apiserver::auth
