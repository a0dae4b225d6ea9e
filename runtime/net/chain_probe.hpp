// Asks the kernel whether a chain has rules. libnftables would read the whole rule set for that.
#pragma once

#include <string>

namespace runtime::net {

// False when the table or the chain is missing, or the kernel cannot be asked.
bool chain_has_rules(const std::string& table, const std::string& chain);

} // namespace runtime::net
