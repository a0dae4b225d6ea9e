// `troupe host`: the main thread, which waits for signals and for what the host tells.
#include "actors/host/commands.hpp"
#include "runtime/control/observe.hpp"
#include "runtime/control/server.hpp"
#include "runtime/host/data_folder.hpp"
#include "runtime/host/host.hpp"
#include "runtime/host/placement_file.hpp"
#include "runtime/host/version.hpp"
#include "runtime/hotswap/commands.hpp"
#include "runtime/mesh/mesh.hpp"
#include "runtime/placement/nearest.hpp"
#include "runtime/protocols/register.hpp"
#include "runtime/protocols/render.hpp"

#include <cerrno>
#include <csignal>
#include <fmt/format.h>
#include <iostream>
#include <poll.h>
#include <sys/signalfd.h>
#include <system_error>
#include <unistd.h>

namespace actors::host {

namespace {

using runtime::host::host_event;
using std::chrono::steady_clock;

constexpr std::chrono::seconds start_time_max{60}; ///< until every role is up
constexpr std::chrono::seconds stop_time_max{30};  ///< for an ordered stop; then everything is killed
constexpr std::chrono::seconds kill_time_max{5};   ///< for the killed actors to end; then the process leaves
constexpr const char* apiserver_role = "apiserver";

/// In one write: logs of other threads go to the same place and would break the line.
void say_error(const std::string& text) {
  std::cerr << "troupe: " + text + "\n" << std::flush;
}

/// Signals arrive in a descriptor. Must come before the first thread, so that all threads inherit the mask.
runtime::control::descriptor open_signals() {
  sigset_t set;
  sigemptyset(&set);
  for (auto signal : {SIGTERM, SIGINT, SIGHUP})
    sigaddset(&set, signal);
  if (auto error = pthread_sigmask(SIG_BLOCK, &set, nullptr); error != 0)
    throw std::system_error(error, std::generic_category(), "pthread_sigmask");
  std::signal(SIGPIPE, SIG_IGN);
  runtime::control::descriptor result{signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
  if (!result)
    throw std::system_error(errno, std::generic_category(), "signalfd");
  return result;
}

/// Which of the file's hosts this process is; an error text otherwise.
std::string choose_host(const request& request, const runtime::placement::placement& placement, std::string& error) {
  std::vector<std::string> names;
  for (auto& host : placement.hosts)
    names.push_back(host.name);
  if (request.name.empty()) {
    if (names.size() > 1)
      error = fmt::format("the placement has several hosts: say with --name which one this is ({})",
                          fmt::join(names, ", "));
    return names[0];
  }
  for (auto& name : names)
    if (name == request.name)
      return name;
  auto near = runtime::placement::nearest(request.name, names);
  error = fmt::format("the placement has no host `{}`{}", request.name,
                      near.empty() ? fmt::format(" ({})", fmt::join(names, ", ")) : " (did you mean `" + near + "`?)");
  return {};
}

/// The life of a host in the foreground, from start to exit code.
class foreground {
public:
  /// `patient`: other hosts may have to come up first, so nothing is late.
  foreground(runtime::host::host& host, int signals, std::string address, bool patient)
    : host_(host), signals_(signals), address_(std::move(address)), patient_(patient) {
  }

  int run() {
    host_.start();
    deadline_ = steady_clock::now() + start_time_max;
    while (phase_ != phase::done) {
      if (!wait())
        on_deadline();
      if (read_signal())
        on_signal();
      while (auto event = host_.next_event())
        on_event(*event);
    }
    return code_;
  }

private:
  enum class phase : uint8_t { starting, serving, stopping, killing, done };

  /// False when the deadline has passed.
  bool wait() {
    pollfd watched[] = {{signals_, POLLIN, 0}, {host_.event_fd(), POLLIN, 0}};
    int64_t left = -1;
    if (phase_ != phase::serving && !(phase_ == phase::starting && patient_))
      left = std::max<int64_t>(
        0, std::chrono::ceil<std::chrono::milliseconds>(deadline_ - steady_clock::now()).count());
    auto count = poll(watched, 2, static_cast<int>(left));
    if (count < 0 && errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "poll");
    return count != 0;
  }

  bool read_signal() {
    signalfd_siginfo info;
    bool any = false;
    while (read(signals_, &info, sizeof info) == sizeof info)
      any = true;
    return any;
  }

  void on_signal() {
    if (phase_ == phase::stopping)
      kill(); // the operator is in a hurry
    else
      stop(exit_done);
  }

  void on_event(const host_event& event) {
    switch (event.what) {
      case host_event::kind::ready:
        if (phase_ == phase::starting) {
          phase_ = phase::serving;
          std::cout << "troupe: ready" << (address_.empty() ? "" : ": https://" + address_) << std::endl;
        }
        break;
      case host_event::kind::start_failed:
        if (phase_ == phase::starting) {
          say_error("cannot start: " + event.text);
          stop(exit_failed);
        }
        break;
      case host_event::kind::ended:
        if (phase_ == phase::starting || phase_ == phase::serving) {
          say_error("the host gave up: " + event.text);
          code_ = exit_failed;
        }
        phase_ = phase::done;
        break;
    }
  }

  void on_deadline() {
    switch (phase_) {
      case phase::starting:
        say_error(fmt::format("cannot start: not up after {} s: {}", start_time_max.count(),
                              fmt::join(host_.not_ready(), ", ")));
        stop(exit_failed);
        break;
      case phase::stopping:
        say_error(fmt::format("no ordered stop after {} s: killing what is left", stop_time_max.count()));
        kill();
        break;
      case phase::killing:
        code_ = exit_failed;
        phase_ = phase::done;
        break;
      default:
        break;
    }
  }

  void stop(int code) {
    if (phase_ != phase::starting && phase_ != phase::serving)
      return;
    code_ = code;
    phase_ = phase::stopping;
    deadline_ = steady_clock::now() + stop_time_max;
    host_.begin_stop();
  }

  void kill() {
    code_ = exit_failed;
    phase_ = phase::killing;
    deadline_ = steady_clock::now() + kill_time_max;
    host_.kill();
  }

  runtime::host::host& host_;
  int signals_;
  std::string address_;
  bool patient_;
  phase phase_ = phase::starting;
  steady_clock::time_point deadline_;
  int code_ = exit_done;
};

/// Where this host's API answers; empty when it runs none.
std::string api_address(const runtime::placement::placement& placement, const std::string& host) {
  for (auto& role : placement.of_host(host))
    if (role.role == apiserver_role)
      return role.settings.text("address");
  return {};
}

std::string random_name() {
  uint64_t number = 0;
  runtime::seams::system_random{}.fill(&number, sizeof number);
  return fmt::format("{:016x}", number);
}

/// What this start begins with: the placement that was in force here, unless the operator gave another file than last
/// time and no other host has a say.
runtime::placement::boot choose_boot(const std::filesystem::path& data, runtime::placement::boot given,
                                     const runtime::telemetry::logger& log) {
  given.incarnation = random_name();
  auto same_file = runtime::host::load_given_placement(data) == given.text;
  auto kept = runtime::host::load_placement(data);
  if (!kept) {
    runtime::host::save_given_placement(data, given.text);
    return given;
  }
  auto read = runtime::placement::parse(kept->text, given.known);
  if (!read.problems.empty())
    throw std::runtime_error("the placement in force cannot be read: " + runtime::placement::render("placement.yaml", read.problems[0]));
  if (!same_file && given.value.hosts.size() == 1 && read.value.hosts.size() == 1) {
    given.replaces = true; // the keeper notes the file as given when it is in force
    return given;
  }
  if (!same_file)
    runtime::host::save_given_placement(data, given.text);
  if (kept->text != given.text)
    log.warning("the placement in force is another than the file given: `troupe apply` changes it",
                {{"generation", kept->generation}});
  given.text = kept->text;
  given.value = std::move(read.value);
  given.generation = kept->generation;
  return given;
}

/// What `measure` looks at: this host and its links.
runtime::control::observed observed_of(const std::string& name, const runtime::host::host& host,
                                       const runtime::seams::clock_ptr& clock) {
  runtime::control::observed result{.host = name, .version = runtime::host::troupe_version, .actors = host.table(), .clock = clock};
  std::weak_ptr<runtime::mesh::mesh> weak = host.mesh();
  result.add_links = [weak](runtime::telemetry::host_sample& sample) {
    auto mesh = weak.lock();
    if (!mesh)
      return; // one host, or one that stops
    for (auto& row : mesh->table()->rows())
      sample.links.push_back({.peer = row.host,
                              .state = std::string{to_string(row.state)},
                              .reason = row.reason,
                              .round_trip_us = row.round_trip_us > 0 ? row.round_trip_us : -1,
                              .bytes_in = row.bytes_in,
                              .bytes_out = row.bytes_out});
    for (auto& [reason, count] : mesh->table()->refusals())
      sample.refused_links.emplace_back(reason, count);
  };
  return result;
}

int run_checked(const request& request, runtime::placement::boot given, const std::string& name,
                std::span<const runtime::host::role_descriptor> roles) {
  auto signals = open_signals();
  runtime::host::data_folder data{request.data};
  auto clock = std::make_shared<runtime::seams::system_clock>();
  auto output = runtime::telemetry::stderr_output();
  auto boot = std::make_shared<runtime::placement::boot>(choose_boot(data.path(), std::move(given), {output, clock, "host"}));
  auto address = api_address(boot->value, name);
  auto several = boot->value.hosts.size() > 1;
  if (several && request.pki.empty()) {
    say_error(fmt::format("the placement has {} hosts, which connect with certificates: make them once with "
                          "`troupe pki init {} --out DIR`, then start this host with `--pki DIR/{}`",
                          boot->value.hosts.size(), request.placement, name));
    return exit_usage;
  }
  auto commands = std::make_shared<runtime::control::command_table>();
  auto versions = std::make_shared<runtime::hotswap::version_table>(data.path(), clock,
                                                                    runtime::telemetry::logger{output, clock, "hotswap"});
  versions->restore();
  runtime::host::host host{{.name = name,
                            .boot = boot,
                            .data = data.path(),
                            .pki = request.pki.empty() ? std::filesystem::path{} : std::filesystem::absolute(request.pki),
                            .known = roles,
                            .log_output = output,
                            .clock = clock,
                            .random = std::make_shared<runtime::seams::system_random>(),
                            .add_messages = runtime::protocols::register_messages,
                            .commands = commands,
                            .versions = versions}};
  runtime::telemetry::set_message_renderer(runtime::protocols::render_message);
  runtime::control::add_observing_commands(*commands, observed_of(name, host, clock));
  runtime::hotswap::add_commands(*commands, host.system(), versions);
  auto code = exit_failed;
  {
    runtime::control::server control{data.path(), host.table(), commands, clock, {output, clock, "control"}};
    code = foreground{host, signals.get(), address, several}.run();
  }
  if (!host.close(kill_time_max)) {
    // An actor hangs in a handler. What is durable is durable already; waiting for it would have no end.
    say_error("an actor does not end: leaving without it");
    std::_Exit(exit_failed);
  }
  return code;
}

} // namespace

int run_host(const request& request, std::span<const runtime::host::role_descriptor> roles) {
  std::vector<runtime::placement::role_spec> specs;
  for (auto& role : roles)
    if (!role.implicit)
      specs.push_back(role.spec);
  auto read = runtime::placement::read_file(request.placement, specs);
  for (auto& problem : read.problems)
    say_error(runtime::placement::render(request.placement, problem));
  if (!read.problems.empty())
    return exit_usage;
  std::string error;
  auto name = choose_host(request, read.value, error);
  if (!error.empty()) {
    say_error(error);
    return exit_usage;
  }
  return run_checked(request, {.text = read.text, .value = std::move(read.value), .known = std::move(specs)}, name, roles);
}

} // namespace actors::host
