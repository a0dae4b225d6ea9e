// Reads nft's listing of sets.
#include "actors/proxy/nftables/affinity_memory.hpp"

#include <sstream>

namespace actors::proxy::nftables {
namespace {

constexpr std::string_view set_start = "set aff-";
constexpr std::string_view elements_start = "elements = {";

// "10.0.0.1 timeout 1m expires 58s788ms, ..." -> "10.0.0.1 timeout 58s788ms, ...". What remains becomes the
// whole timeout, since a changed service may have let an element live longer than the timeout it began with,
// which the kernel refuses to take back. The next connection renews it by the rule's own.
std::string with_remaining_time(std::string_view elements) {
  std::istringstream words{std::string(elements)};
  std::string result, address;
  for (std::string word; words >> word;) {
    if (address.empty())
      address = word;
    if (word == "expires" && words >> word) {
      if (word.back() == ',')
        word.pop_back();
      result += (result.empty() ? "" : ", ") + address + " timeout " + word;
      address.clear();
    }
  }
  return result;
}

} // namespace

remembered_clients read_remembered_clients(std::string_view listing) {
  remembered_clients result;
  for (auto start = listing.find(set_start); start != listing.npos; start = listing.find(set_start)) {
    listing.remove_prefix(start + std::string_view("set ").size());
    const std::string name(listing.substr(0, listing.find(' ')));
    auto block = listing.substr(0, listing.find(set_start));
    const auto elements = block.find(elements_start);
    if (elements == block.npos)
      continue;
    block.remove_prefix(elements + elements_start.size());
    if (auto list = with_remaining_time(block.substr(0, block.find('}'))); !list.empty())
      result.emplace(name, std::move(list));
  }
  return result;
}

} // namespace actors::proxy::nftables
