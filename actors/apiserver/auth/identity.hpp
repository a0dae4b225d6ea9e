// Who asks: a user with groups, and what a TLS connection knows of its client.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace actors::apiserver::auth {

struct user_info {
  std::string name, uid;
  std::vector<std::string> groups;
};

/// The certificate that a client presented.
struct peer_certificate {
  bool trusted = false; // its chain leads to our CA and it is meant for clients
  std::string common_name;
  std::vector<std::string> organizations;
  int64_t not_before = 0, not_after = 0; // seconds since the epoch
};

} // namespace actors::apiserver::auth
