// A node with a real containerd in a temporary folder; one for the whole program, because starting it takes
// seconds.
#pragma once
#include "actors/kubelet/sync/pod_sync.hpp"

namespace fixture {

namespace kubelet = actors::kubelet;

class node {
public:
  /// nullptr: not possible here; the reason has been printed.
  static node* get();
  ~node();

  kubelet::sync::node_environment environment;
  std::filesystem::path data;

  /// Runs passes until `done` holds for the last one's result; fails the test after `seconds`.
  kubelet::sync::sync_output sync_until(kubelet::sync::sync_input& input,
                                        const std::function<bool(const kubelet::sync::sync_output&)>& done,
                                        int seconds = 30);
  /// Events of all passes of sync_until, as "Reason: message".
  std::vector<std::string> events;
  bool has_event(const std::string& start) const;

  /// Network namespaces, mounts below the data folder and cgroups of this node.
  std::string left_behind() const;

private:
  node();
  bool up_ = false;
};

kubelet::pods::pod_spec pod(const std::string& name, std::vector<std::string> command);

} // namespace fixture
