#include "tests/integration/mesh/node.hpp"

#include "runtime/protocols/apiserver.hpp"
#include "runtime/protocols/kubelet.hpp"
#include "runtime/protocols/register.hpp"
#include "runtime/seams/random.hpp"
#include "runtime/telemetry/failure.hpp"

#include <algorithm>
#include <thread>

namespace mesh_test {

using namespace runtime;
namespace api = protocols::apiserver;
namespace kubelet = protocols::kubelet;

namespace {

/// Sends `after` + 1 .. `after` + count events, at most `window` of them unacknowledged.
struct echo_state {
  struct watch {
    caf::actor to;
    uint64_t id = 0;
    int64_t sent = 0, acknowledged = 0, last = 0;
  };
  watch current;
};

constexpr int64_t watch_window = 8;
constexpr int64_t watch_events = 200;

using echo_self = caf::stateful_actor<echo_state>;

void send_events(echo_self* self) {
  auto& w = self->state.current;
  while (w.sent < w.last && w.sent - w.acknowledged < watch_window) {
    api::WatchBatchT batch;
    batch.watch_id = w.id;
    batch.revision = ++w.sent;
    self->send(w.to, api::watch_batch{batch});
  }
}

caf::behavior run_echo(echo_self* self) {
  return {
    [](const kubelet::read_log_request& request) {
      kubelet::ReadLogReplyT reply;
      reply.code = 200;
      reply.message = request->pod()->str();
      reply.data.resize(static_cast<size_t>(request->max_bytes()));
      return kubelet::read_log_reply{reply};
    },
    [](const caf::actor& back, const kubelet::read_log_request& request) { // for measuring, without correlation
      kubelet::ReadLogReplyT reply;
      reply.data.resize(static_cast<size_t>(request->max_bytes()));
      caf::anon_send(back, kubelet::read_log_reply{reply});
    },
    [=](const api::watch_request& request) {
      self->state.current = {caf::actor_cast<caf::actor>(self->current_sender()), request->watch_id(), request->after(),
                             request->after(), request->after() + watch_events};
      send_events(self);
      api::WatchReplyT reply;
      reply.code = 200;
      return api::watch_reply{reply};
    },
    [=](const api::watch_ack& ack) {
      self->state.current.acknowledged = ack->revision();
      send_events(self);
    },
    [](const api::watch_batch&) {}, // a flood ends here
  };
}

caf::behavior observe(caf::event_based_actor*, std::shared_ptr<observations> seen) {
  return {
    [=](const directory::role_up& up) { seen->role_up(up); },
    [=](const directory::role_down& down) { seen->role_down(down); },
    [=](const mesh::link_up& up) { seen->event("up " + up.host); },
    [=](const mesh::link_down& down) { seen->event("down " + down.host + " " + down.reason); },
    [=](const mesh::link_slow& slow) { seen->event((slow.slow ? "slow " : "fast ") + slow.host); },
  };
}

caf::strong_actor_ptr pointer(const caf::actor& who) {
  return caf::actor_cast<caf::strong_actor_ptr>(who);
}

} // namespace

void observations::role_up(const directory::role_up& up) {
  std::lock_guard guard{mutex_};
  if (!closed_)
    roles_[up.id] = up.handle;
  changed_.notify_all();
}

void observations::role_down(const directory::role_down& down) {
  std::lock_guard guard{mutex_};
  roles_.erase(down.id);
  changed_.notify_all();
}

void observations::clear() {
  std::lock_guard guard{mutex_};
  closed_ = true;
  roles_.clear();
}

void observations::event(const std::string& text) {
  std::lock_guard guard{mutex_};
  events_.push_back(text);
  changed_.notify_all();
}

caf::strong_actor_ptr observations::role(const std::string& id) const {
  std::lock_guard guard{mutex_};
  auto i = roles_.find(id);
  return i == roles_.end() ? nullptr : i->second;
}

bool observations::wait(const std::function<bool()>& holds, std::chrono::milliseconds limit) const {
  return eventually(holds, limit);
}

bool observations::wait_role(const std::string& id) const {
  return eventually([&] { return role(id) != nullptr; });
}

bool observations::wait_no_role(const std::string& id) const {
  return eventually([&] { return role(id) == nullptr; });
}

std::vector<std::string> observations::events() const {
  std::lock_guard guard{mutex_};
  return events_;
}

bool observations::wait_event(const std::string& beginning) const {
  return eventually([&] {
    auto all = events();
    return std::any_of(all.begin(), all.end(), [&](auto& x) { return x.starts_with(beginning); });
  });
}

node::node(node_options options) : options_(std::move(options)) {
  config_ = std::make_unique<host::system_config>(2);
  protocols::register_messages(*config_);
  mesh::prepare(*config_);
  system_ = std::make_unique<caf::actor_system>(*config_);
  mesh_ = std::make_shared<mesh::mesh>(*system_, mesh::mesh_options{.cluster = options_.cluster,
                                                                    .host = options_.host,
                                                                    .hosts = options_.all,
                                                                    .pki = options_.pki,
                                                                    .data = options_.data,
                                                                    .log_output = options_.log,
                                                                    .clock = std::make_shared<seams::system_clock>(),
                                                                    .random = std::make_shared<seams::system_random>()});
  mesh_->set_answerer([this](const std::string& line, auto) {
    if (line == "long")
      return std::string(5'000'000, 'x');
    return options_.host + " says " + line;
  });
  observer_ = system_->spawn(observe, seen_);
  spawn_directory();
  mesh_->start();
  spawn_gate();
  spawn_echo();
}

node::~node() {
  for (auto& actor : {echo_, observer_, caf::actor_cast<caf::actor>(gate_), caf::actor_cast<caf::actor>(directory_)})
    caf::anon_send_exit(actor, caf::exit_reason::user_shutdown);
  {
    // As in a host: first the actors, then the links.
    caf::scoped_actor self{*system_};
    self->wait_for(caf::actor_cast<caf::actor>(gate_));
  }
  echo_ = observer_ = nullptr;
  gate_ = nullptr;
  directory_ = directory::handle{};
  seen_->clear();
  mesh_->stop("the test ends");
  mesh_.reset();
  caf::logger::set_current_actor_system(nullptr);
  system_.reset();
}

void node::spawn_directory() {
  directory_ = directory::spawn(*system_, options_.host, {options_.log, std::make_shared<seams::system_clock>(), "directory"});
  caf::anon_send(directory_, directory::subscribe{"", pointer(observer_)});
}

void node::spawn_gate() {
  gate_ = mesh_->spawn_gate(directory_);
  caf::anon_send(caf::actor_cast<caf::actor>(gate_), mesh::subscribe_links{pointer(observer_)});
}

void node::spawn_echo() {
  echo_ = system_->spawn(run_echo);
  caf::anon_send(directory_, directory::register_role{"echo/" + options_.host, pointer(echo_), {}});
}

void node::restart_gate(const std::string& failure) {
  caf::scoped_actor self{*system_};
  telemetry::send_failure(gate_, failure);
  self->wait_for(caf::actor_cast<caf::actor>(gate_));
  spawn_gate();
}

void node::restart_directory() {
  caf::scoped_actor self{*system_};
  for (auto& old : {caf::actor_cast<caf::actor>(gate_), caf::actor_cast<caf::actor>(directory_), echo_}) {
    caf::anon_send_exit(old, caf::exit_reason::kill);
    self->wait_for(old);
  }
  spawn_directory();
  spawn_gate();
  spawn_echo();
}

void node::restart_echo() {
  caf::anon_send_exit(echo_, caf::exit_reason::kill);
  spawn_echo();
}

mesh::link_row node::link(const std::string& host) const {
  return mesh_->table()->find(host).value_or(mesh::link_row{});
}

bool node::wait_up(const std::string& host) const {
  return eventually([&] { return link(host).state != mesh::link_state::down; });
}

bool node::wait_down(const std::string& host) const {
  return eventually([&] { return link(host).state == mesh::link_state::down; });
}

bool eventually(const std::function<bool()>& holds, std::chrono::milliseconds limit) {
  auto until = std::chrono::steady_clock::now() + limit;
  while (!holds()) {
    if (std::chrono::steady_clock::now() > until)
      return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

} // namespace mesh_test
