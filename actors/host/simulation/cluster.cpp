// Hosts started and ended, and the roles that need a seam: shards on simulated disks, apiservers without sockets.
#include "actors/host/simulation/cluster.hpp"

#include "actors/apiserver/apiserver.hpp"
#include "actors/store/simulation/spawn_shard.hpp"
#include "runtime/host/tree.hpp"
#include "runtime/placement/placement.hpp"

#include <stdexcept>

namespace actors::host::simulation {

namespace {

constexpr int64_t wall_start_us = 1'767'225'600'000'000; // 2026-01-01
/// What starts a host again that has ended by itself, as systemd does.
constexpr duration restart_pause = 1s;
constexpr const char* user_host = "users";
constexpr const char* root_id = "supervisor";
constexpr const char* store_role = "store";

thread_local cluster* current_cluster = nullptr;

std::string shard_in(const std::string& role_id) {
  return role_id.substr(role_id.find('/') + 1);
}

} // namespace

cluster& cluster::current() {
  return *current_cluster;
}

cluster::cluster(cluster_options options)
  : options_(std::move(options)), kernel_(options_.seed), probes_(std::make_shared<probe_log>(options_.keep_log_of)),
    network_(std::make_unique<network>(kernel_, options_.links)),
    known_(options_.known.begin(), options_.known.end()) {
  if (current_cluster != nullptr)
    throw std::logic_error("a thread runs one simulation at a time");
  current_cluster = this;
  for (auto& role : known_) {
    if (role.spec.name == "store") {
      role.spawn = [](caf::actor_system&, const runtime::host::role_context& context) {
        return cluster::current().spawn_store(context);
      };
      role.take_back = [](const runtime::host::role_context& context) { cluster::current().take_store_back(context); };
      role.take_back_is_quick = true;
    }
    if (role.spec.name == "apiserver")
      role.spawn = [](caf::actor_system& system, const runtime::host::role_context& context) {
        return apiserver::spawn_without_front(system, context);
      };
    if (!role.implicit)
      specs_.push_back(role.spec);
  }
  auto boot = std::make_shared<runtime::placement::boot>();
  boot->text = placement_of(options_.shape);
  boot->known = specs_;
  auto read = runtime::placement::parse(boot->text, specs_);
  if (!read.problems.empty())
    throw std::invalid_argument(runtime::placement::render("placement", read.problems.front()) + "\n" + boot->text);
  boot->value = std::move(read.value);
  boot_ = std::move(boot);
  for (const auto& entry : boot_->value.hosts) {
    names_.push_back(entry.name);
    hosts_[entry.name].name = entry.name;
    hosts_[entry.name].files = std::make_shared<kept_files>(entry.name, folders_);
    for (const auto& role : boot_->value.bound_to(entry.name))
      if (role.role == store_role)
        folders_.make(shard_in(role.id), entry.name, false);
  }
  for (const auto& name : names_)
    start_host(name);
  auto& users = hosts_[user_host];
  users.name = user_host;
  begin(users, {});
  kernel_.drain(users.id); // its directory is there from now on
}

cluster::~cluster() {
  kernel_.before_each_step(nullptr);
  for (auto& [name, host] : hosts_) {
    host.wanted = false;
    if (host.running)
      end(host, true);
  }
  network_.reset();
  current_cluster = nullptr;
}

// ---- hosts -----------------------------------------------------------------------------------------------

void cluster::start_host(const std::string& name) {
  auto& host = hosts_.at(name);
  if (host.running)
    return;
  host.wanted = true;
  const auto boot = boot_of(host);
  auto roles = boot->value.bound_to(name);
  for (const auto& role : known_)
    if (role.implicit)
      roles.push_back({.id = role.spec.name + "/" + name,
                       .role = role.spec.name,
                       .host = name,
                       .hosts = {},
                       .log_level = std::string{runtime::telemetry::to_string(options_.log_level)},
                       .settings = {}});
  begin(host, std::move(roles));
}

void cluster::begin(simulated_host& host, std::vector<runtime::placement::role_instance> roles) {
  host.id = kernel_.add_host();
  host.running = true;
  ++host.starts;
  if (!host.clock)
    host.clock = std::make_shared<host_clock>(kernel_.system(), wall_start_us);
  host.table = std::make_shared<runtime::telemetry::actor_table>();
  auto links = std::make_shared<runtime::mesh::link_table>();
  if (host.name != user_host) {
    std::vector<std::string> peers;
    for (const auto& peer : names_)
      if (peer != host.name)
        peers.push_back(peer);
    links->set_hosts(peers, host.clock->wall_us());
  }
  network_->add_host(host.id, host.name, links);
  host.mesh = std::make_shared<runtime::mesh::mesh>(
    kernel_.system(),
    runtime::mesh::simulated_links{.table = links,
                                   .incarnation = host.id,
                                   .spawn_gate = [this, id = host.id, name = host.name](const runtime::directory::handle& directory) {
                                     return spawn_gate(kernel_.system(), {network_.get(), id, name, directory});
                                   }});
  runtime::host::tree_inputs inputs{.host = host.name,
                                    .roles = std::move(roles),
                                    .cluster = boot_->value.cluster,
                                    .files = host.files,
                                    .mesh = host.mesh,
                                    .known = known_,
                                    .table = host.table,
                                    .boot = boot_of(host),
                                    .log_output = probes_,
                                    .clock = host.clock,
                                    .random = std::make_shared<runtime::seams::seeded_random>(options_.seed * 1'000 + host.id)};
  kernel_.on_host(host.id, [&] {
    host.root = runtime::supervision::spawn(kernel_.system(), runtime::host::build_tree(kernel_.system(), inputs));
  });
  host.root->attach_functor([this, name = host.name, life = host.id](const caf::error&) {
    if (current_cluster == this)
      kernel_.after(0s, [this, name, life] { on_root_ended(name, life); });
  });
}

/// As a real host: with the placement that was in force here, if one ever was.
std::shared_ptr<const runtime::placement::boot> cluster::boot_of(const simulated_host& host) const {
  if (!host.files || !host.files->placement())
    return boot_;
  auto result = std::make_shared<runtime::placement::boot>(*boot_);
  const auto& kept = *host.files->placement();
  if (kept.text != boot_->text)
    result->value = runtime::placement::parse(kept.text, specs_).value;
  result->text = kept.text;
  result->generation = kept.generation;
  return result;
}

/// Its tree gave up: what starts hosts starts it again.
void cluster::on_root_ended(const std::string& name, host_id life) {
  auto& host = hosts_.at(name);
  if (host.id != life || !host.running)
    return;
  probes_->count("host: ended by itself");
  crash_host(name, true);
  kernel_.after(restart_pause, [this, name] {
    if (hosts_.at(name).wanted)
      start_host(name);
  });
}

void cluster::end(simulated_host& host, bool noticed) {
  host.running = false;
  if (kernel_.frozen(host.id))
    kernel_.thaw(host.id);
  network_->remove_host(host.id, noticed);
  caf::anon_send_exit(host.root, caf::exit_reason::kill);
  kernel_.end_actors(host.id);
  host.root = nullptr;
  host.mesh.reset();
  host.table.reset();
}

void cluster::crash_host(const std::string& name, bool noticed) {
  auto& host = hosts_.at(name);
  if (!host.running)
    return;
  folders_.lose_power(name);
  end(host, noticed);
}

runtime::host::role_context cluster::user_context(const std::string& id) {
  auto& users = hosts_.at(user_host);
  runtime::host::role_context result;
  result.id = id;
  result.role = "user";
  result.host = user_host;
  result.cluster = boot_->value.cluster;
  result.directory = caf::actor_cast<runtime::directory::handle>(users.table->handle_of("directory"));
  result.clock = users.clock;
  result.random = std::make_shared<runtime::seams::seeded_random>(options_.seed);
  result.log = {probes_, users.clock, id};
  return result;
}

// ---- roles -----------------------------------------------------------------------------------------------

std::vector<cluster::running_role> cluster::roles() {
  std::vector<running_role> result;
  for (const auto& name : names_) {
    auto& host = hosts_.at(name);
    if (!host.running)
      continue;
    for (const auto& row : host.table->rows())
      if (row.id != root_id && host.table->handle_of(row.id))
        result.push_back({name, row.id});
  }
  return result;
}

std::string cluster::role_of(host_id id, const caf::actor_addr& actor) {
  for (auto& [name, host] : hosts_)
    if (host.running && host.id == id)
      return host.table->id_of(actor);
  return {};
}

caf::strong_actor_ptr cluster::handle_of(const std::string& name, const std::string& id) {
  auto& host = hosts_.at(name);
  return host.running ? host.table->handle_of(id) : nullptr;
}

void cluster::crash_role(const std::string& name, const std::string& id) {
  if (auto handle = handle_of(name, id))
    caf::anon_send_exit(caf::actor_cast<caf::actor>(handle), caf::exit_reason::kill);
}

// ---- disks -----------------------------------------------------------------------------------------------

caf::strong_actor_ptr cluster::spawn_store(const runtime::host::role_context& context) {
  const auto shard = shard_in(context.id);
  return store::spawn_simulated_shard(kernel_.system(), context,
                                      {.open =
                                         [this, shard, host = context.host] {
                                           auto folder = folders_.find(shard, host);
                                           if (!folder)
                                             folder = folders_.make(shard, host, hosts_.at(host).files->has_placement());
                                           return folder->open();
                                         },
                                       .on_committer =
                                         [this, shard](const caf::strong_actor_ptr& committer) {
                                           committers_[shard] = committer->id();
                                           slow_disk(shard, slow_disks_[shard]);
                                         }});
}

void cluster::take_store_back(const runtime::host::role_context& context) {
  folders_.take_back(shard_in(context.id), context.host);
}

void cluster::slow_disk(const std::string& shard, duration per_batch) {
  slow_disks_[shard] = per_batch;
  if (const auto committer = committers_.find(shard); committer != committers_.end())
    kernel_.slow_down(committer->second, per_batch);
}

} // namespace actors::host::simulation
