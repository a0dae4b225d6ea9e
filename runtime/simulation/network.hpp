// The links between simulated hosts. They behave as the mesh's links do (runtime/mesh): what is sent arrives in order and
// late; a link that is cut holds back what is sent, and is lost after the mesh's time of silence; a lost link ends every
// handle of the other side, and is made anew when both hosts can. Which latency and which order, the seed decides.
#pragma once

#include "runtime/mesh/link_table.hpp"
#include "runtime/simulation/gate_actor.hpp"
#include "runtime/simulation/kernel.hpp"

#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>

namespace runtime::simulation {

/// Of one direction of a link.
struct latency {
  duration min = 100us;
  duration max = 600us;
};

/// What a filter sees of a message that is about to be delivered to an actor of `to`.
struct delivery {
  host_id from = nowhere;
  host_id to = nowhere;
  const caf::strong_actor_ptr* sender = nullptr; ///< as the receiver sees it; may be null within
  const caf::strong_actor_ptr* target = nullptr;
  caf::message_id id;
  const caf::message* content = nullptr;
};
enum class verdict : uint8_t {
  pass,
  drop, ///< whoever says so has kept it
};

class network {
public:
  network(kernel& kernel, latency usual);
  ~network();
  network(const network&) = delete;

  // -- hosts
  void add_host(host_id host, const std::string& name, std::shared_ptr<mesh::link_table> table);
  /// Its links end: with `noticed`, the others are told at once (the process died), else they find out by silence (the power
  /// went).
  void remove_host(host_id host, bool noticed);
  /// `gate` speaks for the host from now on; null: nobody does, and its links end.
  void set_gate(host_id host, const caf::strong_actor_ptr& gate);
  const std::string& name_of(host_id host) const;

  // -- messages
  /// `target` as an actor of `viewer` sees it.
  caf::strong_actor_ptr view(host_id viewer, const caf::strong_actor_ptr& target);
  void send(host_id from, host_id to, const caf::strong_actor_ptr& target, const caf::strong_actor_ptr& sender,
            caf::message_id id, caf::message content);
  /// Between gates.
  void send_role(host_id from, host_id to, peer_role role);
  /// Asked for each message when it arrives. Empty: all pass.
  void filter_deliveries(std::function<verdict(const delivery&)> filter) {
    filter_ = std::move(filter);
  }

  // -- faults
  void cut(host_id a, host_id b);
  void heal(host_id a, host_id b);
  /// The connection ends, as when a switch forgets it; it is made anew.
  void reset(host_id a, host_id b);
  /// A second connection takes the place of the first: both sides lose what was under way, and the link is up again at once.
  void replace(host_id a, host_id b);
  /// The host stands still (kernel::freeze), and goes on.
  void freeze(host_id host);
  void thaw(host_id host);
  /// 0: as usual again.
  void slow_down(host_id a, host_id b, duration more);
  bool up(host_id a, host_id b) const;

  uint64_t delivered() const {
    return delivered_;
  }

private:
  using pair = std::pair<host_id, host_id>; // the lower one first
  struct packet {
    host_id from, to;
    caf::strong_actor_ptr target, sender;
    caf::message_id id;
    caf::message content;
  };
  struct link {
    uint64_t generation = 0; // of the connection
    std::map<host_id, bool> up; // as each side sees it
    bool cut = false;
    bool making = false;
    int failures = 0;
    duration more{0};
    std::map<host_id, kernel::time_point> last; // delivery, by receiver
    std::vector<packet> held; // while cut
  };
  struct host {
    std::string name;
    std::shared_ptr<mesh::link_table> table;
    caf::actor gate;
    bool alive = true;
  };
  struct proxy_key {
    host_id viewer;
    caf::actor_id target;
    auto operator<=>(const proxy_key&) const = default;
  };

  link& link_of(host_id a, host_id b);
  void make_link(host_id a, host_id b);
  void try_link(host_id a, host_id b);
  void lose_side(host_id mine, host_id peer, const std::string& reason);
  void watch_silence(host_id a, host_id b);
  void deliver(packet item, uint64_t generation);
  void arrive(const packet& item);
  void give_up_former(host_id mine, host_id peer);
  void tell_sees(host_id host);
  duration draw(const link& item);

  kernel& kernel_;
  latency usual_;
  dice dice_;
  std::map<host_id, host> hosts_;
  std::map<pair, link> links_;
  std::map<proxy_key, caf::strong_actor_ptr> proxies_;
  std::function<verdict(const delivery&)> filter_;
  uint64_t delivered_ = 0;
  std::shared_ptr<bool> lives_ = std::make_shared<bool>(true); // for what is attached to actors that may outlive this
};

} // namespace runtime::simulation
