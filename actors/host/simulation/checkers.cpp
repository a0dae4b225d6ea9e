#include "actors/host/simulation/checkers.hpp"

#include "actors/host/simulation/fence_guard.hpp"

#include "messages/codec/json.hpp"
#include "runtime/transport/attachment.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <climits>

namespace actors::host::simulation {

namespace {

std::string shard_of(std::string_view key) {
  for (const char* own : {"pods", "events", "leases"})
    if (key.starts_with("/" + std::string{own} + "/"))
      return own;
  return "main";
}

/// A stored value; it names its type. One that cannot be read is an empty object.
draft decode(const std::string& value) {
  const auto read = runtime::transport::attachment_from_wire(std::make_shared<const std::string>(value), 0, value.size(), true);
  return read ? messages::codec::unpack(*read->type, read->object) : draft::make_object();
}

bool is_of(const client::resource& what, std::string_view key) {
  return key.starts_with(store_prefix(what));
}

/// Every change of the shard's history, in order.
template <class Visit>
void each_change(world& of, const std::string& shard, Visit visit) {
  of.sim.disk(shard).each_change(0, visit);
}

// ---- what was acknowledged -------------------------------------------------------------------------------

findings durability(world& of) {
  findings wrong;
  std::map<std::string, std::map<int64_t, std::string>> stored; // shard, revision, key
  for (const auto& [name, disk] : of.sim.disks())
    disk->each_change(0, [&](const store::shown_change& change) { stored[name].emplace_hint(stored[name].end(), change.revision, change.key); });
  for (const auto* user : of.users())
    for (const auto& write : user->acknowledged_writes()) {
      const auto shard = shard_of(write.key);
      const auto& disk = of.sim.disk(shard);
      if (write.revision > disk.current()) {
        wrong.push_back(fmt::format("{} was acknowledged at revision {}, but shard {} is at {}", write.key, write.revision, shard,
                                    disk.current()));
        continue;
      }
      const auto found = stored[shard].find(write.revision);
      if (write.revision > disk.oldest() && !write.removal && (found == stored[shard].end() || found->second != write.key))
        wrong.push_back(fmt::format("{} was acknowledged at revision {}, at which shard {} has {}", write.key, write.revision,
                                    shard, found == stored[shard].end() ? "nothing" : found->second));
    }
  for (const auto* user : of.users())
    for (const auto& refusal : user->refused())
      wrong.push_back("a valid request was refused: " + refusal);
  return wrong;
}

findings linearizability(world& of) {
  auto wrong = check_linearizable(of.history, of.maybe);
  // Reads through different apiservers agree with the disk.
  const auto& disk = of.sim.disk("main");
  std::map<int64_t, std::string> versions;
  disk.each_change(0, [&](const store::shown_change& change) {
    if (is_of(client::configmaps, change.key) && !change.erased)
      versions[change.revision] = change.key + "=" + std::string{decode(change.value).at({"data", "value"}).str()};
  });
  for (const auto& op : of.history) {
    if (op.revision <= disk.oldest())
      continue;
    const auto found = versions.find(op.revision);
    const auto told = "/configmaps/default/" + op.key + "=" + op.value;
    if (found == versions.end() || found->second != told)
      wrong.push_back(fmt::format("{} was told {} at revision {}, the disk has {}", op.client, told, op.revision,
                                  found == versions.end() ? "nothing" : found->second));
  }
  return wrong;
}

findings watches(world& of) {
  findings wrong;
  for (const auto& seen : of.witness().seen()) {
    if (seen.base < 0)
      continue;
    const auto prefix = store_prefix(*seen.what);
    const auto& disk = of.sim.disk(shard_of(prefix));
    if (seen.base < disk.oldest())
      continue; // its history is gone
    auto next = seen.events.begin();
    bool agrees = true;
    disk.each_change(seen.base, [&](const store::shown_change& change) {
      if (!agrees || change.revision > seen.last || !change.key.starts_with(prefix))
        return;
      if (next == seen.events.end() || next->revision != change.revision || next->key != change.key ||
          next->deleted != change.erased) {
        wrong.push_back(fmt::format("a watch of {} from revision {} to {}: expected {}{} at revision {}, saw {}", seen.what->plural, seen.base,
                                    seen.last, change.key, change.erased ? " deleted" : "", change.revision,
                                    next == seen.events.end() ? "nothing" : fmt::format("{}{} at {}", next->key, next->deleted ? " deleted" : "", next->revision)));
        agrees = false;
        return;
      }
      ++next;
    });
    if (next != seen.events.end() && wrong.empty() && next->revision <= seen.last)
      wrong.push_back(fmt::format("a watch of {} saw {} at revision {}, which the disk does not have", seen.what->plural, next->key, next->revision));
  }
  return wrong;
}

// ---- pods, owners, addresses -----------------------------------------------------------------------------

findings one_node(world& of) {
  findings wrong;
  std::map<std::string, std::string> node_of; // by uid
  each_change(of, "pods", [&](const store::shown_change& change) {
    if (change.erased)
      return;
    const auto pod = decode(change.value);
    const auto node = std::string{pod.at({"spec", "nodeName"}).str()};
    if (node.empty())
      return;
    const auto [known, fresh] = node_of.emplace(pod.at({"metadata", "uid"}).str(), node);
    if (!fresh && known->second != node)
      wrong.push_back(fmt::format("{} was on node {}, and at revision {} on {}", change.key, known->second, change.revision, node));
  });
  return wrong;
}

findings orphans(world& of) {
  findings wrong;
  std::set<std::string> uids, namespaces, nodes;
  struct item {
    std::string key;
    draft object;
  };
  std::vector<item> all;
  for (const auto& [name, disk] : of.sim.disks())
    disk->each_record([&](const std::string& key, int64_t, const std::string& value) {
      for (const auto* what : client::owning_resources)
        if (is_of(*what, key)) {
          all.push_back({key, decode(value)});
          const auto& meta = all.back().object.get("metadata");
          uids.emplace(meta.get("uid").str());
          if (what == &client::namespaces)
            namespaces.emplace(meta.get("name").str());
          if (what == &client::nodes)
            nodes.emplace(meta.get("name").str());
        }
    });
  for (const auto& [key, object] : all) {
    const auto& meta = object.get("metadata");
    for (const auto& owner : meta.get("ownerReferences").items())
      if (uids.count(std::string{owner.get("uid").str()}) == 0)
        wrong.push_back(fmt::format("{} is owned by {} {}, which is gone", key, owner.get("kind").str(), owner.get("name").str()));
    if (const auto space = std::string{meta.get("namespace").str()}; !space.empty() && namespaces.count(space) == 0)
      wrong.push_back(fmt::format("{} is in a namespace that is gone", key));
    if (is_of(client::pods, key))
      if (const auto node = std::string{object.at({"spec", "nodeName"}).str()}; !node.empty() && nodes.count(node) == 0)
        wrong.push_back(fmt::format("{} is on node {}, which is gone", key, node));
    if (is_of(client::leases, key) && key.find("/kube-node-lease/") != key.npos && nodes.count(key.substr(key.rfind('/') + 1)) == 0)
      wrong.push_back(fmt::format("{} is of a node that is gone", key));
  }
  return wrong;
}

/// Who has what, at each moment of the history.
struct claims {
  std::string what;
  std::map<std::string, std::string> owner_of;         // by address
  std::map<std::string, std::set<std::string>> of_key; // what each key has now

  void set(const std::string& key, std::set<std::string> wanted, int64_t revision, findings& wrong) {
    auto& now = of_key[key];
    for (const auto& gone : now)
      if (wanted.count(gone) == 0)
        owner_of.erase(gone);
    for (const auto& each : wanted) {
      const auto [owner, fresh] = owner_of.emplace(each, key);
      if (!fresh && owner->second != key)
        wrong.push_back(fmt::format("{} {} was given to {} at revision {}, while {} has it", what, each, key, revision, owner->second));
    }
    now = std::move(wanted);
  }
};

findings addresses(world& of) {
  findings wrong;
  claims addresses{.what = "address"}, ports{.what = "node port"}, ranges{.what = "range"};
  each_change(of, "main", [&](const store::shown_change& change) {
    if (is_of(client::services, change.key)) {
      std::set<std::string> ips, numbers;
      if (!change.erased) {
        const auto service = decode(change.value);
        if (const auto ip = std::string{service.at({"spec", "clusterIP"}).str()}; !ip.empty() && ip != "None")
          ips.insert(ip);
        for (const auto& port : service.at({"spec", "ports"}).items())
          if (const auto number = port.get("nodePort").integer(); number > 0)
            numbers.insert(fmt::format("{}/{}", number, port.get("protocol").str("TCP")));
      }
      addresses.set(change.key, ips, change.revision, wrong);
      ports.set(change.key, numbers, change.revision, wrong);
    } else if (is_of(client::nodes, change.key)) {
      std::set<std::string> mine;
      if (!change.erased)
        if (const auto range = std::string{decode(change.value).at({"spec", "podCIDR"}).str()}; !range.empty())
          mine.insert(range);
      ranges.set(change.key, mine, change.revision, wrong);
    }
  });
  claims pods{.what = "pod address"};
  of.sim.disk("pods").each_record([&](const std::string& key, int64_t revision, const std::string& value) {
    const auto pod = decode(value);
    if (const auto ip = std::string{pod.at({"status", "podIP"}).str()}; !ip.empty() && pod.at({"status", "phase"}).str() == "Running")
      pods.set(key, {ip}, revision, wrong);
  });
  return wrong;
}

// ---- fencing ---------------------------------------------------------------------------------------------

constexpr int attempts_max = 5;

/// For each role that was taken over: who writes with an older epoch is refused, whichever shard it is.
findings fencing(world& of) {
  findings wrong;
  struct probe {
    std::string role;
    int64_t epoch = 0;
    const shard_probe* where = nullptr;
    int code = 0;
    bool fenced = false;
    std::string why = {};
  };
  auto probes = std::make_shared<std::vector<probe>>();
  for (const auto& [key, item] : of.admin().cache(client::roles).entries()) {
    const auto role = shown(client::roles, item);
    if (const auto epoch = role.at({"status", "epoch"}).integer(); epoch > 1)
      for (const auto& where : shard_probes())
        probes->push_back({std::string{role.at({"spec", "role"}).str()}, epoch - 1, &where});
  }
  const auto ask = [&](size_t i) {
    auto& each = (*probes)[i];
    each.code = 0;
    of.witness().write_as(each.role, each.epoch, *each.where->what, fmt::format("fence-probe-{}", i), each.where->content(),
                          [probes, i](int code, bool fenced, const std::string& why) {
                            auto& mine = (*probes)[i];
                            mine.code = code;
                            mine.fenced = fenced;
                            mine.why = why;
                          });
  };
  const auto all = [&](int code_max) {
    return std::all_of(probes->begin(), probes->end(), [&](const probe& each) { return each.code > 0 && each.code < code_max; });
  };
  for (int attempt = 0; attempt < attempts_max && !all(500); ++attempt) {
    for (size_t i = 0; i < probes->size(); ++i)
      if ((*probes)[i].code == 0 || (*probes)[i].code >= 500)
        ask(i);
    of.sim.time().run_until([&] { return all(INT_MAX); }, 11s);
  }
  for (const auto& each : *probes)
    if (!each.fenced)
      wrong.push_back(fmt::format("{} with the old epoch {} was answered {} by shard {} instead of being fenced: {}", each.role,
                                  each.epoch, each.code, each.where->shard, each.why));
  return wrong;
}

// ---- one shard -------------------------------------------------------------------------------------------

findings one_shard(world& of) {
  of.sim.folders().look();
  return of.sim.folders().served_twice();
}

constexpr checker_kind all_checkers[] = {
  {converges_checker, "everything becomes as it was asked for", nullptr},
  {quiet_checker, "and then nothing is written any more", nullptr},
  {"durability", "what was acknowledged is on disk, and revisions never go back", durability},
  {"linearizability", "reads and writes of one object have one order", linearizability},
  {"watches", "a watcher sees every change once and in order", watches},
  {"one-node", "a pod is on one node only", one_node},
  {"orphans", "nothing is left of what is gone", orphans},
  {"addresses", "no address, port or range is given twice", addresses},
  {"fencing", "who was replaced is refused", fencing},
  {"one-shard", "a shard takes writes on one host only", one_shard},
};

} // namespace

std::span<const checker_kind> checker_kinds() {
  return all_checkers;
}

bool is_heartbeat(const std::string& key) {
  for (const char* prefix : {"/leases/", "/events/", "/nodes/", "/hosts.troupe.dev/", "/roles.troupe.dev/", "/shards.troupe.dev/"})
    if (key.starts_with(prefix))
      return true;
  return false;
}

std::string stored_text(const std::string& value) {
  std::string result;
  messages::codec::encode_json(decode(value), result);
  return result;
}

} // namespace actors::host::simulation
