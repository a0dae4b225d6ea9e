#include "runtime/simulation/network.hpp"

#include "runtime/mesh/link_health.hpp"
#include "runtime/mesh/links.hpp"
#include "runtime/simulation/remote_handle.hpp"

#include <algorithm>

namespace runtime::simulation {

namespace {

constexpr uint64_t network_purpose = 2;
constexpr const char* silence = "nothing was heard of it";

/// Another one than this process's, as an actor of another host has: who asks one sets a deadline (runtime/transport/ask.hpp).
caf::node_id node_of(host_id owner) {
  return caf::make_node_id(static_cast<uint32_t>(owner), caf::node_id::default_data::host_id_type{});
}

} // namespace

network::network(kernel& kernel, latency usual) : kernel_(kernel), usual_(usual), dice_(kernel.seed(), network_purpose) {
}

network::~network() {
  for (auto& [key, proxy] : proxies_)
    static_cast<remote_handle*>(caf::actor_cast<caf::abstract_actor*>(proxy))
      ->kill_proxy(nullptr, caf::exit_reason::remote_link_unreachable);
}

// ---- hosts -----------------------------------------------------------------------------------------------

void network::add_host(host_id id, const std::string& name, std::shared_ptr<mesh::link_table> table) {
  hosts_[id] = {name, std::move(table), nullptr, true};
}

const std::string& network::name_of(host_id id) const {
  return hosts_.at(id).name;
}

void network::remove_host(host_id gone, bool noticed) {
  auto& mine = hosts_.at(gone);
  mine.alive = false;
  mine.gate = nullptr;
  for (auto& [peer, other] : hosts_) {
    if (peer == gone || !other.alive)
      continue;
    auto& item = link_of(gone, peer);
    lose_side(gone, peer, "this host ended");
    if (!item.up[peer])
      continue;
    const auto generation = item.generation;
    const auto wait = noticed ? draw(item) : duration{std::chrono::microseconds{mesh::silence_us_max}};
    kernel_.after(wait, [this, gone, peer = peer, generation] {
      auto& now = link_of(gone, peer);
      if (now.generation == generation && now.up[peer])
        lose_side(peer, gone, "connection lost");
    });
  }
}

void network::set_gate(host_id id, const caf::strong_actor_ptr& gate) {
  auto found = hosts_.find(id);
  if (found == hosts_.end() || !found->second.alive)
    return;
  const bool had = static_cast<bool>(found->second.gate);
  found->second.gate = caf::actor_cast<caf::actor>(gate);
  std::vector<host_id> peers;
  for (auto& [peer, other] : hosts_)
    if (peer != id && other.alive)
      peers.push_back(peer);
  for (const auto peer : peers) {
    if (had)
      reset(id, peer);
    if (gate)
      make_link(id, peer);
  }
}

// ---- links -----------------------------------------------------------------------------------------------

network::link& network::link_of(host_id a, host_id b) {
  return links_[{std::min(a, b), std::max(a, b)}];
}

duration network::draw(const link& item) {
  return duration{dice_.between(usual_.min.count(), usual_.max.count())} + item.more;
}

bool network::up(host_id a, host_id b) const {
  const auto found = links_.find({std::min(a, b), std::max(a, b)});
  return found != links_.end() && found->second.up.count(a) && found->second.up.at(a) && found->second.up.count(b) &&
         found->second.up.at(b);
}

/// As soon as both sides can, with the mesh's pauses between attempts.
void network::make_link(host_id a, host_id b) {
  auto& item = link_of(a, b);
  if (item.making || item.up[a] || item.up[b] || !hosts_.at(a).alive || !hosts_.at(b).alive)
    return;
  item.making = true;
  const auto first = std::chrono::duration_cast<duration>(mesh::retry_first).count();
  const auto longest = std::chrono::duration_cast<duration>(mesh::retry_max).count();
  const auto pause = item.failures == 0 ? draw(item) * 4 : duration{std::min(first << std::min(item.failures, 8), longest)};
  kernel_.after(pause, [this, a, b] {
    link_of(a, b).making = false;
    try_link(a, b);
  });
}

void network::try_link(host_id a, host_id b) {
  auto& item = link_of(a, b);
  auto &one = hosts_.at(a), &other = hosts_.at(b);
  if (item.up[a] || item.up[b] || !one.alive || !other.alive)
    return;
  if (item.cut || kernel_.frozen(a) || kernel_.frozen(b) || !one.gate || !other.gate) {
    ++item.failures;
    make_link(a, b);
    return;
  }
  give_up_former(a, b);
  give_up_former(b, a);
  item.failures = 0;
  ++item.generation;
  item.up[a] = item.up[b] = true;
  item.held.clear();
  const auto wall = std::chrono::duration_cast<std::chrono::microseconds>(kernel_.elapsed()).count();
  for (const auto& [mine, peer] : {std::pair{a, b}, std::pair{b, a}}) {
    auto& here = hosts_.at(mine);
    here.table->set_connected(hosts_.at(peer).name, peer);
    here.table->set_state(hosts_.at(peer).name, mesh::link_state::up, "", wall);
    caf::anon_send(here.gate, link_made{peer, hosts_.at(peer).name, peer});
  }
  tell_sees(a);
  tell_sees(b);
}

/// A host that was started again connects before its peer has noticed that it had gone: the new connection takes the old one's place.
void network::give_up_former(host_id mine, host_id peer) {
  for (const auto& [former, host] : hosts_)
    if (former != peer && !host.alive && host.name == hosts_.at(peer).name)
      lose_side(mine, former, "another connection takes its place");
}

/// What the mesh's pings tell: whom `host` sees.
void network::tell_sees(host_id id) {
  const auto& mine = hosts_.at(id);
  const auto sees = mine.table->up();
  for (auto& [peer, other] : hosts_)
    if (peer != id && other.alive && up(id, peer))
      kernel_.after(draw(link_of(id, peer)), [this, peer = peer, name = mine.name, sees] {
        if (hosts_.at(peer).alive)
          hosts_.at(peer).table->set_sees(name, sees);
      });
}

void network::lose_side(host_id mine, host_id peer, const std::string& reason) {
  auto& item = link_of(mine, peer);
  if (!item.up[mine])
    return;
  item.up[mine] = false;
  auto& here = hosts_.at(mine);
  const auto wall = std::chrono::duration_cast<std::chrono::microseconds>(kernel_.elapsed()).count();
  here.table->set_state(hosts_.at(peer).name, mesh::link_state::down, reason, wall);
  // Every handle that was seen over the link ends.
  std::vector<caf::strong_actor_ptr> ended;
  for (auto i = proxies_.lower_bound({mine, 0}); i != proxies_.end() && i->first.viewer == mine;) {
    if (static_cast<remote_handle*>(caf::actor_cast<caf::abstract_actor*>(i->second))->owner() == peer) {
      ended.push_back(std::move(i->second));
      i = proxies_.erase(i);
    } else {
      ++i;
    }
  }
  for (auto& each : ended)
    static_cast<remote_handle*>(caf::actor_cast<caf::abstract_actor*>(each))
      ->kill_proxy(nullptr, caf::exit_reason::remote_link_unreachable);
  if (here.alive) {
    if (here.gate)
      caf::anon_send(here.gate, link_lost{peer, hosts_.at(peer).name, reason});
    tell_sees(mine);
  }
  if (!item.up[peer]) {
    item.held.clear();
    make_link(mine, peer);
  } else if (!item.cut && !kernel_.frozen(peer) && hosts_.at(peer).alive) {
    const auto generation = item.generation;
    kernel_.after(draw(item), [this, mine, peer, generation] {
      if (link_of(mine, peer).generation == generation)
        lose_side(peer, mine, "the other side closed the connection");
    });
  }
}

/// Both sides notice by themselves, each after its own time.
void network::watch_silence(host_id a, host_id b) {
  for (const auto& [mine, peer] : {std::pair{a, b}, std::pair{b, a}}) {
    const auto generation = link_of(a, b).generation;
    const duration wait = std::chrono::microseconds{mesh::silence_us_max + dice_.between(0, mesh::ping_period_us)};
    kernel_.after(wait, [this, mine = mine, peer = peer, generation] {
      auto& item = link_of(mine, peer);
      if (item.generation == generation && (item.cut || kernel_.frozen(peer)) && !kernel_.frozen(mine))
        lose_side(mine, peer, silence);
    });
  }
}

// ---- faults ----------------------------------------------------------------------------------------------

void network::cut(host_id a, host_id b) {
  auto& item = link_of(a, b);
  if (item.cut)
    return;
  item.cut = true;
  watch_silence(a, b);
}

/// What was held back goes on, unless a side gave the connection up meanwhile.
void network::heal(host_id a, host_id b) {
  auto& item = link_of(a, b);
  if (!item.cut)
    return;
  item.cut = false;
  for (auto& each : std::exchange(item.held, {}))
    deliver(std::move(each), item.generation);
  for (const auto& [mine, peer] : {std::pair{a, b}, std::pair{b, a}})
    if (item.up[mine] && !item.up[peer])
      lose_side(mine, peer, "the other side closed the connection");
  make_link(a, b);
}

void network::reset(host_id a, host_id b) {
  auto& item = link_of(a, b);
  ++item.generation; // what is under way is lost
  lose_side(a, b, "connection reset");
  lose_side(b, a, "connection reset");
}

void network::replace(host_id a, host_id b) {
  if (!up(a, b))
    return;
  reset(a, b);
  link_of(a, b).failures = 0;
  try_link(a, b);
}

void network::freeze(host_id id) {
  kernel_.freeze(id);
  for (auto& [peer, other] : hosts_)
    if (peer != id && other.alive)
      watch_silence(id, peer);
}

/// It finds the links closed that the others gave up meanwhile.
void network::thaw(host_id id) {
  kernel_.thaw(id);
  for (auto& [peer, other] : hosts_) {
    if (peer == id || !other.alive)
      continue;
    if (link_of(id, peer).up[id] && !link_of(id, peer).up[peer])
      lose_side(id, peer, "the other side closed the connection");
    make_link(id, peer);
  }
}

void network::slow_down(host_id a, host_id b, duration more) {
  link_of(a, b).more = more;
}

// ---- messages --------------------------------------------------------------------------------------------

caf::strong_actor_ptr network::view(host_id viewer, const caf::strong_actor_ptr& target) {
  if (!target)
    return nullptr;
  if (target->node() != kernel_.system().node()) { // node_of(): only remote handles have another one
    const auto* far = static_cast<remote_handle*>(caf::actor_cast<caf::abstract_actor*>(target));
    return far->owner() == viewer ? far->target() : target; // on its way back home
  }
  const auto owner = kernel_.host_of(target->id());
  if (owner == viewer || owner == nowhere || viewer == nowhere)
    return target;
  if (auto found = proxies_.find({viewer, target->id()}); found != proxies_.end())
    return found->second;
  auto& system = kernel_.system();
  caf::actor_config config;
  auto made = caf::make_actor<remote_handle, caf::strong_actor_ptr>(system.next_actor_id(), node_of(owner), &system, config, *this,
                                                                    viewer, owner, target);
  proxies_[{viewer, target->id()}] = made;
  // Its end is told over the link, as everything else.
  target->get()->attach_functor([this, viewer, owner, id = target->id(), lives = std::weak_ptr<bool>{lives_}](const caf::error& reason) {
    if (lives.expired())
      return;
    auto& item = link_of(viewer, owner);
    kernel_.after(draw(item), [this, viewer, owner, id, reason, generation = item.generation] {
      const auto found = proxies_.find({viewer, id});
      if (found == proxies_.end() || link_of(viewer, owner).generation != generation || link_of(viewer, owner).cut)
        return;
      const auto ended = std::move(found->second);
      proxies_.erase(found);
      static_cast<remote_handle*>(caf::actor_cast<caf::abstract_actor*>(ended))->kill_proxy(nullptr, reason);
    });
  });
  return made;
}

void network::send(host_id from, host_id to, const caf::strong_actor_ptr& target, const caf::strong_actor_ptr& sender,
                   caf::message_id id, caf::message content) {
  auto& item = link_of(from, to);
  if (!item.up[from])
    return;
  deliver({from, to, target, sender, id, std::move(content)}, item.generation);
}

void network::send_role(host_id from, host_id to, peer_role role) {
  auto& item = link_of(from, to);
  if (!item.up[from] || !hosts_.at(to).gate)
    return;
  auto gate = caf::actor_cast<caf::strong_actor_ptr>(hosts_.at(to).gate);
  deliver({from, to, gate, nullptr, caf::make_message_id(), caf::make_message(std::move(role))}, item.generation);
}

void network::deliver(packet item, uint64_t generation) {
  auto& way = link_of(item.from, item.to);
  if (way.cut) {
    way.held.push_back(std::move(item));
    return;
  }
  auto& last = way.last[item.to];
  last = std::max(last, kernel_.now() + draw(way)); // in order
  kernel_.after(last - kernel_.now(), [this, item = std::move(item), generation]() mutable {
    auto& now = link_of(item.from, item.to);
    if (now.generation != generation || !now.up[item.to])
      return;
    if (now.cut)
      now.held.push_back(std::move(item));
    else
      arrive(item);
  });
}

void network::arrive(const packet& item) {
  const auto sender = view(item.to, item.sender);
  if (filter_ && filter_({item.from, item.to, &sender, &item.target, item.id, &item.content}) == verdict::drop)
    return;
  ++delivered_;
  kernel_.mix(item.target->id());
  item.target->enqueue(sender, item.id, item.content, nullptr);
}

} // namespace runtime::simulation
