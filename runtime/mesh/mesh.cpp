#include "runtime/mesh/mesh.hpp"

#include "runtime/host/version.hpp"
#include "runtime/mesh/gate.hpp"
#include "runtime/mesh/links.hpp"
#include "runtime/mesh/mesh_middleman.hpp"

#include <caf/io/all.hpp>

#include <mutex>

namespace runtime::mesh {

struct mesh::current_gate {
  std::mutex mutex;
  caf::actor_addr address; // weak: its supervisor decides how long it lives
};

void prepare(caf::actor_system_config& config) {
  config.load<caf::io::middleman>();
  config.add_message_type<gate_hello>("mesh.gate_hello")
    .add_message_type<gate_role>("mesh.gate_role")
    .add_message_type<std::vector<gate_role>>("mesh.gate_role_list")
    .add_message_type<gate_roles>("mesh.gate_roles")
    .add_message_type<gate_ack>("mesh.gate_ack")
    .add_message_type<gate_call>("mesh.gate_call")
    .add_message_type<gate_call_part>("mesh.gate_call_part")
    .add_message_type<gate_call_more>("mesh.gate_call_more");
}

mesh::mesh(caf::actor_system& system, mesh_options options)
  : options_(std::move(options)), system_(system), incarnation_(options_.random->uint64()),
    server_(std::make_shared<call_server>()), gate_(std::make_shared<current_gate>()) {
  auto ports = std::make_shared<stream_ports>();
  links_ = std::make_shared<links>(links_options{.mine = {.cluster = options_.cluster,
                                                          .host = options_.host,
                                                          .incarnation = incarnation_,
                                                          .started_us = options_.clock->wall_us(),
                                                          .node = caf::to_string(system.node()),
                                                          .build = host::troupe_version},
                                                 .hosts = options_.hosts,
                                                 .pki = options_.pki,
                                                 .data = options_.data,
                                                 .table = table_,
                                                 .ports = ports,
                                                 .log = {options_.log_output, options_.clock, "mesh"},
                                                 .clock = options_.clock,
                                                 .random = options_.random});
  auto on_backlog = [weak = std::weak_ptr<links>{links_}](const std::string& node) {
    if (auto mine = weak.lock())
      mine->reset_node(node, "it does not take what it is sent: more than " + std::to_string(backlog_bytes_max >> 20)
                               + " MB wait");
  };
  middleman_ = caf::actor_cast<caf::actor>(spawn_middleman(system, {options_.data, ports, on_backlog}));
}

mesh::mesh(caf::actor_system& system, simulated_links links)
  : system_(system), incarnation_(links.incarnation), table_(std::move(links.table)),
    spawn_simulated_gate_(std::move(links.spawn_gate)), stopped_(true), gate_(std::make_shared<current_gate>()) {
}

mesh::~mesh() {
  stop("ended");
}

void mesh::start() {
  if (links_)
    links_->start();
}

void mesh::stop(const std::string& reason) {
  if (std::exchange(stopped_, true))
    return;
  links_->stop(reason);
  server_->stop();
  quiet_middleman(system_);
  caf::anon_send_exit(middleman_, caf::exit_reason::kill);
  middleman_ = nullptr;
}

caf::strong_actor_ptr mesh::spawn_gate(const directory::handle& directory) {
  auto result = spawn_simulated_gate_ ? spawn_simulated_gate_(directory) : spawn_real_gate(directory);
  std::lock_guard guard{gate_->mutex};
  gate_->address = caf::actor_cast<caf::actor_addr>(result);
  return result;
}

caf::strong_actor_ptr mesh::spawn_real_gate(const directory::handle& directory) {
  return spawn_gate_actor(system_, {.host = options_.host,
                                    .incarnation = incarnation_,
                                    .directory = directory,
                                    .middleman = caf::actor_cast<caf::io::middleman_actor>(middleman_),
                                    .connections = links_,
                                    .calls = server_,
                                    .log = {options_.log_output, options_.clock, "gate"},
                                    .clock = options_.clock});
}

caf::strong_actor_ptr mesh::gate() const {
  std::lock_guard guard{gate_->mutex};
  return caf::actor_cast<caf::strong_actor_ptr>(gate_->address);
}

void mesh::set_hosts(const std::vector<placement::host_entry>& hosts) {
  if (links_)
    links_->set_hosts(hosts);
}

void mesh::set_answerer(answerer answer) {
  if (server_)
    server_->set_answerer(std::move(answer));
}

call_result mesh::call(const std::string& host, const std::string& line, std::chrono::milliseconds deadline) {
  return call_all({host}, line, deadline).front();
}

std::vector<call_result> mesh::call_all(const std::vector<std::string>& hosts, const std::string& line,
                                        std::chrono::milliseconds deadline) {
  std::vector<std::future<call_result>> waiting;
  auto to = caf::actor_cast<caf::actor>(gate());
  for (auto& host : hosts) {
    auto promise = std::make_shared<std::promise<call_result>>();
    waiting.push_back(promise->get_future());
    if (to)
      caf::anon_send(to, call_request{host, line, promise, deadline});
    else
      promise->set_value({host, "this host's gate does not run", {}});
  }
  auto until = std::chrono::steady_clock::now() + deadline;
  std::vector<call_result> results;
  for (size_t i = 0; i < hosts.size(); ++i) {
    call_result result{hosts[i], "host " + hosts[i] + " did not answer in time", {}};
    try {
      if (waiting[i].wait_until(until) == std::future_status::ready)
        result = waiting[i].get();
    } catch (const std::future_error&) { // the gate ended with the request in its mailbox
      result.error = "this host's gate does not run";
    }
    results.push_back(std::move(result));
  }
  return results;
}

} // namespace runtime::mesh
