// A filtered dump of rules over nfnetlink.
#include "runtime/net/chain_probe.hpp"

#include "runtime/net/netlink.hpp"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <sys/socket.h>

#include <system_error>

namespace runtime::net {

bool chain_has_rules(const std::string& table, const std::string& chain) {
  try {
    netlink_message list(NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETRULE, 0);
    list.fixed(nfgenmsg{AF_INET, NFNETLINK_V0, 0});
    list.text(NFTA_RULE_TABLE, table);
    list.text(NFTA_RULE_CHAIN, chain);
    size_t rules = 0;
    const int error = netlink_socket(NETLINK_NETFILTER).dump(list, [&](const nlmsghdr&) { ++rules; });
    return error == 0 && rules > 0;
  } catch (const std::system_error&) {
    return false;
  }
}

} // namespace runtime::net
