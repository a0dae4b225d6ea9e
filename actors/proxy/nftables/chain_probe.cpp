// A filtered dump of rules over nfnetlink.
#include "actors/proxy/nftables/chain_probe.hpp"

#include "actors/proxy/nftables/netlink.hpp"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <system_error>

namespace actors::proxy::nftables {
namespace {

std::span<const uint8_t> with_terminator(const std::string& text) {
  return {reinterpret_cast<const uint8_t*>(text.c_str()), text.size() + 1};
}

} // namespace

bool chain_has_rules(const std::string& table, const std::string& chain) {
  try {
    netlink_message list(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE, 0);
    list.fixed(nfgenmsg{AF_INET, NFNETLINK_V0, 0});
    list.attribute(NFTA_RULE_TABLE, with_terminator(table));
    list.attribute(NFTA_RULE_CHAIN, with_terminator(chain));
    size_t rules = 0;
    const int error = netlink_socket(NETLINK_NETFILTER).dump(list, [&](const nlmsghdr&) { ++rules; });
    return error == 0 && rules > 0;
  } catch (const std::system_error&) {
    return false;
  }
}

} // namespace actors::proxy::nftables
