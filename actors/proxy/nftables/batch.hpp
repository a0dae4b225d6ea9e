// Writes nft commands for one table in an order in which the kernel accepts them in one transaction.
#pragma once

#include "actors/proxy/nftables/compiled_rules.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace actors::proxy::nftables {

// Elements named in one command: bounds the length of a line, not of the batch.
inline constexpr size_t elements_per_command_max = 500;

class batch {
public:
  explicit batch(std::string table);

  void add_set(std::string_view name, std::string_view definition);
  void add_map(std::string_view name, std::string_view definition);
  // A base chain when `hook` is given, such as "type nat hook prerouting priority dstnat;".
  void add_chain(std::string_view name, std::string_view hook = {});
  void flush_chain(std::string_view name);
  void add_rule(std::string_view chain, std::string_view rule);
  void add_elements(const std::map<element_key, std::string>& elements);
  void delete_elements(const std::vector<element_key>& elements);
  void delete_chain(std::string_view name);
  void delete_set(std::string_view name);
  void replace_table();

  bool empty() const { return text_.empty(); }
  std::string take() { return std::move(text_); }

private:
  void command(std::string_view verb, std::string_view name, std::string_view rest = {});
  void element_command(std::string_view verb, const std::string& container, std::string_view list);

  const std::string table_;
  std::string text_;
};

} // namespace actors::proxy::nftables
