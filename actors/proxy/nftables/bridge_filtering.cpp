// The kernel setting behind a file of /proc.
#include "actors/proxy/nftables/bridge_filtering.hpp"

#include <fstream>

namespace actors::proxy::nftables {
namespace {

constexpr const char* setting = "/proc/sys/net/bridge/bridge-nf-call-iptables";

} // namespace

std::optional<std::string> allow_bridge_filtering() {
  int value = 0;
  if (!(std::ifstream(setting) >> value))
    return std::string(setting) +
           " is not there (kernel module br_netfilter): a pod cannot reach, through a "
           "service, an endpoint on its own node";
  if (value != 0)
    return std::nullopt;
  std::ofstream file(setting);
  file << "1" << std::flush;
  if (!file)
    return std::string(setting) + " cannot be turned on";
  return std::nullopt;
}

} // namespace actors::proxy::nftables
