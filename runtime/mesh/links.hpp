// All links of this host, on one thread of their own (never a CAF worker): listens, connects to the hosts whose names are
// greater, keeps one session per peer, and hands each session's bytes to the actor system through a local stream.
#pragma once

#include "runtime/mesh/hello.hpp"
#include "runtime/mesh/link_table.hpp"
#include "runtime/mesh/stream_ports.hpp"
#include "runtime/placement/placement.hpp"
#include "runtime/seams/clock.hpp"
#include "runtime/seams/random.hpp"
#include "runtime/telemetry/log.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace runtime::mesh {

constexpr std::chrono::milliseconds connect_time_max{2'000};
/// Pause between attempts: doubles from the first to the second, with jitter.
constexpr std::chrono::milliseconds retry_first{100};
constexpr std::chrono::milliseconds retry_max{1'500};
/// For the actor system to take the end of a stream's bytes; then its socket is closed all the same.
constexpr std::chrono::milliseconds drain_time_max{1'000};
constexpr size_t handshakes_max = 64;
/// Refusals beyond this many per second are counted, not logged.
constexpr size_t refusal_logs_per_second_max = 20;
constexpr std::chrono::milliseconds stop_time_max{1'000};

struct links_options {
  hello mine;                         ///< with cluster, host, incarnation, start and node
  std::vector<placement::host_entry> hosts; ///< of the placement, this one included
  std::filesystem::path pki;
  std::filesystem::path data; ///< folder of the stream socket
  std::shared_ptr<link_table> table;
  std::shared_ptr<stream_ports> ports;
  telemetry::logger log;
  seams::clock_ptr clock;
  seams::random_ptr random;
};

struct link_event {
  enum class kind : uint8_t { opened, closed, slow, fast } what;
  std::string host;
  uint64_t session = 0;
  std::string reason = {};   ///< closed
  uint64_t incarnation = 0;  ///< opened
  std::string node = {};     ///< opened: the peer's node id
  uint16_t port = 0;         ///< opened: where our actor system connects; 0: the peer's does
};

using link_listener = std::function<void(const link_event&)>;

class links {
public:
  /// Reads the identity. Throws std::runtime_error with a text for the operator.
  explicit links(links_options options);
  ~links();
  links(const links&) = delete;
  links& operator=(const links&) = delete;

  /// Listens on this host's address and starts the thread. Throws std::runtime_error.
  void start();
  /// Closes every link, telling the peers why, and ends the thread.
  void stop(const std::string& reason);

  // All of these may be called by any thread.

  /// Makes links from now on and tells of them, on the link thread. Replaces an earlier listener; its links are closed.
  void attach(link_listener listener);
  /// Closes every link and makes no more until there is a listener again.
  void detach(const std::string& reason);
  /// Ends one session (0: the present one of the host); it is made anew.
  void reset(const std::string& host, uint64_t session, const std::string& reason);
  /// The same for the peer with that node id.
  void reset_node(const std::string& node, const std::string& reason);
  /// The placement has changed.
  void set_hosts(const std::vector<placement::host_entry>& hosts);

private:
  class impl;
  std::unique_ptr<impl> impl_;
};

} // namespace runtime::mesh
