#include "runtime/host/host.hpp"

#include "runtime/host/system_config.hpp"
#include "runtime/mesh/commands.hpp"
#include "runtime/mesh/mesh.hpp"

#include <algorithm>
#include <cerrno>
#include <future>
#include <sys/eventfd.h>
#include <system_error>
#include <thread>
#include <unistd.h>

namespace runtime::host {

namespace {


} // namespace

host::host(host_options options) : options_(std::move(options)), roles_(options_.boot->value.bound_to(options_.name)) {
  for (auto& role : options_.known)
    if (role.implicit)
      roles_.push_back({.id = role.spec.name + "/" + options_.name,
                        .role = role.spec.name,
                        .host = options_.name,
                        .hosts = {},
                        .log_level = "info",
                        .settings = {}});
  event_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (event_fd_ < 0)
    throw std::system_error(errno, std::generic_category(), "eventfd");
  config_ = std::make_unique<system_config>(options_.threads);
  if (options_.add_messages)
    options_.add_messages(*config_);
  // With certificates even a host that is alone: a placement that is applied later may have more.
  auto meshed = options_.boot->value.hosts.size() > 1 || !options_.pki.empty();
  if (meshed)
    mesh::prepare(*config_);
  system_ = std::make_unique<caf::actor_system>(*config_);
  if (meshed)
    mesh_ = std::make_shared<mesh::mesh>(*system_, mesh::mesh_options{.cluster = options_.boot->value.cluster.name,
                                                                      .host = options_.name,
                                                                      .hosts = options_.boot->value.hosts,
                                                                      .pki = options_.pki,
                                                                      .data = options_.data,
                                                                      .log_output = options_.log_output,
                                                                      .clock = options_.clock,
                                                                      .random = options_.random});
  if (options_.commands)
    mesh::add_commands(options_.commands, options_.name, mesh_);
}

host::~host() {
  if (root_)
    caf::anon_send_exit(root_, caf::exit_reason::kill);
  root_ = nullptr;
  if (mesh_)
    mesh_->stop("the host ends");
  mesh_.reset();
  system_.reset();
  ::close(event_fd_);
}

void host::start() {
  if (mesh_)
    mesh_->start();
  tree_inputs inputs{.host = options_.name,
                     .roles = roles_,
                     .cluster = options_.boot->value.cluster,
                     .supervision = options_.boot->value.supervision,
                     .data = options_.data,
                     .pki = options_.pki,
                     .mesh = mesh_,
                     .known = options_.known,
                     .table = table_,
                     .commands = options_.commands,
                     .boot = options_.boot,
                     .versions = options_.versions,
                     .log_output = options_.log_output,
                     .clock = options_.clock,
                     .random = options_.random};
  inputs.on_ready = [this] {
    if (!ready_.exchange(true))
      post({host_event::kind::ready});
  };
  inputs.on_failure = [this](const role_descriptor& role, const std::string& id, const std::string& failure) {
    if (!ready_ && role.start_failure_is_fatal)
      post({host_event::kind::start_failed, id + ": " + failure});
  };
  inputs.on_exhausted = [this](const supervision::exhaustion& what) {
    std::lock_guard guard{mutex_};
    exhausted_.insert_or_assign(what.supervisor, what);
  };
  table_->add(root_id, root_id, options_.name);
  root_ = supervision::spawn(*system_, build_tree(*system_, inputs));
  auto handle = caf::actor_cast<caf::strong_actor_ptr>(root_);
  table_->started(root_id, handle, telemetry::actor_state::running);
  handle->get()->attach_functor([this](const caf::error& reason) {
    auto text = telemetry::is_orderly(reason) ? std::string{} : telemetry::failure_text(reason);
    table_->ended(root_id, telemetry::actor_state::stopped, text);
    post({host_event::kind::ended, report_of(std::move(text))});
  });
}

/// Why the tree ended: with all that its supervisors knew, when it is that the root gave up.
std::string host::report_of(std::string text) {
  std::lock_guard guard{mutex_};
  auto root = exhausted_.find(root_id);
  if (text.empty() || root == exhausted_.end())
    return text;
  std::vector<supervision::exhaustion> chain;
  for (auto& failure : root->second.failures)
    if (auto below = exhausted_.find(failure.child); below != exhausted_.end()
        && std::none_of(chain.begin(), chain.end(), [&](auto& known) { return known.supervisor == failure.child; }))
      chain.push_back(below->second);
  chain.push_back(root->second);
  return supervision::render_report(chain);
}

void host::post(host_event event) {
  {
    std::lock_guard guard{mutex_};
    events_.push_back(std::move(event));
  }
  uint64_t one = 1;
  // Cannot fail: the counter is far from its limit.
  [[maybe_unused]] auto written = write(event_fd_, &one, sizeof one);
}

std::optional<host_event> host::next_event() {
  std::lock_guard guard{mutex_};
  uint64_t count;
  [[maybe_unused]] auto got = read(event_fd_, &count, sizeof count);
  if (events_.empty())
    return std::nullopt;
  auto event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void host::begin_stop() {
  caf::anon_send_exit(root_, caf::exit_reason::user_shutdown);
}

void host::kill() {
  caf::anon_send_exit(root_, caf::exit_reason::kill);
}

bool host::close(std::chrono::milliseconds timeout) {
  root_ = nullptr;
  // ~actor_system waits for every actor without bound, and the mesh for the calls that it answers, hence in a thread of its
  // own. The system also waits for its logger, of which spawning left a reference in this thread.
  caf::logger::set_current_actor_system(nullptr);
  std::promise<void> done;
  auto finished = done.get_future();
  std::thread closer{[mesh = std::move(mesh_), system = std::move(system_), &done]() mutable {
    if (mesh)
      mesh->stop("the host ends");
    mesh.reset();
    system.reset();
    done.set_value();
  }};
  if (finished.wait_for(timeout) == std::future_status::ready) {
    closer.join();
    return true;
  }
  closer.detach(); // the caller leaves the process
  return false;
}

std::vector<std::string> host::not_ready() const {
  std::vector<std::string> result;
  for (auto& role : roles_) {
    auto row = table_->find(role.id);
    if (row && row->state == telemetry::actor_state::running)
      continue;
    result.push_back(row && !row->last_failure.empty() ? role.id + " (" + row->last_failure + ")" : role.id);
  }
  return result;
}

} // namespace runtime::host
