#include "actors/keeper/decide_role.hpp"

#include <algorithm>

namespace actors::keeper {

namespace {

/// The first host of the list that is not lost; "" when all are. One that nobody has seen yet counts: it may be starting.
std::string candidate_of(const role_wish& wish, const presence_of& see) {
  for (auto& host : wish.hosts)
    if (see(host) != presence::lost)
      return host;
  return {};
}

} // namespace

action decide_role(const std::string& self, const role_wish& wish, const role_owner& owner, const local_instance& local,
                   const presence_of& see) {
  const auto mine = owner.host == self && owner.epoch > 0;
  const auto owned = local.running && local.epoch > 0;
  if (owned) // an epoch ahead of what is seen is our own takeover, on its way
    return local.epoch < owner.epoch ? action::stop : action::none;
  const auto candidate = candidate_of(wish, see);
  const auto listed = std::find(wish.hosts.begin(), wish.hosts.end(), self) != wish.hosts.end();
  // This process is not the one that took over, or was told to stop and then chosen again.
  if (mine && listed)
    return action::take_over;
  if (candidate != self)
    return local.running ? action::stop : action::none;
  const auto alive = owner.epoch > 0 && owner.host != self && see(owner.host) != presence::lost;
  if (!alive)
    return action::take_over;
  if (owner.generation >= wish.generation)
    return local.running ? action::stop : action::none;
  if (!local.running)
    return action::start_standby;
  return local.synced ? action::take_over : action::none;
}

} // namespace actors::keeper
