// What stands between hosts in a test: certificates, free addresses, a wire that can be cut, processes.
#pragma once

#include "tests/integration/mesh/node.hpp"

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

namespace mesh_test {

/// A temporary folder with a mesh CA and the folders of hosts.
class world {
public:
  explicit world(std::vector<std::string> names);
  ~world();
  node_options options(const std::string& host) const;
  /// Makes the host's certificate anew.
  void renew(const std::string& host) const;
  std::filesystem::path pki(const std::string& host) const {
    return path_ / "pki" / host;
  }
  std::filesystem::path data(const std::string& host) const;
  std::string address(const std::string& host) const;
  const std::filesystem::path& path() const {
    return path_;
  }
  hosts all;
  std::shared_ptr<runtime::telemetry::memory_output> log = std::make_shared<runtime::telemetry::memory_output>();
  /// Whether a line of the log has this text.
  bool logged(const std::string& text) const;

private:
  std::filesystem::path path_;
};

int free_port();

/// Carries bytes between one pair of hosts, and can lose them in either direction, be slow, or stop reading.
class wire {
public:
  explicit wire(const std::string& target);
  ~wire();
  std::string address() const {
    return "127.0.0.1:" + std::to_string(port_);
  }
  std::atomic<bool> cut_forward{false};  ///< from who connects
  std::atomic<bool> cut_backward{false};
  std::atomic<bool> stuck{false};        ///< reads nothing
  std::atomic<int> delay_ms{0};

private:
  void run();
  void carry(int client);

  std::string target_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> threads_;
  std::thread thread_;
};

/// A mesh_node of its own.
class node_process {
public:
  node_process(const world& place, const std::string& host);
  ~node_process();
  void signal(int number);

private:
  int pid_ = -1;
};

/// Resident memory of this process.
size_t resident_bytes();

} // namespace mesh_test
