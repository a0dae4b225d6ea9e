// A host with its mesh, its directory and one role, without the rest of a host.
#pragma once

#include "runtime/directory/directory.hpp"
#include "runtime/host/system_config.hpp"
#include "runtime/mesh/mesh.hpp"

#include <caf/all.hpp>

#include <condition_variable>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace mesh_test {

using hosts = std::vector<runtime::placement::host_entry>;

/// What the node's observer has been told, for another thread to wait on.
class observations {
public:
  void role_up(const runtime::directory::role_up& up);
  void role_down(const runtime::directory::role_down& down);
  void event(const std::string& text);
  /// Lets go of all handles, for good: the actor system waits for them.
  void clear();

  caf::strong_actor_ptr role(const std::string& id) const;
  bool wait(const std::function<bool()>& holds, std::chrono::milliseconds limit = std::chrono::seconds(15)) const;
  bool wait_role(const std::string& id) const;
  bool wait_no_role(const std::string& id) const;
  std::vector<std::string> events() const;
  bool wait_event(const std::string& beginning) const;

private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  bool closed_ = false;
  std::map<std::string, caf::strong_actor_ptr> roles_;
  std::vector<std::string> events_;
};

struct node_options {
  std::string host;
  hosts all;
  std::filesystem::path pki;  ///< of this host
  std::filesystem::path data;
  std::string cluster = "troupe";
  runtime::telemetry::log_output_ptr log;
};

class node {
public:
  explicit node(node_options options);
  ~node();

  caf::actor_system& system() {
    return *system_;
  }
  runtime::mesh::mesh& mesh() {
    return *mesh_;
  }
  const observations& seen() const {
    return *seen_;
  }
  const runtime::directory::handle& directory() const {
    return directory_;
  }
  /// As its supervisor would after a failure.
  void restart_gate(const std::string& failure);
  void restart_directory();
  caf::actor echo() const {
    return echo_;
  }
  void restart_echo();
  runtime::mesh::link_row link(const std::string& host) const;
  bool wait_up(const std::string& host) const;
  bool wait_down(const std::string& host) const;

private:
  void spawn_directory();
  void spawn_gate();
  void spawn_observer();
  void spawn_echo();

  node_options options_;
  std::shared_ptr<observations> seen_ = std::make_shared<observations>();
  std::unique_ptr<runtime::host::system_config> config_;
  std::unique_ptr<caf::actor_system> system_;
  runtime::directory::handle directory_;
  std::shared_ptr<runtime::mesh::mesh> mesh_;
  caf::strong_actor_ptr gate_;
  caf::actor observer_;
  caf::actor echo_;
};

/// Polls a condition that others bring about.
bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds limit = std::chrono::seconds(15));

} // namespace mesh_test
