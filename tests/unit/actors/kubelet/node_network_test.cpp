// The node's range of pod addresses and the CNI configuration for it.
#include "actors/kubelet/status/node_network.hpp"
#include "messages/codec/json.hpp"

#include <catch2/catch.hpp>
#include <fstream>

using namespace actors::kubelet::status;
namespace fs = std::filesystem;

namespace {

struct folder {
  fs::path path;
  network_settings settings;

  folder() {
    std::string pattern = (fs::temp_directory_path() / "troupe-network-XXXXXX").string();
    path = ::mkdtemp(pattern.data());
    settings = {"node-a", "troupe0", "10.244.3.0/24", path / "net.d", path / "ipam", 1450};
  }
  ~folder() { fs::remove_all(path); }

  messages::codec::draft bridge() const {
    std::ifstream in(settings.cni_folder / "10-troupe.conflist");
    std::string text((std::istreambuf_iterator<char>(in)), {});
    return messages::codec::parse_json(text).value.get("plugins").items().at(0);
  }
  std::string subnet() const {
    return std::string(
      bridge().at({"ipam", "ranges"}).items().at(0).items().at(0).get("subnet").str());
  }
};

} // namespace

TEST_CASE("a node's range is the placement file's or the Node's") {
  CHECK(decide_range("", "").problem ==
        "NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized");
  CHECK(decide_range("", "10.244.1.0/24").range == "10.244.1.0/24");
  CHECK(decide_range("10.244.1.0/24", "").range == "10.244.1.0/24");
  CHECK(decide_range("10.244.1.0/24", "10.244.1.0/24").problem == "");
  auto differs = decide_range("10.244.1.0/24", "10.244.2.0/24");
  CHECK(differs.range == "");
  CHECK(differs.problem == "podCIDR is 10.244.1.0/24 in the placement file, but 10.244.2.0/24 in the Node, where it cannot "
                           "change: take it out of the file, or delete the Node");
}

TEST_CASE("the configuration has the range and the largest packet, and does not masquerade") {
  folder f;
  CHECK_FALSE(has_configuration(f.settings));
  CHECK(prepare_network(f.settings) == "");
  CHECK(has_configuration(f.settings));
  CHECK(f.subnet() == "10.244.3.0/24");
  CHECK(f.bridge().get("mtu").integer() == 1450);
  CHECK_FALSE(f.bridge().get("ipMasq").boolean());
  f.settings.mtu = 0;
  CHECK(prepare_network(f.settings) == "");
  CHECK_FALSE(f.bridge().find("mtu"));
}

TEST_CASE("a range is not changed under pods that have addresses of the old one") {
  folder f;
  REQUIRE(prepare_network(f.settings) == "");
  fs::create_directories(f.settings.ipam_folder / "troupe");
  for (const auto* name : {"10.244.3.2", "10.244.3.7", "last_reserved_ip.0", "lock"})
    std::ofstream(f.settings.ipam_folder / "troupe" / name) << "x";
  CHECK(leases_outside(f.settings, "10.244.3.0/24").empty());
  CHECK(leases_outside(f.settings, "10.244.4.0/24").size() == 2);
  f.settings.pod_cidr = "10.244.4.0/24";
  auto problem = prepare_network(f.settings);
  CHECK(problem.find("the node's range is now 10.244.4.0/24, but 2 pods have addresses outside of it (10.244.3.") == 0);
  CHECK(f.subnet() == "10.244.3.0/24");
  f.settings.pod_cidr = "10.244.3.0/24"; // the same one again is written at any time
  f.settings.mtu = 1400;
  CHECK(prepare_network(f.settings) == "");
  for (const auto* name : {"10.244.3.2", "10.244.3.7"})
    fs::remove(f.settings.ipam_folder / "troupe" / name);
  f.settings.pod_cidr = "10.244.4.0/24";
  CHECK(prepare_network(f.settings) == "");
  CHECK(f.subnet() == "10.244.4.0/24");
}
