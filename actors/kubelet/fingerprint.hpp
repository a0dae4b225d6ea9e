// What a pod's sandboxes and containers are, as a text that changes when they do: pure.
#pragma once
#include "actors/kubelet/pods/runtime_status.hpp"

namespace actors::kubelet {

inline std::string fingerprint_line(const cri::sandbox& s) { return s.id + (s.ready ? "+" : "-") + "\n"; }
inline std::string fingerprint_line(const cri::container& c) {
  return c.id + "=" + std::to_string(static_cast<int>(c.state)) + "\n";
}

/// Independent of order.
std::string fingerprint_of(std::vector<std::string> lines);
std::string fingerprint_of(const pods::runtime_status&);

} // namespace actors::kubelet
