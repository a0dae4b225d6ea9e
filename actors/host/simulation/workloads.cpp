#include "actors/host/simulation/workloads.hpp"

#include "actors/host/simulation/workloads_operator.hpp"

#include "messages/api/meta/v1/meta_generated.h"

#include <fmt/format.h>

#include <memory>

namespace actors::host::simulation {

namespace {

draft labels_of(const std::string& name) {
  return draft::make_object({{"app", name}});
}

draft deployment(const std::string& name_space, const std::string& name, const wanted_deployment& wanted) {
  const draft container = draft::make_object({{"name", "main"}, {"image", wanted.image}});
  return draft::make_object(
    {{"apiVersion", "apps/v1"},
     {"kind", "Deployment"},
     {"metadata", draft::make_object({{"name", name}, {"namespace", name_space}})},
     {"spec",
      draft::make_object(
        {{"replicas", wanted.replicas},
         {"selector", draft::make_object({{"matchLabels", labels_of(name)}})},
         {"template",
          draft::make_object({{"metadata", draft::make_object({{"labels", labels_of(name)}})},
                              {"spec", draft::make_object({{"containers", draft::make_array({container})}})}})}})}});
}

draft service(const std::string& name_space, const std::string& name, bool node_port) {
  const draft port = draft::make_object({{"name", "http"}, {"port", 80}, {"targetPort", 8080}});
  return draft::make_object({{"apiVersion", "v1"},
                             {"kind", "Service"},
                             {"metadata", draft::make_object({{"name", name}, {"namespace", name_space}})},
                             {"spec", draft::make_object({{"selector", labels_of(name)},
                                                          {"type", node_port ? "NodePort" : "ClusterIP"},
                                                          {"ports", draft::make_array({port})}})}});
}

draft named(const char* kind, const std::string& name_space, const std::string& name) {
  draft meta = draft::make_object({{"name", name}});
  if (!name_space.empty())
    meta.set("namespace", name_space);
  return draft::make_object({{"apiVersion", "v1"}, {"kind", kind}, {"metadata", meta}});
}

std::string uid_of(const client::entry& item) {
  return item.metadata->uid() == nullptr ? std::string{} : item.metadata->uid()->str();
}

draft image_patch(const std::string& image) {
  const draft container = draft::make_object({{"name", "main"}, {"image", image}});
  return draft::make_object(
    {{"spec", draft::make_object({{"template", draft::make_object({{"spec", draft::make_object({{"containers",
                                                draft::make_array({container})}})}})}})}});
}

draft replicas_patch(int replicas) {
  return draft::make_object({{"spec", draft::make_object({{"replicas", replicas}})}});
}

/// Deployments of one namespace that change one after the other, each once its last change was acknowledged.
struct fleet : std::enable_shared_from_this<fleet> { // an acknowledgement may come after the workload has ended
  std::string name_space = "default";
  std::vector<std::string> names;
  std::set<std::string> busy;
  int version = 1;

  std::string key(const std::string& name) const {
    return name_space + "/" + name;
  }
  void add(world& on, const std::string& name, int replicas) {
    names.push_back(name);
    const wanted_deployment wanted{replicas, "app:v1"};
    on.deployments[key(name)] = wanted;
    busy.insert(name);
    on.admin().create(client::deployments, deployment(name_space, name, wanted), [self = shared_from_this(), name] { self->busy.erase(name); });
  }
  /// One that is not busy; empty: all are.
  std::string pick(dice& from) const {
    const auto& name = names[from.below(names.size())];
    return busy.count(name) ? std::string{} : name;
  }
  void roll(world& on) {
    const auto name = pick(on.chance);
    if (name.empty())
      return;
    auto& wanted = on.deployments[key(name)];
    wanted.image = fmt::format("app:v{}", ++version);
    busy.insert(name);
    on.admin().merge(client::deployments, name_space, name, image_patch(wanted.image), [self = shared_from_this(), name] { self->busy.erase(name); });
  }
  void scale(world& on, int most) {
    const auto name = pick(on.chance);
    if (name.empty())
      return;
    auto& wanted = on.deployments[key(name)];
    wanted.replicas = static_cast<int>(on.chance.between(0, most));
    busy.insert(name);
    on.admin().merge(client::deployments, name_space, name, replicas_patch(wanted.replicas), [self = shared_from_this(), name] { self->busy.erase(name); });
  }
};

std::shared_ptr<fleet> make_fleet(world& on, const std::string& prefix, int count, int replicas_max) {
  auto result = std::make_shared<fleet>();
  for (int i = 0; i < count; ++i)
    result->add(on, fmt::format("{}-{}", prefix, i), static_cast<int>(on.chance.between(1, replicas_max)));
  return result;
}

void rollouts(world& on, const workload_entry& entry) {
  auto all = make_fleet(on, "roll", entry.count, 4);
  on.repeat(entry.every, on.chance, [&on, all] { all->roll(on); });
}

void scale(world& on, const workload_entry& entry) {
  auto all = make_fleet(on, "scale", entry.count, 4);
  on.repeat(entry.every, on.chance, [&on, all] { all->scale(on, 6); });
}

/// Services over deployments whose pods come and go.
void endpoint_churn(world& on, const workload_entry& entry) {
  auto all = make_fleet(on, "svc", entry.count, 4);
  for (const auto& name : all->names) {
    on.services.insert(all->key(name));
    on.admin().create(client::services, service("default", name, on.chance.chance(50)));
  }
  on.repeat(entry.every, on.chance, [&on, all] {
    if (on.chance.chance(50))
      return all->scale(on, 5);
    const auto& pods = on.admin().cache(client::pods).entries();
    if (pods.empty())
      return;
    auto victim = pods.begin();
    std::advance(victim, static_cast<long>(on.chance.below(pods.size())));
    const auto [name_space, name] = client::split_key(victim->first.text());
    on.admin().remove(client::pods, name_space, name, uid_of(victim->second));
  });
}

/// Namespaces that are filled, and deleted with all that is in them.
void namespace_deletion(world& on, const workload_entry& entry) {
  auto number = std::make_shared<int>(0);
  auto make = [&on, number] {
    const auto name = fmt::format("space-{}", ++*number);
    on.namespaces.insert(name);
    auto& admin = on.admin();
    admin.create(client::namespaces, named("Namespace", "", name), [&on, &admin, name] {
      const wanted_deployment wanted{static_cast<int>(on.chance.between(1, 3)), "app:v1"};
      on.deployments[name + "/app"] = wanted;
      admin.create(client::deployments, deployment(name, "app", wanted));
      admin.create(client::configmaps, named("ConfigMap", name, "settings"));
      on.services.insert(name + "/app");
      admin.create(client::services, service(name, "app", false));
    });
  };
  for (int i = 0; i < entry.count; ++i)
    make();
  on.repeat(entry.every, on.chance, [&on, make] {
    if (on.namespaces.empty() || on.admin().open() > 0)
      return;
    auto victim = on.namespaces.begin();
    std::advance(victim, static_cast<long>(on.chance.below(on.namespaces.size())));
    const auto name = *victim;
    on.namespaces.erase(victim);
    on.gone_namespaces.insert(name);
    on.deployments.erase(name + "/app");
    on.services.erase(name + "/app");
    on.admin().remove(client::namespaces, "", name, ""); // no other ever has that name
    make();
  });
}

/// A node that is cordoned, and not yet again what it was. One change after the other: two that are under way at once may be carried
/// out in any order.
struct cordon : std::enable_shared_from_this<cordon> {
  std::string node;
  bool busy = false, ending = false;

  void set(world& on, bool unschedulable, std::function<void()> then) {
    busy = true;
    const draft patch = draft::make_object({{"spec", draft::make_object({{"unschedulable", unschedulable}})}});
    on.admin().merge(client::nodes, "", node, patch, [self = shared_from_this(), then = std::move(then)] {
      self->busy = false;
      then();
    });
  }
  void take(world& on, const std::string& name) {
    node = name;
    set(on, true, [&on, self = shared_from_this()] {
      if (self->ending)
        return self->release(on);
      for (const auto& [key, item] : on.admin().cache(client::pods).entries())
        if (shown(client::pods, item).get("spec").get("nodeName").str() == self->node) {
          const auto [name_space, pod] = client::split_key(key.text());
          on.admin().remove(client::pods, name_space, pod, uid_of(item));
        }
    });
  }
  void release(world& on) {
    if (!busy && !node.empty())
      set(on, false, [self = shared_from_this()] { self->node.clear(); });
  }
};

/// Nodes that are cordoned and drained, or deleted and registered anew.
void node_churn(world& on, const workload_entry& entry) {
  auto all = make_fleet(on, "churn", entry.count, 4);
  auto cordoned = std::make_shared<cordon>();
  on.at_end_of_faults([&on, cordoned] {
    cordoned->ending = true;
    cordoned->release(on);
  });
  on.repeat(entry.every, on.chance, [&on, all, cordoned] {
    const auto& nodes = on.admin().cache(client::nodes).entries();
    if (nodes.empty() || cordoned->busy)
      return;
    if (!cordoned->node.empty())
      return cordoned->release(on);
    auto chosen = nodes.begin();
    std::advance(chosen, static_cast<long>(on.chance.below(nodes.size())));
    const auto name = chosen->first.text();
    if (on.chance.chance(70))
      return cordoned->take(on, name);
    // As with upstream's, a kubelet registers its node when it starts.
    on.admin().remove(client::nodes, "", name, uid_of(chosen->second), [&on, name] {
      for (const auto& host : on.sim.host_names())
        on.sim.crash_role(host, "kubelet/" + name);
    });
  });
}

/// A node that was deleted, and stays so for as long as it has pods: then its kubelet starts again.
struct lost_node : std::enable_shared_from_this<lost_node> {
  std::string name, uid; // of the Node that was deleted; name: "" while none is lost

  void lose(world& on, const std::string& node, const client::entry& item) {
    name = node;
    uid = uid_of(item);
    on.admin().remove(client::nodes, "", name, uid, [&on, self = shared_from_this()] { self->look(on); });
  }
  /// Goes on when the workload has ended: the cluster is not as it should be without that node.
  void look(world& on) {
    const auto* node = on.admin().cache(client::nodes).find(name);
    if (node != nullptr && uid_of(*node) != uid) { // whoever crashed its kubelet
      name.clear();
      return;
    }
    if (node == nullptr && !has_pods(on))
      for (const auto& host : on.sim.host_names())
        on.sim.crash_role(host, "kubelet/" + name);
    on.sim.time().after(node == nullptr ? patience : look_period, [&on, self = shared_from_this()] { self->look(on); });
  }
  bool has_pods(world& on) const {
    for (const auto& [key, item] : on.admin().cache(client::pods).entries())
      if (shown(client::pods, item).at({"spec", "nodeName"}).str() == name)
        return true;
    on.sim.probes().count("workload: the pods of a lost node are gone");
    return false;
  }
  static constexpr duration look_period = std::chrono::seconds{1}, patience = std::chrono::seconds{5};
};

/// Nodes that go for good, as far as their pods can tell: only the pod garbage collector makes room for others.
void node_losses(world& on, const workload_entry& entry) {
  auto all = make_fleet(on, "loss", entry.count, 4);
  auto lost = std::make_shared<lost_node>();
  on.repeat(entry.every, on.chance, [&on, all, lost] {
    const auto& nodes = on.admin().cache(client::nodes);
    std::set<std::string> used;
    for (const auto& [key, item] : on.admin().cache(client::pods).entries())
      if (auto name = std::string{shown(client::pods, item).at({"spec", "nodeName"}).str()}; nodes.find(name) != nullptr)
        used.insert(std::move(name));
    if (nodes.size() < 2 || used.empty() || !lost->name.empty())
      return all->scale(on, 4);
    const auto& name = *std::next(used.begin(), static_cast<long>(on.chance.below(used.size())));
    lost->lose(on, name, *nodes.find(name));
  });
}

/// Clients that read and write the same few ConfigMaps through different apiservers: each operation is noted.
void registers(world& on, const workload_entry& entry) {
  auto counter = std::make_shared<uint64_t>(0);
  constexpr int keys = 3;
  for (int i = 0; i < keys; ++i)
    on.admin().create(client::configmaps, named("ConfigMap", "default", fmt::format("register-{}", i)));
  for (int i = 0; i < entry.count; ++i) {
    const auto client_name = fmt::format("client-{}", i);
    auto& user = on.add_user(client_name);
    auto busy = std::make_shared<bool>(false);
    on.repeat(entry.every, on.chance, [&on, &user, client_name, counter, busy] {
      if (std::exchange(*busy, true))
        return;
      ++on.open_operations;
      const auto name = fmt::format("register-{}", on.chance.below(keys));
      operation op{.kind = on.chance.chance(50) ? operation::what::read : operation::what::write,
                   .key = name,
                   .client = client_name};
      // On its own actor, at a time that the seed decides.
      user.api.after(std::chrono::milliseconds{0}, [&on, &user, op, counter, busy]() mutable {
        op.began_us = on.now_us();
        if (op.kind == operation::what::write)
          op.value = fmt::format("value-{}", ++*counter);
        const auto done = [&on, op, busy](const client::api_result& result) mutable {
          *busy = false;
          --on.open_operations;
          op.ended_us = on.now_us();
          if (!result.ok()) {
            if (op.kind == operation::what::write)
              on.maybe.push_back(op.value);
            return;
          }
          op.revision = result.revision;
          if (op.kind == operation::what::read) {
            const auto object = messages::codec::unpack(client::configmaps.type(), result.object);
            op.value = object.get("data").get("value").str();
            if (op.value.empty())
              return; // as it was created
          }
          on.history.push_back(std::move(op));
        };
        if (op.kind == operation::what::read) {
          user.api.get(client::configmaps, "default", op.key, done);
          return;
        }
        const draft patch = draft::make_object({{"data", draft::make_object({{"value", op.value}})}});
        user.api.patch(client::configmaps, "", "default", op.key, client::protocol::PatchKind::merge, patch, done);
      });
    });
  }
}

void mix(world& on, const workload_entry& entry) {
  const int some = std::max(1, entry.count / 2);
  rollouts(on, {"rollouts", some, entry.every});
  scale(on, {"scale", some, entry.every});
  endpoint_churn(on, {"endpoints", some, entry.every});
  namespace_deletion(on, {"namespaces", 1, entry.every * 3});
  node_churn(on, {"nodes", 1, entry.every * 3});
  registers(on, {"registers", entry.count, milliseconds{300}});
}

constexpr workload_kind all_workloads[] = {
  {"rollouts", "deployments that get new images", rollouts},
  {"scale", "deployments that are scaled up and down", scale},
  {"endpoints", "services whose pods come and go", endpoint_churn},
  {"namespaces", "namespaces that are filled and deleted", namespace_deletion},
  {"nodes", "nodes that are cordoned, drained and deleted", node_churn},
  {"node-losses", "nodes that are deleted and stay away until their pods are collected", node_losses},
  {"registers", "clients that read and write the same objects through different apiservers", registers},
  {"moves", "roles that are moved, drained and placed anew while they work", moves},
  {"shard-moves", "store shards that are moved to other hosts with their data, drained and placed anew", shard_moves},
  {"swaps", "controllers that are swapped in the midst of their work", swaps},
  {"mix", "some of each of users' work", mix},
};

} // namespace

std::span<const workload_kind> workload_kinds() {
  return all_workloads;
}

} // namespace actors::host::simulation
