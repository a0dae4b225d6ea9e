#include "actors/kubelet/sync/pod_sync.hpp"
#include <algorithm>
#include <fstream>
#include "actors/kubelet/logs/log_reader.hpp"
#include "actors/kubelet/sync/pass.hpp"

namespace actors::kubelet::sync {
namespace {

namespace fs = std::filesystem;
constexpr size_t termination_bytes_max = 4096;
constexpr size_t fallback_bytes_max = 2048;
constexpr size_t fallback_lines_max = 80;
constexpr int64_t mount_retry_first_us = 500'000;
constexpr int64_t mount_retry_max_us = 122'000'000;

std::string read_start(const fs::path& file, size_t bytes_max) {
  std::ifstream in(file, std::ios::binary);
  std::string text(bytes_max, '\0');
  in.read(text.data(), static_cast<std::streamsize>(bytes_max));
  text.resize(static_cast<size_t>(in.gcount()));
  return text;
}

} // namespace

std::string pod_text(const pods::pod_spec& pod) { return pod.name + "_" + pod.ns + "(" + pod.uid + ")"; }

sync_output sync_pod(const node_environment& env, sync_input in) { return pass(env, std::move(in)).run(); }

void pass::note(bool warning, std::string reason, std::string message, const pods::container_spec* about) {
  bool init = about && std::any_of(pod().init_containers.begin(), pod().init_containers.end(),
                                   [&](const auto& c) { return &c == about; });
  out_.events.push_back({warning, std::move(reason), std::move(message), about ? about->name : "", init});
}

void pass::again_at(int64_t us) {
  if (!out_.again_us || us < *out_.again_us)
    out_.again_us = us;
}

resources::pod_facts pass::facts() const {
  return {env_.host_ip, pod().host_network ? std::vector<std::string>{env_.host_ip} : pod_ips_,
          env_.allocatable};
}

sync_output pass::run() {
  try {
    read_runtime();
    if (in_.remove) {
      remove_everything();
    } else if (in_.complete || past_deadline()) {
      finish();
    } else {
      sync_running();
      if (acted_)
        read_runtime();
      write_status(false);
    }
  } catch (const std::exception& e) {
    // The runtime cannot be asked, or the disk refuses: the state is not known, so nothing is claimed about
    // it.
    note(true, in_.remove || in_.complete ? "FailedKillPod" : "FailedSync",
         std::string("error syncing pod: ") + e.what());
    again_at(now() + retry_us);
  }
  out_.runtime = std::move(runtime_);
  out_.memory = std::move(memory_);
  return std::move(out_);
}

void pass::read_runtime() {
  runtime_ = pods::read_runtime_status(*env_.runtime, env_.node, pod().uid);
  if (const auto* s = runtime_.ready_sandbox())
    pod_ips_ = s->ips;
  read_termination_messages();
  acted_ = false;
}

/// What a container wrote to its terminationMessagePath before it ended.
void pass::read_termination_messages() {
  if (env_.hollow)
    return;
  for (auto& c : runtime_.containers) {
    if (c.state != cri::container_state::exited || !c.message.empty())
      continue;
    int count = pods::restart_count_of(c);
    c.message = read_start(folder() / "containers" / c.name / std::to_string(count), termination_bytes_max);
    const auto* spec = pods::find_container(pod(), c.name);
    if (c.message.empty() && c.exit_code != 0 && spec && spec->termination_policy == "FallbackToLogsOnError")
      c.message =
        logs::last_lines(env_.log_file(pod().uid, c.name, count), fallback_lines_max, fallback_bytes_max);
  }
}

bool pass::past_deadline() {
  if (!memory_.ended_reason.empty())
    return true;
  if (!pod().active_deadline_s)
    return false;
  // Counted from status.startTime, which the first pass is about to set.
  bool begun = in_.previous && in_.previous->start_s;
  int64_t start_us = begun ? in_.previous->start_s * 1'000'000 : now();
  int64_t end = start_us + *pod().active_deadline_s * 1'000'000;
  if (now() < end) {
    again_at(end);
    return false;
  }
  memory_.ended_reason = "DeadlineExceeded";
  memory_.ended_message = "Pod was active on the node longer than the specified deadline";
  note(false, "DeadlineExceeded", memory_.ended_message);
  return true;
}

bool pass::prepare_volumes(volumes::volume_paths& paths) {
  if (env_.hollow)
    return true;
  try {
    paths = volumes::prepare(pod(), folder(), in_.objects, facts());
    memory_.mount_failures = 0;
    return true;
  } catch (const volumes::mount_error& e) {
    note(true, "FailedMount", e.what());
    auto delay = mount_retry_first_us << std::min(memory_.mount_failures++, 8);
    again_at(now() + std::min(delay, mount_retry_max_us));
    return false;
  }
}

bool pass::create_sandbox(uint32_t attempt) {
  sandbox_config_ = make_sandbox_config(env_, pod(), attempt);
  acted_ = true;
  try {
    if (!env_.hollow)
      fs::create_directories(sandbox_config_.log_directory);
    sandbox_id_ = env_.runtime->run_sandbox(sandbox_config_);
    pod_ips_ = env_.runtime->sandbox_status(sandbox_id_).ips;
    return true;
  } catch (const cri::error& e) {
    note(true, "FailedCreatePodSandBox", std::string("Failed to create pod sandbox: ") + e.what());
    again_at(now() + retry_us);
    return false;
  }
}

void pass::sync_running() {
  auto actions = pods::decide_actions(pod(), runtime_, in_.verdicts);
  if (actions.kill_pod) {
    // Of an ended pod, or of one whose sandbox has died: what is left of it goes first.
    stop_containers(std::nullopt);
    stop_sandboxes();
    if (!actions.create_sandbox) {
      memory_.problems.clear();
      return;
    }
    if (acted_)
      read_runtime(); // how they ended counts for the back-off
    acted_ = true;
  }
  for (const auto& kill : actions.to_kill)
    for (const auto& c : runtime_.containers)
      if (c.id == kill.id) {
        auto grace = pod().grace_s;
        const auto* spec = pods::find_container(pod(), c.name);
        if (spec && kill.reason == pods::kill_reason::liveness && spec->liveness)
          grace = spec->liveness->grace_s.value_or(grace);
        if (spec && kill.reason == pods::kill_reason::startup && spec->startup)
          grace = spec->startup->grace_s.value_or(grace);
        stop_container(c, grace, kill.message);
      }
  if (!actions.to_kill.empty())
    read_runtime(); // their end counts for the back-off
  volumes::volume_paths paths;
  bool nothing_new = !actions.create_sandbox && actions.init_to_start.empty() && actions.to_start.empty();
  if (!prepare_volumes(paths) && !nothing_new)
    return;
  if (actions.create_sandbox) {
    if (!create_sandbox(actions.attempt))
      return;
    prepare_volumes(paths); // the downward API may show the address
  } else {
    sandbox_id_ = actions.sandbox_id;
    sandbox_config_ = make_sandbox_config(env_, pod(), actions.attempt);
  }
  for (const auto& id : actions.to_continue) {
    acted_ = true;
    env_.runtime->start_container(id);
  }
  for (auto i : actions.init_to_start)
    start(pod().init_containers[i], paths);
  for (auto i : actions.to_start)
    start(pod().containers[i], paths);
  if (actions.create_sandbox && actions.init_to_start.size() == 1)
    again_at(now() + 1'000'000); // look for its end soon
  collect_garbage();
}

void pass::collect_garbage() {
  auto garbage = pods::find_garbage(runtime_);
  for (const auto& id : garbage.containers) {
    for (const auto& c : runtime_.containers) {
      if (c.id != id || env_.hollow)
        continue;
      std::error_code ec;
      auto log = env_.log_file(pod().uid, c.name, pods::restart_count_of(c));
      for (const auto& entry : fs::directory_iterator(log.parent_path(), ec))
        if (entry.path().filename().string().rfind(log.filename().string(), 0) == 0)
          fs::remove(entry.path(), ec);
      fs::remove(folder() / "containers" / c.name / std::to_string(pods::restart_count_of(c)), ec);
    }
    env_.runtime->remove_container(id);
  }
  for (const auto& id : garbage.sandboxes)
    env_.runtime->remove_sandbox(id);
  acted_ = acted_ || !garbage.containers.empty() || !garbage.sandboxes.empty();
}

void pass::write_status(bool over) {
  // A problem is over once the container runs.
  std::erase_if(memory_.problems, [&](const auto& p) {
    const auto* c = runtime_.find(p.first);
    return c && c->state == cri::container_state::running;
  });
  const auto* previous = in_.previous ? &*in_.previous : nullptr;
  out_.status = pods::compute_status({pod(), runtime_, in_.verdicts, memory_.problems, previous, env_.host_ip,
                                      now(), over, memory_.ended_reason, memory_.ended_message});
}

} // namespace actors::kubelet::sync
