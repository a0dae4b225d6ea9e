// The network_writer of real nodes: what is there is read from the kernel each time, compared with what is wanted,
// and only the difference is written.
#pragma once

#include "actors/podnetwork/network_writer.hpp"
#include "runtime/net/netlink.hpp"
#include "runtime/net/nft_context.hpp"

namespace actors::podnetwork::kernel {

class kernel_network final : public network_writer {
public:
  explicit kernel_network(plan::network_settings settings); // throws std::exception

  network_report reconcile(const std::vector<plan::node_view>& nodes) override;

private:
  uint32_t put_tunnel(const plan::desired_network& wanted);
  void remove_other_tunnels(const std::optional<plan::tunnel>& wanted);
  void put_tunnel_address(uint32_t device, std::optional<plan::ipv4> wanted);
  void put_neighbours(uint32_t device, const plan::desired_network& wanted);
  void put_routes(uint32_t device, const plan::desired_network& wanted);
  void put_masquerade(const plan::desired_network& wanted);
  void attempt(const std::function<void()>& step);
  void note(int error, const std::string& what);

  plan::network_settings settings_;
  runtime::net::netlink_socket socket_;
  runtime::net::nft_context nft_;
  std::optional<std::set<plan::ipv4>> direct_nodes_; // as last written
  network_report report_;
};

// Takes back all that kernel_network makes: routes and devices with our marks, the table. Returns the error's text.
std::string remove_network(const std::string& table);

} // namespace actors::podnetwork::kernel
