#include "actors/kubelet/kubelet_actor.hpp"
#include "actors/kubelet/objects/pod_reader.hpp"
#include "actors/kubelet/workers/executor.hpp"
#include "messages/api/core/v1/pod_generated.h"
#include "messages/api/core/v1/service_generated.h"

namespace actors::kubelet {
namespace {

namespace core = messages::api::core::v1;

std::shared_ptr<sync::node_environment> make_environment(const runtime::host::role_context& context,
                                                         const kubelet_parts& parts) {
  auto env = std::make_shared<sync::node_environment>();
  env->node = context.settings.text("node");
  env->host_ip = context.settings.text("address");
  env->root = context.data / "kubelet" / env->node;
  env->runtime = parts.runtime;
  env->now_us = [clock = context.clock] { return clock->wall_us(); };
  env->hollow = parts.hollow;
  auto machine = parts.hollow ? status::hollow_machine(env->node) : status::read_machine(context.data);
  env->machine_memory_bytes = machine.memory_bytes;
  env->allocatable = {machine.cpus * 1000, status::allocatable_memory(machine), machine.disk_bytes / 10 * 9};
  return env;
}

} // namespace

kubelet::kubelet(caf::actor_config& config, const runtime::host::role_context& context, kubelet_parts parts)
    : metered(config),
      context_(context),
      parts_(std::move(parts)),
      environment_(make_environment(context_, parts_)),
      client_(this, context, client::node_identity(environment_->node)),
      recorder_(client_, "kubelet", environment_->node),
      node_reporter_(client_, [this] { return node_facts(); }),
      pod_reporter_(client_),
      fetcher_(client_, [this](const std::string& uid) { sync(uid); }),
      probes_({
                .now_us = [clock = context_.clock] { return clock->monotonic_us(); },
                .wall_us = environment_->now_us,
                .run =
                  [this](std::function<probes::attempt()> job, std::function<void(probes::attempt)> then) {
                    work<probes::attempt>(std::move(job), std::move(then));
                  },
                .after =
                  [this](int64_t us, std::function<void()> run) {
                    client_.after(std::chrono::milliseconds((us + 999) / 1000), std::move(run));
                  },
                .changed = [this](const std::string& uid) { sync(uid); },
                .report =
                  [this](const std::string& uid, const probes::unhealthy& what) {
                    if (auto it = pods_.find(uid); it != pods_.end())
                      record(it->second, {{true, "Unhealthy", what.message, what.container}});
                  },
              },
              parts_.runtime),
      pods_in_api_(client_.watch<core::Pod>({.field_selector = "spec.nodeName=" + environment_->node})),
      services_in_api_(client_.watch<core::Service>()),
      own_node_(&client_.watch(client::nodes, {.field_selector = "metadata.name=" + environment_->node})) {
  machine_ = parts_.hollow ? status::hollow_machine(environment_->node) : status::read_machine(context_.data);
}

kubelet::behavior_type kubelet::make_behavior() {
  watch_objects();
  prepare_node();
  return {
    [this](const client::protocol::watch_batch& x) { client_.receive(x); },
    [this](const runtime::directory::role_up& x) { client_.receive(x); },
    [this](const runtime::directory::role_down& x) { client_.receive(x); },
    [this](const runtime::host::tenure_changed& x) { client_.receive(x); },
    [this](const client::wake& x) { client_.receive(x); },
    [this](const runtime::protocols::kubelet::read_log_request& x) { return on_read_log(x); },
    [](const completion& x) { (*x.run)(); },
  };
}

void kubelet::watch_objects() {
  pods_in_api_.cache().on_change([this](const std::string&, const client::entry* before,
                                        const client::entry* after) { on_pod(before, after); });
  services_in_api_.cache().on_change(
    [this](const std::string&, const client::entry*, const client::entry*) { services_changed_ = true; });
  own_node_->on_change(
    [this](const std::string&, const client::entry*, const client::entry* after) { on_own_node(after); });
  client_.on_synced([this] {
    for (const auto& [key, uid] : std::map(uid_by_key_))
      sync(uid);
    relist();
    runtime::host::announce_ready(context_, caf::actor_cast<caf::strong_actor_ptr>(this));
  });
  fetcher_.start();
  client_.start();
}

/// The pod network's configuration and the folders have to be there before the runtime is asked for anything.
void kubelet::prepare_node() {
  if (parts_.hollow) {
    runtime_version_ = "hollow://1.0";
    runtime_heard_us_ = context_.clock->monotonic_us();
    const auto placed = context_.settings.text("podCIDR");
    if (parts_.assign_range && !placed.empty())
      parts_.assign_range(placed);
    else if (parts_.assign_range)
      range_problem_ = status::not_initialized; // until our Node says: controllers/nodeipam chooses, or podCIDR in the placement
    node_reporter_.start();
    housekeeping();
    return;
  }
  auto network = network_settings();
  work<std::string>(
    [network, root = environment_->root] {
      try {
        std::filesystem::create_directories(root / "pods");
        if (network.pod_cidr.empty()) // the Node will say; until then an earlier run's network serves its pods
          return std::string(status::has_configuration(network) ? "" : status::not_initialized);
        return status::prepare_network(network);
      } catch (const std::exception& e) {
        return std::string(e.what());
      }
    },
    [this](std::string problem) {
      if (!wanted_network_ && !configuring_) // unless our Node has come meanwhile
        range_problem_ = problem;
      if (!problem.empty())
        context_.log.info("the pod network is not configured yet", {{"why", problem}});
      runtime_heard_us_ = context_.clock->monotonic_us(); // the silence counts from here
      node_reporter_.start();
      housekeeping();
    });
}

status::node_facts kubelet::node_facts() {
  status::node_facts facts;
  facts.name = environment_->node;
  facts.address = environment_->host_ip;
  facts.pod_cidr = context_.settings.text("podCIDR");
  facts.host = machine_;
  facts.runtime_version = runtime_version_;
  facts.images = images_;
  if (parts_.hollow)
    facts.labels.emplace_back("troupe.dev/hollow", "true");
  if (!range_problem_.empty())
    facts.runtime_problem = "container runtime network not ready: " + range_problem_;
  else if (!network_problem_.empty())
    facts.runtime_problem = "container runtime network not ready: " + network_problem_;
  else if (context_.clock->monotonic_us() - runtime_heard_us_ > runtime_silence_us_max)
    facts.runtime_problem = "container runtime is down";
  return facts;
}

namespace {

struct measurement {
  std::optional<status::machine> machine;
  std::string runtime_version, network_problem;
  std::optional<std::vector<cri::image>> images;
};

measurement measure(cri::container_runtime& runtime, const std::filesystem::path& data, bool hollow) {
  measurement m;
  if (!hollow)
    m.machine = status::read_machine(data);
  try {
    auto version = runtime.version();
    m.runtime_version = version.name + "://" + version.version;
    m.images = runtime.list_images();
    for (const auto& c : runtime.conditions())
      if (c.type == "NetworkReady" && !c.status)
        m.network_problem = "NetworkReady=false reason:" + c.reason + " message:" + c.message;
  } catch (const cri::error&) {
    // The relist notices a runtime that does not answer, and says so.
  }
  return m;
}

} // namespace

void kubelet::refresh_machine() {
  work<measurement>([runtime = parts_.runtime, data = context_.data,
                     hollow = parts_.hollow] { return measure(*runtime, data, hollow); },
                    [this](measurement m) {
                      if (m.machine)
                        machine_ = *m.machine;
                      if (m.images)
                        images_ = std::move(*m.images);
                      if (m.images)
                        network_problem_ = m.network_problem;
                      if (!m.runtime_version.empty())
                        runtime_version_ = m.runtime_version;
                      node_reporter_.refresh();
                      recheck_network();
                    });
}

/// The runtime takes a moment to notice a configuration; a node should not wait for the next housekeeping.
void kubelet::recheck_network() {
  if (network_problem_.empty() || rechecking_ || parts_.hollow)
    return;
  rechecking_ = true;
  client_.after(check_soon, [this] {
    rechecking_ = false;
    refresh_machine();
  });
}

void kubelet::publish_services() {
  if (!services_changed_ && services_)
    return;
  auto list = std::make_shared<std::vector<resources::service_link>>();
  services_in_api_.for_each([&](const std::string&, const client::entry&, const core::Service& s) {
    list->push_back(objects::read_service(s));
  });
  services_ = std::move(list);
  services_changed_ = false;
}

} // namespace actors::kubelet
