// The mesh of a host: its links to all other hosts of the placement, and the gate that exchanges roles over them.
// Thread-safe. Owned by the host; must end before the actor system does.
#pragma once

#include "runtime/directory/directory.hpp"
#include "runtime/mesh/calls.hpp"
#include "runtime/mesh/link_table.hpp"
#include "runtime/mesh/messages.hpp"
#include "runtime/placement/placement.hpp"
#include "runtime/seams/clock.hpp"
#include "runtime/seams/random.hpp"
#include "runtime/telemetry/log.hpp"

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace runtime::mesh {

class links;

struct mesh_options {
  std::string cluster;
  std::string host;
  std::vector<placement::host_entry> hosts; ///< this one included
  std::filesystem::path pki;                ///< DIR/<host> of `troupe pki init`
  std::filesystem::path data;               ///< absolute
  telemetry::log_output_ptr log_output;     ///< may be null
  seams::clock_ptr clock;
  seams::random_ptr random;
};

/// For a simulation: links that somebody else keeps, and writes into `table`.
struct simulated_links {
  std::shared_ptr<link_table> table;
  uint64_t incarnation = 0;
  std::function<caf::strong_actor_ptr(const directory::handle&)> spawn_gate;
};

/// Loads CAF's network layer and registers the gates' messages. Must be called before the actor system is made.
void prepare(caf::actor_system_config& config);

class mesh {
public:
  /// Reads the identity. Throws std::runtime_error with a text for the operator. The system's configuration was
  /// prepare()d.
  mesh(caf::actor_system& system, mesh_options options);
  /// Without sockets and threads. Hosts cannot call each other's control servers.
  mesh(caf::actor_system& system, simulated_links links);
  ~mesh();

  /// Listens on this host's address. Throws std::runtime_error. Links are made once there is a gate.
  void start();
  /// Tells the peers why, and ends all links and threads. Before the actor system ends, after its actors.
  void stop(const std::string& reason);

  /// For the supervision tree: the actor that connects a directory with those of the other hosts. A later one takes over.
  caf::strong_actor_ptr spawn_gate(const directory::handle& directory);
  /// The gate of the moment; null while there is none. Accepts subscribe_links.
  caf::strong_actor_ptr gate() const;

  const std::shared_ptr<link_table>& table() const {
    return table_;
  }
  /// This process's number among all that ever ran as this host.
  uint64_t incarnation() const {
    return incarnation_;
  }
  void set_hosts(const std::vector<placement::host_entry>& hosts);

  /// Asks the control server of another host; the answer comes within `deadline`, or an error does. Blocks: not for
  /// actors. Several calls may wait at once.
  call_result call(const std::string& host, const std::string& line, std::chrono::milliseconds deadline);
  /// The same to many hosts at once.
  std::vector<call_result> call_all(const std::vector<std::string>& hosts, const std::string& line,
                                    std::chrono::milliseconds deadline);
  /// Who answers the calls of other hosts; called on a thread of the mesh's own.
  void set_answerer(answerer answer);

private:
  caf::strong_actor_ptr spawn_real_gate(const directory::handle& directory);

  mesh_options options_;
  caf::actor_system& system_;
  uint64_t incarnation_;
  std::shared_ptr<link_table> table_ = std::make_shared<link_table>();
  std::function<caf::strong_actor_ptr(const directory::handle&)> spawn_simulated_gate_;
  std::shared_ptr<call_server> server_;
  std::shared_ptr<links> links_;
  caf::actor middleman_;
  bool stopped_ = false;
  struct current_gate;
  std::shared_ptr<current_gate> gate_;
};

} // namespace runtime::mesh
