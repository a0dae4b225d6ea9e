// The apiserver's HTTPS front: start() makes the keys if there are none, listens, and serves on its own
// threads until the result is destroyed, which ends every connection and joins the threads within two
// seconds.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "runtime/seams/clock.hpp"
#include "runtime/seams/random.hpp"
#include "runtime/telemetry/log.hpp"

namespace actors::apiserver {
class front_port;
class cluster_port;
namespace auth {
class page_sessions;
}
} // namespace actors::apiserver

namespace actors::apiserver::http {

struct server_options {
  std::string address = "127.0.0.1:6443"; // ":0" takes a free port
  std::vector<std::string> advertised;    // more names and addresses of the server, for its certificate
  std::string public_address;             // "lb.example.org:6443": what the kubeconfig names; "": `address`
  std::string host;                       // the host's name in the placement, a name of the server
  std::filesystem::path data;             // pki/ and admin.kubeconfig are kept here
  std::filesystem::path pki;              // what `troupe pki init` made for this host; "": it makes its own CA
  std::string cluster_name = "troupe";
  std::string service_cidr; // its first address becomes a name of the server
  size_t threads = 0; // with connections; 0: connection_threads() of this machine
  runtime::seams::clock_ptr clock;   // null: the machine's
  runtime::seams::random_ptr random; // null: the kernel's
  std::shared_ptr<cluster_port> cluster;         // null: /metrics and the web page show this front only
  std::shared_ptr<auth::page_sessions> sessions; // null: nobody is invited
};

class server {
public:
  virtual ~server() = default;
  virtual uint16_t port() const = 0;
  virtual size_t connections() const = 0;
  /// Accepts nobody any more; connections end with the answer to what they ask now. Returns when all have, or after
  /// stop_drain_ms_max. The destructor does the same without waiting for idle clients.
  virtual void drain() = 0;
};

/// Throws std::runtime_error with one clear sentence: the address is taken or malformed, a key file is
/// damaged.
std::shared_ptr<server> start(const server_options& settings, std::shared_ptr<front_port> port,
                              runtime::telemetry::logger log);

/// Where a client reaches `address` ("0.0.0.0:6443"): an address that stands for all becomes the first of `names`, else
/// loopback. `port`: the real one.
std::string reachable_address(std::string_view address, uint16_t port, const std::vector<std::string>& names = {});

class handler;
/// The same with another handler than the API: for tests of the wire.
std::shared_ptr<server> start(const server_options& settings, std::shared_ptr<handler> served,
                              runtime::telemetry::logger log);

} // namespace actors::apiserver::http
