// One process's actor system with its supervision tree. Owned by the main thread, which waits for its events.
#pragma once

#include "runtime/host/tree.hpp"

#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

namespace runtime::host {

struct host_options {
  std::string name;
  std::shared_ptr<const placement::boot> boot; ///< with the placement to begin with
  std::filesystem::path data; ///< absolute, locked by the caller
  std::filesystem::path pki = {}; ///< of this host; needed when the placement has more than one
  std::span<const role_descriptor> known;
  telemetry::log_output_ptr log_output;
  seams::clock_ptr clock;
  seams::random_ptr random;
  void (*add_messages)(caf::actor_system_config&) = nullptr; ///< registers the message types of all protocols
  std::shared_ptr<control::command_table> commands;          ///< given to the roles; may be null
  std::shared_ptr<hotswap::version_table> versions;          ///< the same
  size_t threads = 0;                                        ///< workers; 0: one per core
};

struct host_event {
  enum class kind : uint8_t {
    ready,        ///< every role of this host is registered
    start_failed, ///< a role that must not fail while starting did; `text` says which and why
    ended,        ///< the tree is down; `text` says why, empty for an ordered stop
  } what;
  std::string text = {};
};

class host {
public:
  explicit host(host_options options);
  /// Ends whatever is left; call stop() before for an ordered end.
  ~host();

  /// Starts the tree; events follow.
  void start();

  /// Readable (poll) while events wait.
  int event_fd() const {
    return event_fd_;
  }
  std::optional<host_event> next_event();

  /// Asks the tree to stop in order; `ended` follows.
  void begin_stop();
  /// Ends the tree at once; `ended` follows as soon as no handler runs any more.
  void kill();
  /// After `ended`: ends the actor system. False when something still runs after `timeout`; then only leaving the
  /// process is left.
  bool close(std::chrono::milliseconds timeout);

  /// Until close().
  caf::actor_system& system() {
    return *system_;
  }
  const std::shared_ptr<telemetry::actor_table>& table() const {
    return table_;
  }
  /// Null in a cluster of one host.
  const std::shared_ptr<mesh::mesh>& mesh() const {
    return mesh_;
  }
  /// The roles that are not up yet, with their last failure.
  std::vector<std::string> not_ready() const;

private:
  void post(host_event event);
  std::string report_of(std::string text);

  host_options options_;
  std::vector<placement::role_instance> roles_;
  std::shared_ptr<telemetry::actor_table> table_ = std::make_shared<telemetry::actor_table>();
  int event_fd_ = -1;
  std::mutex mutex_;
  std::deque<host_event> events_;
  std::map<std::string, supervision::exhaustion> exhausted_; ///< by supervisor, its newest
  std::atomic<bool> ready_{false};
  std::unique_ptr<caf::actor_system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
  std::shared_ptr<mesh::mesh> mesh_;
  caf::actor root_;
};

} // namespace runtime::host
