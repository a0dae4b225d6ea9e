// Writes batches through libnftables.
#include "actors/proxy/nftables/table_writer.hpp"

#include "actors/proxy/nftables/bridge_filtering.hpp"
#include "runtime/net/chain_probe.hpp"
#include "actors/proxy/nftables/conntrack.hpp"
#include "actors/proxy/nftables/service_route.hpp"

namespace actors::proxy::nftables {

table_writer::table_writer(table_settings settings)
    : claim_(settings.table, claim_patience), book_(std::move(settings)) {}

write_report table_writer::write(const tracker::model_delta& delta) {
  write_report report;
  report.complete = !in_step_;
  const auto batch = book_.apply(delta);
  if (!in_step_) {
    report.error = write_everything(report.warnings);
    if (auto warning = allow_bridge_filtering())
      report.warnings.push_back(*std::move(warning));
  } else if (!batch.empty()) {
    report.error = nft_.run(batch);
  }
  in_step_ = !report.error;
  // Only behind rules that are in place: else the next packet would make the stale flow again.
  note_flows(delta);
  if (in_step_) {
    if (auto warning = remove_stale_flows(changed_udp_))
      report.warnings.push_back(*std::move(warning));
    changed_udp_.clear();
  }
  return report;
}

std::optional<std::string> table_writer::write_everything(std::vector<std::string>& warnings) {
  const auto clients = remember_clients();
  auto error = nft_.run(book_.render(clients));
  if (error && !clients.empty()) {
    warnings.push_back("clients with session affinity are forgotten: " + *error);
    error = nft_.run(book_.render());
  }
  if (error)
    return error;
  // After the rules: with the route alone, connections to services would be sent into the void.
  return book_.settings().service_cidr.empty() ? std::nullopt
                                               : put_service_route(book_.settings().service_cidr);
}

void table_writer::note_flows(const tracker::model_delta& delta) {
  for (const auto& [key, rules] : delta) {
    auto before = udp_.find(key);
    changed_udp_.add(before == udp_.end() ? nullptr : &before->second, rules ? &*rules : nullptr);
    if (rules && rules->protocol == tracker::protocol::udp)
      udp_.insert_or_assign(key, *rules);
    else
      udp_.erase(key);
  }
}

// What is in the table at this moment: of this run, or of the one before.
remembered_clients table_writer::remember_clients() {
  if (!book_.has_affinity() || nft_.run("list sets table ip " + book_.settings().table))
    return {};
  return read_remembered_clients(nft_.take_output());
}

bool table_writer::verify() {
  // Whoever flushes a rule set or a table empties or removes these two.
  const auto& table = book_.settings().table;
  const bool present = runtime::net::chain_has_rules(table, "nat-prerouting") && runtime::net::chain_has_rules(table, "services");
  in_step_ = in_step_ && present;
  return present;
}

std::optional<std::string> remove_rules(const table_settings& settings) {
  runtime::net::nft_context nft;
  // `add` first: deleting a table that is not there fails.
  auto error = nft.run("add table ip " + settings.table + "\ndelete table ip " + settings.table + "\n");
  if (settings.service_cidr.empty())
    return error;
  auto route_error = remove_service_route(settings.service_cidr);
  return error ? error : route_error;
}

} // namespace actors::proxy::nftables
