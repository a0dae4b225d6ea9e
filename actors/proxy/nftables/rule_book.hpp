// What the table holds, and the nft commands that bring it from one state of the model to the next.
// Pure: text in, text out. Owned by the writer's thread.
#pragma once

#include "actors/proxy/nftables/affinity_memory.hpp"
#include "actors/proxy/nftables/compiled_rules.hpp"

#include <map>
#include <optional>
#include <string>

namespace actors::proxy::nftables {

class rule_book {
public:
  explicit rule_book(table_settings settings);

  // Takes `delta` over and returns one batch with the commands for what changed; "" when nothing does.
  std::string apply(const tracker::model_delta& delta);

  // One batch that builds the whole table anew in place of whatever has its name. Applied atomically, no
  // connection sees a table that is missing or half filled. `clients` are put into the affinity sets that
  // still exist.
  std::string render(const remembered_clients& clients = {}) const;
  // Whether there is any session affinity in the book.
  bool has_affinity() const;

  const table_settings& settings() const { return settings_; }
  size_t ports() const { return ports_.size(); }

private:
  using claims = std::map<tracker::port_key, std::string>; // who wants an element -> verdict
  using verdicts = std::map<element_key, std::optional<std::string>>;

  std::optional<std::string> verdict_of(const element_key& key) const;
  void release(const tracker::port_key& key, const compiled_rules& rules, verdicts& before);
  void claim(const tracker::port_key& key, const compiled_rules& rules, verdicts& before);
  void remember(const element_key& key, verdicts& before) const;

  const table_settings settings_;
  std::map<tracker::port_key, compiled_rules> ports_;
  // Two services may want the same element (a shared endpoint's hairpin pair; a node port that moves from a
  // deleted service to a new one). The first claim by key decides, the element goes with the last.
  std::map<element_key, claims> elements_;
};

} // namespace actors::proxy::nftables
