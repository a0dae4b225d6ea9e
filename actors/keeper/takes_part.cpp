#include "actors/keeper/takes_part.hpp"

#include <algorithm>

namespace actors::keeper {

using runtime::mesh::link_row;
using runtime::mesh::link_state;

namespace {

bool is_up(const link_row& row) {
  return row.state != link_state::down;
}

bool sees(const link_row& row, const std::string& host) {
  return is_up(row) && std::find(row.sees.begin(), row.sees.end(), host) != row.sees.end();
}

} // namespace

bool takes_part(const std::string& host, const std::string& self, const std::string& arbiter,
                const std::vector<link_row>& rows) {
  if (host == self)
    return true;
  if (self == arbiter)
    return std::any_of(rows.begin(), rows.end(), [&](auto& row) { return row.host == host && is_up(row); });
  if (host != arbiter)
    for (auto& row : rows)
      if (row.host == arbiter && sees(row, self))
        return sees(row, host);
  return std::any_of(rows.begin(), rows.end(), [&](auto& row) { return (row.host == host && is_up(row)) || sees(row, host); });
}

} // namespace actors::keeper
