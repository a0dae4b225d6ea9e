#include "runtime/host/tree.hpp"

#include "runtime/host/supervision_settings.hpp"
#include "runtime/mesh/mesh.hpp"
#include "runtime/telemetry/metered.hpp"

#include <algorithm>
#include <mutex>
#include <set>
#include <stdexcept>

namespace runtime::host {

namespace {

using namespace supervision;

constexpr start_phase phases[] = {start_phase::store,     start_phase::apiserver, start_phase::keeper, start_phase::controllers,
                                  start_phase::scheduler, start_phase::kubelet,   start_phase::proxy};
constexpr std::string_view data_folder = "<data>";

// A group gives up when it fails over and over, not when an operator kills each of its children once.
constexpr size_t group_restarts_base = 10;
constexpr size_t group_restarts_per_child = 5;

/// The directory of the moment: a restarted one has another handle, and the roles behind it restart with it.
struct current_directory {
  std::mutex mutex;
  directory::handle handle;

  directory::handle get() {
    std::lock_guard guard{mutex};
    return handle;
  }
};

using current_directory_ptr = std::shared_ptr<current_directory>;

struct readiness_state {
  std::set<std::string> missing;
};

using readiness_self = caf::stateful_actor<readiness_state, telemetry::metered<caf::event_based_actor>>;

caf::behavior watch_readiness(readiness_self* self, std::string host, std::set<std::string> ids, directory::handle directory,
                              std::shared_ptr<telemetry::actor_table> table, std::function<void()> on_ready) {
  self->state.missing = std::move(ids);
  auto missing = self->state.missing.size();
  caf::anon_send(directory, directory::subscribe{"", caf::actor_cast<caf::strong_actor_ptr>(self)});
  if (missing == 0 && on_ready)
    on_ready();
  return {
    [=](const directory::role_up& up) {
      if (up.host != host)
        return;
      if (table)
        table->ready(up.id, up.handle);
      auto& left = self->state.missing;
      if (left.erase(up.id) > 0 && left.empty() && on_ready)
        on_ready();
    },
    [](const directory::role_down&) {},
  };
}

const role_descriptor& descriptor_of(const tree_inputs& inputs, const std::string& role) {
  for (auto& known : inputs.known)
    if (known.spec.name == role)
      return known;
  throw std::invalid_argument("unknown role " + role);
}

telemetry::logger logger_for(const tree_inputs& inputs, std::string id, telemetry::log_level level) {
  return {inputs.log_output, inputs.clock, std::move(id), level};
}

/// "<data>" in a text stands for the data folder.
placement::role_settings resolve(const placement::role_settings& settings, const std::filesystem::path& data) {
  auto result = settings;
  for (auto& [name, value] : settings.values()) {
    auto text = std::get_if<std::string>(&value);
    if (!text)
      continue;
    if (auto at = text->find(data_folder); at != text->npos) {
      auto full = *text;
      result.set(name, full.replace(at, data_folder.size(), data.string()));
    }
  }
  return result;
}

role_context context_of(const tree_inputs& inputs, const placement::role_instance& role,
                        const std::weak_ptr<local_roles>& roles, tenure_ptr tenure) {
  auto level = telemetry::parse_log_level(role.log_level).value_or(telemetry::log_level::info);
  return {.id = role.id,
          .role = role.role,
          .host = inputs.host,
          .settings = resolve(role.settings, inputs.data),
          .cluster = inputs.cluster,
          .data = inputs.data,
          .pki = inputs.pki,
          .directory = {},
          .clock = inputs.clock,
          .random = inputs.random,
          .log = logger_for(inputs, role.id, level),
          .actors = inputs.table,
          .commands = inputs.commands,
          .boot = inputs.boot,
          .roles = roles,
          .files = inputs.files,
          .mesh = inputs.mesh,
          .versions = inputs.versions,
          .revisions = inputs.revisions,
          .tenure = std::move(tenure)};
}

child_spec role_child(caf::actor_system& system, const tree_inputs& inputs, const placement::role_instance& role,
                      const current_directory_ptr& directory, const std::weak_ptr<local_roles>& roles,
                      tenure_ptr tenure) {
  auto& descriptor = descriptor_of(inputs, role.role);
  auto when_spawned = descriptor.ready == readiness::when_spawned;
  auto start = [&system, directory, when_spawned, spawn = descriptor.spawn,
                context = context_of(inputs, role, roles, std::move(tenure))] {
    auto ctx = context;
    ctx.directory = directory->get();
    if (ctx.tenure)
      ctx.tenure->begin();
    auto handle = spawn(system, ctx);
    // A standby serves nobody; it is announced when it is granted its tenure.
    auto owner = handle && ctx.tenure ? ctx.tenure->attach(handle) : true;
    if (handle && when_spawned && owner)
      announce_ready(ctx, handle);
    if (handle && ctx.tenure && owner)
      caf::anon_send(caf::actor_cast<caf::actor>(handle), tenure_changed{ctx.tenure->epoch()});
    return handle;
  };
  child_spec result{.id = role.id,
                    .role = role.role,
                    .start = std::move(start),
                    .restart = descriptor.restart,
                    .shutdown = descriptor.shutdown,
                    .ready_when_started = when_spawned};
  apply(role.supervision, result);
  return result;
}

/// The part of a supervisor's description that all of them share.
supervisor_spec supervisor_of(const tree_inputs& inputs, std::string id) {
  supervisor_spec result{.id = id, .host = inputs.host, .table = inputs.table, .random = inputs.random};
  result.on_exhausted = inputs.on_exhausted;
  result.log = logger_for(inputs, std::move(id), telemetry::log_level::info);
  return result;
}

supervisor_spec group_of(const tree_inputs& inputs, start_phase phase, local_roles& roles) {
  auto group = supervisor_of(inputs, root_id + "/" + std::string{to_string(phase)});
  group.children = roles.children(phase);
  group.intensity.restarts_max = group_restarts_base;
  group.restarts_per_child = group_restarts_per_child;
  // Roles of one phase do not need each other to stop.
  group.stop_together = true;
  apply(inputs.supervision, to_string(phase), group);
  if (inputs.on_failure)
    group.on_failure = [inputs](const child_spec& spec, const std::string& failure) {
      inputs.on_failure(descriptor_of(inputs, spec.role), spec.id, failure);
    };
  return group;
}

/// A group is described anew for each start, since roles come and go meanwhile.
child_spec group_child(caf::actor_system& system, const tree_inputs& inputs, start_phase phase,
                       const local_roles_ptr& roles) {
  auto group = group_of(inputs, phase, *roles);
  return {.id = group.id,
          .role = root_id,
          .start =
            [&system, inputs, phase, roles] {
              auto supervisor = supervision::spawn(system, group_of(inputs, phase, *roles));
              roles->supervisor_started(phase, supervisor);
              return caf::actor_cast<caf::strong_actor_ptr>(supervisor);
            },
          .shutdown = std::max<std::chrono::milliseconds>(stop_time_max(group), local_roles::stop_time_max) + kill_wait};
}

local_roles_ptr make_roles(caf::actor_system& system, const tree_inputs& inputs, const current_directory_ptr& directory) {
  // What describes a child hands the roles on to it, weakly: they own the description.
  auto self = std::make_shared<std::weak_ptr<local_roles>>();
  auto roles = std::make_shared<local_roles>(
    [&system, inputs, directory, self](const placement::role_instance& role, tenure_ptr tenure) {
      return role_child(system, inputs, role, directory, *self, std::move(tenure));
    },
    [inputs](const std::string& role) { return descriptor_of(inputs, role).phase; },
    [inputs, self](const placement::role_instance& role) -> local_roles::way_back {
      const auto& descriptor = descriptor_of(inputs, role.role);
      auto back = descriptor.take_back;
      if (!back)
        return {};
      auto job = [back, context = context_of(inputs, role, *self, nullptr)] {
        try {
          back(context);
        } catch (const std::exception& e) {
          context.log.error("what the role left on the machine could not be taken back", {{"why", e.what()}});
        }
      };
      return {std::move(job), descriptor.take_back_is_quick};
    });
  *self = roles;
  return roles;
}

/// In a group of its own: a gate that fails takes the links with it, but no role.
child_spec mesh_child(caf::actor_system& system, const tree_inputs& inputs, const current_directory_ptr& directory) {
  auto group = supervisor_of(inputs, root_id + "/mesh");
  group.children.push_back({.id = "gate", .role = "gate", .start = [mesh = inputs.mesh, directory] {
                              return mesh->spawn_gate(directory->get());
                            }});
  auto time = stop_time_max(group) + kill_wait;
  return {.id = group.id,
          .role = root_id,
          .start = [&system, group] { return caf::actor_cast<caf::strong_actor_ptr>(supervision::spawn(system, group)); },
          .shutdown = time};
}

} // namespace

std::string_view to_string(start_phase phase) {
  switch (phase) {
    case start_phase::store:
      return "store";
    case start_phase::apiserver:
      return "apiserver";
    case start_phase::keeper:
      return "keeper";
    case start_phase::controllers:
      return "controllers";
    case start_phase::scheduler:
      return "scheduler";
    case start_phase::kubelet:
      return "kubelet";
    case start_phase::proxy:
      return "proxy";
  }
  return "unknown";
}

supervisor_spec build_tree(caf::actor_system& system, const tree_inputs& inputs) {
  auto directory = std::make_shared<current_directory>();
  auto root = supervisor_of(inputs, root_id);
  root.how = strategy::rest_for_one;
  apply(inputs.supervision, placement::root_group, root);
  root.children.push_back({.id = "directory", .role = "directory", .start = [=, &system] {
                             auto log = logger_for(inputs, "directory", telemetry::log_level::info);
                             auto handle = directory::spawn(system, inputs.host, log);
                             std::lock_guard guard{directory->mutex};
                             directory->handle = handle;
                             return caf::actor_cast<caf::strong_actor_ptr>(handle);
                           }});
  auto roles = make_roles(system, inputs, directory);
  if (inputs.mesh)
    root.children.push_back(mesh_child(system, inputs, directory));
  std::set<std::string> ids;
  for (auto& role : inputs.roles) {
    roles->add_at_start(role);
    ids.insert(role.id);
  }
  for (auto phase : phases)
    root.children.push_back(group_child(system, inputs, phase, roles));
  // Last, so that its end takes nothing with it; the directory tells it what came before.
  root.children.push_back({.id = "readiness", .role = "readiness", .start = [=, &system] {
                             return caf::actor_cast<caf::strong_actor_ptr>(system.spawn(
                               watch_readiness, inputs.host, ids, directory->get(), inputs.table, inputs.on_ready));
                           }});
  return root;
}

} // namespace runtime::host
