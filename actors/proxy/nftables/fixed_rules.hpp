// The part of the table that does not depend on services: hooks, shared maps, masquerading, refusals.
#pragma once

#include "actors/proxy/nftables/batch.hpp"

namespace actors::proxy::nftables {

void add_fixed_rules(batch& commands, const table_settings& settings);

} // namespace actors::proxy::nftables
