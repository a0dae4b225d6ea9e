// Carries the clients that a table's affinity sets remember over a complete rewrite of the table. Pure.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace actors::proxy::nftables {

// Set -> its elements for `add element`, each with the time that is left to it: "10.0.0.1 timeout 58s788ms,
// ...".
using remembered_clients = std::map<std::string, std::string>;

// From what `list sets` prints; sets without elements are left out.
remembered_clients read_remembered_clients(std::string_view listing);

} // namespace actors::proxy::nftables
