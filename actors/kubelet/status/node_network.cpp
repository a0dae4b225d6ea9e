#include "actors/kubelet/status/node_network.hpp"
#include <fstream>
#include <sstream>
#include "messages/codec/draft.hpp"
#include "messages/codec/json.hpp"
#include "runtime/net/ipv4.hpp"

namespace actors::kubelet::status {
namespace {

namespace fs = std::filesystem;
using messages::codec::draft;

constexpr const char* network_name = "troupe"; ///< host-local keeps its leases in a folder of that name

fs::path configuration_file(const network_settings& n) { return n.cni_folder / "10-troupe.conflist"; }

std::string read_text(const fs::path& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Returns whether the kernel has the value afterwards.
bool set_kernel(const char* path, const char* value) {
  if (read_text(path) == std::string(value) + "\n")
    return true;
  std::ofstream out(path);
  out << value;
  out.close();
  return !out.fail();
}

} // namespace

std::string cni_configuration(const network_settings& n) {
  auto list_of = [](draft item) {
    auto list = draft::make_array();
    list.push_back(std::move(item));
    return list;
  };
  auto ipam = draft::make_object({{"type", "host-local"},
                                  {"dataDir", n.ipam_folder.string()},
                                  {"ranges", list_of(list_of(draft::make_object({{"subnet", n.pod_cidr}})))},
                                  {"routes", list_of(draft::make_object({{"dst", "0.0.0.0/0"}}))}});
  // ipMasq would also hide the pods' addresses from pods of other hosts.
  auto bridge = draft::make_object({{"type", "bridge"},
                                    {"bridge", n.bridge},
                                    {"isGateway", true},
                                    {"ipMasq", false},
                                    {"hairpinMode", true},
                                    // After a change of the range, which happens only when no pod has an address.
                                    {"forceAddress", true},
                                    {"ipam", std::move(ipam)}});
  if (n.mtu > 0)
    bridge.set("mtu", n.mtu);
  auto portmap = draft::make_object(
    {{"type", "portmap"}, {"capabilities", draft::make_object({{"portMappings", true}})}, {"snat", true}});
  auto plugins = draft::make_array();
  plugins.push_back(std::move(bridge));
  plugins.push_back(std::move(portmap));
  std::string text;
  messages::codec::encode_json(
    draft::make_object({{"cniVersion", "0.4.0"}, {"name", network_name}, {"plugins", std::move(plugins)}}), text);
  return text + "\n";
}

range_decision decide_range(const std::string& placed, const std::string& assigned) {
  if (!placed.empty() && !assigned.empty() && placed != assigned)
    return {"", "podCIDR is " + placed + " in the placement file, but " + assigned +
                  " in the Node, where it cannot change: take it out of the file, or delete the Node"};
  if (placed.empty() && assigned.empty())
    return {"", not_initialized};
  return {placed.empty() ? assigned : placed, ""};
}

bool has_configuration(const network_settings& n) {
  std::error_code ec;
  return fs::exists(configuration_file(n), ec);
}

std::vector<std::string> leases_outside(const network_settings& n, const std::string& range) {
  auto network = runtime::net::parse_ipv4_network(range);
  std::vector<std::string> result;
  std::error_code ec; // without the folder there are no leases
  for (const auto& lease : fs::directory_iterator(n.ipam_folder / network_name, ec)) {
    auto address = runtime::net::parse_ipv4(lease.path().filename().string()); // beside them: a lock, the last address
    if (address && !(network && network->contains(*address)))
      result.push_back(lease.path().filename().string());
  }
  return result;
}

std::string prepare_network(const network_settings& n) {
  if (n.pod_cidr.empty() || n.bridge.empty())
    return not_initialized;
  fs::create_directories(n.cni_folder);
  fs::create_directories(n.ipam_folder);
  auto file = configuration_file(n);
  auto wanted = cni_configuration(n);
  if (read_text(file) != wanted) {
    if (auto leases = leases_outside(n, n.pod_cidr); !leases.empty())
      return "the node's range is now " + n.pod_cidr + ", but " + std::to_string(leases.size()) +
             " pods have addresses outside of it (" + leases.front() + "): drain the node";
    std::ofstream out(file, std::ios::trunc); // in place: containerd does not notice a rename into the folder
    out << wanted;
    out.close();
    if (!out)
      return "cannot write " + file.string();
  }
  if (!set_kernel("/proc/sys/net/ipv4/ip_forward", "1"))
    return "cannot enable net.ipv4.ip_forward";
  // Needed when client and endpoint share the bridge; absent until the kernel module is there.
  const char* bridge_filter = "/proc/sys/net/bridge/bridge-nf-call-iptables";
  if (fs::exists(bridge_filter) && !set_kernel(bridge_filter, "1"))
    return "cannot enable net.bridge.bridge-nf-call-iptables";
  return "";
}

} // namespace actors::kubelet::status
