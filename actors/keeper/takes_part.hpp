// Which hosts take part in the cluster, as the links tell: those that can write. Pure.
#pragma once

#include "runtime/mesh/link_table.hpp"

#include <string>
#include <vector>

namespace actors::keeper {

/// Whether `host` is there, seen from `self`, whose links are `rows`. `arbiter` is the host of the shard that holds the
/// Roles: one that it has no link to can write nothing, whoever else reaches it. What the arbiter sees counts from its
/// first ping on, which names us, too; before, and without a link to it, a host is there when anybody reaches it.
bool takes_part(const std::string& host, const std::string& self, const std::string& arbiter,
                const std::vector<runtime::mesh::link_row>& rows);

} // namespace actors::keeper
