// nft commands as text.
#include "actors/proxy/nftables/batch.hpp"

namespace actors::proxy::nftables {

batch::batch(std::string table) : table_(std::move(table)) {}

void batch::command(std::string_view verb, std::string_view name, std::string_view rest) {
  text_.append(verb).append(" ip ").append(table_).append(" ").append(name);
  if (!rest.empty())
    text_.append(" ").append(rest);
  text_.append("\n");
}

void batch::add_set(std::string_view name, std::string_view definition) {
  command("add set", name, "{ " + std::string(definition) + " }");
}

void batch::add_map(std::string_view name, std::string_view definition) {
  command("add map", name, "{ " + std::string(definition) + " }");
}

void batch::add_chain(std::string_view name, std::string_view hook) {
  command("add chain", name, hook.empty() ? std::string() : "{ " + std::string(hook) + " }");
}

void batch::flush_chain(std::string_view name) { command("flush chain", name); }

void batch::add_rule(std::string_view chain, std::string_view rule) { command("add rule", chain, rule); }

void batch::delete_chain(std::string_view name) { command("delete chain", name); }

void batch::delete_set(std::string_view name) { command("delete set", name); }

// `add` first, since deleting a table that is not there fails.
void batch::replace_table() {
  text_ += "add table ip " + table_ + "\ndelete table ip " + table_ + "\nadd table ip " + table_ + "\n";
}

void batch::element_command(std::string_view verb, const std::string& container, std::string_view list) {
  command(verb, container, "{ " + std::string(list) + " }");
}

void batch::add_elements(const std::map<element_key, std::string>& elements) {
  std::string list;
  size_t count = 0;
  for (auto it = elements.begin(); it != elements.end(); ++it) {
    list += (count++ ? ", " : "") + it->first.key + (it->second.empty() ? "" : " : " + it->second);
    const auto next = std::next(it);
    if (next == elements.end() || next->first.container != it->first.container ||
        count == elements_per_command_max) {
      element_command("add element", it->first.container, list);
      list.clear();
      count = 0;
    }
  }
}

void batch::delete_elements(const std::vector<element_key>& elements) {
  std::string list;
  size_t count = 0;
  for (auto it = elements.begin(); it != elements.end(); ++it) {
    list += (count++ ? ", " : "") + it->key;
    const auto next = std::next(it);
    if (next == elements.end() || next->container != it->container || count == elements_per_command_max) {
      element_command("delete element", it->container, list);
      list.clear();
      count = 0;
    }
  }
}

} // namespace actors::proxy::nftables
