// The rule_writer of real nodes: one nftables table, the node's route to the service range, and the UDP flows
// that have to follow. Owned by the proxy's writer thread.
#pragma once

#include "actors/proxy/nftables/rule_book.hpp"
#include "actors/proxy/nftables/stale_flows.hpp"
#include "actors/proxy/nftables/table_claim.hpp"
#include "actors/proxy/rule_writer.hpp"
#include "runtime/net/nft_context.hpp"

namespace actors::proxy::nftables {

class table_writer final : public rule_writer {
public:
  // Waits this long for an earlier writer of the same table to end.
  static constexpr std::chrono::seconds claim_patience{30};

  explicit table_writer(table_settings settings); // throws std::runtime_error

  write_report write(const tracker::model_delta& delta) override;
  bool verify() override;

private:
  std::optional<std::string> write_everything(std::vector<std::string>& warnings);
  remembered_clients remember_clients();
  void note_flows(const tracker::model_delta& delta);

  table_claim claim_;
  runtime::net::nft_context nft_;
  rule_book book_;
  tracker::rule_model udp_; // the UDP ports of the model: what their flows are compared with
  udp_targets changed_udp_; // since flows were last looked at
  bool in_step_ = false;    // the table is what the book says
};

// Removes the table and the route: what is left of a proxy when its node leaves the cluster. Leaves
// everything else alone, and succeeds when there is nothing. Returns the error's text.
std::optional<std::string> remove_rules(const table_settings& settings);

} // namespace actors::proxy::nftables
