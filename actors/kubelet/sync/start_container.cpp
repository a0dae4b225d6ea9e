// Starting one container: back-off, image, configuration, create, start, postStart; each with upstream's
// events.
#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include "actors/kubelet/images/image_policy.hpp"
#include "actors/kubelet/probes/probe_io.hpp"
#include "actors/kubelet/sync/pass.hpp"

namespace actors::kubelet::sync {
namespace {

namespace fs = std::filesystem;

constexpr int pulls_max = 4; ///< at a time in this process; more would starve containerd and the disk
constexpr int64_t hook_timeout_s = 300;

/// A slot for pulling, held while the object lives.
class pull_slot {
public:
  pull_slot() {
    std::unique_lock lock(mutex_);
    free_.wait(lock, [] { return used_ < pulls_max; });
    ++used_;
  }
  ~pull_slot() {
    std::lock_guard lock(mutex_);
    --used_;
    free_.notify_one();
  }

private:
  static inline std::mutex mutex_;
  static inline std::condition_variable free_;
  static inline int used_ = 0;
};

} // namespace

void pass::problem(const pods::container_spec& spec, std::string reason, std::string message) {
  memory_.problems[spec.name] = {std::move(reason), std::move(message)};
}

/// One more than the newest instance; the logs tell when the runtime has forgotten it.
int pass::next_restart_count(const pods::container_spec& spec) const {
  int next = 0;
  for (const auto& c : runtime_.containers)
    if (c.name == spec.name)
      next = std::max(next, pods::restart_count_of(c) + 1);
  if (next > 0 || env_.hollow)
    return next;
  std::error_code ec;
  for (const auto& entry : fs::directory_iterator(folder() / "logs" / spec.name, ec)) {
    auto name = entry.path().filename().string();
    int n = 0;
    if (std::from_chars(name.data(), name.data() + name.size(), n).ec == std::errc{})
      next = std::max(next, n + 1);
  }
  return next;
}

bool pass::in_crash_backoff(const pods::container_spec& spec) {
  const auto* last = runtime_.last_exited(spec.name);
  if (!last)
    return false;
  auto key = spec.name + "/" + pods::container_hash(spec);
  if (auto wait = memory_.crashes.remaining_us(key, last->finished_us, now()); wait > 0) {
    auto delay = pods::duration_text(memory_.crashes.delay_us(key));
    problem(spec, "CrashLoopBackOff",
            "back-off " + delay + " restarting failed container=" + spec.name + " pod=" + pod_text(pod()));
    note(true, "BackOff", "Back-off restarting failed container " + spec.name + " in pod " + pod_text(pod()),
         &spec);
    again_at(now() + wait);
    return true;
  }
  memory_.crashes.next(key, last->finished_us, now());
  return false;
}

bool pass::ensure_image(const pods::container_spec& spec, std::string& image_ref) {
  auto present = env_.runtime->image_status(spec.image);
  auto error_event = [&](const std::string& reason) { note(true, "Failed", "Error: " + reason, &spec); };
  switch (images::decide_image(spec.pull, present.has_value())) {
    case images::image_step::use_present:
      note(false, "Pulled", images::present_message(spec.image), &spec);
      image_ref = present->id;
      return true;
    case images::image_step::refuse_never:
      note(true, "ErrImageNeverPull", images::never_message(spec.image), &spec);
      error_event("ErrImageNeverPull");
      problem(spec, "ErrImageNeverPull", images::never_message(spec.image));
      again_at(now() + retry_us);
      return false;
    case images::image_step::pull:
      break;
  }
  if (auto wait = memory_.pulls.remaining_since_update_us(spec.image, now()); wait > 0) {
    auto text = images::backoff_message(spec.image);
    note(false, "BackOff", text, &spec);
    error_event("ImagePullBackOff");
    problem(spec, "ImagePullBackOff", text + ": ErrImagePull: " + memory_.pull_errors[spec.image]);
    again_at(now() + wait);
    return false;
  }
  try {
    pull_slot slot;
    auto begin = now();
    note(false, "Pulling", images::pulling_message(spec.image), &spec);
    image_ref = env_.runtime->pull_image(spec.image);
    auto status = env_.runtime->image_status(spec.image);
    note(false, "Pulled", images::pulled_message(spec.image, now() - begin, status ? status->size : 0),
         &spec);
    memory_.pulls.forget(spec.image);
    memory_.pull_errors.erase(spec.image);
    return true;
  } catch (const cri::error& e) {
    note(true, "Failed", images::failed_message(spec.image, e.what()), &spec);
    error_event("ErrImagePull");
    memory_.pulls.next(spec.image, now(), now());
    memory_.pull_errors[spec.image] = e.what();
    problem(spec, "ErrImagePull", e.what());
    again_at(now() + memory_.pulls.delay_us(spec.image));
    return false;
  }
}

void pass::run_as_allowed(const pods::container_spec& spec, const std::string& image_ref) {
  bool wanted = spec.security.run_as_non_root.value_or(pod().run_as_non_root.value_or(false));
  if (!wanted)
    return;
  auto where = " (pod: \"" + pod_text(pod()) + "\", container: " + spec.name + ")";
  auto user = spec.security.run_as_user ? spec.security.run_as_user : pod().run_as_user;
  if (user) {
    if (*user == 0)
      throw resources::config_error("container's runAsUser breaks non-root policy" + where);
    return;
  }
  auto image = env_.runtime->image_status(image_ref.empty() ? spec.image : image_ref);
  if (!image)
    return;
  if (!image->username.empty())
    throw resources::config_error("container has runAsNonRoot and image has non-numeric user (" +
                                  image->username + "), cannot verify user is non-root" + where);
  if (image->uid.value_or(0) == 0)
    throw resources::config_error("container has runAsNonRoot and image will run as root" + where);
}

void pass::start(const pods::container_spec& spec, const volumes::volume_paths& paths) {
  if (in_crash_backoff(spec))
    return;
  try {
    std::string image_ref;
    if (!ensure_image(spec, image_ref))
      return;
    run_as_allowed(spec, image_ref);
    auto config = make_config(spec, paths, image_ref, next_restart_count(spec));
    std::string id;
    try {
      id = env_.runtime->create_container(sandbox_id_, config, sandbox_config_);
    } catch (const cri::error& e) {
      note(true, "Failed", std::string("Error: ") + e.what(), &spec);
      problem(spec, "CreateContainerError", e.what());
      again_at(now() + retry_us);
      return;
    }
    acted_ = true;
    note(false, "Created", "Created container: " + spec.name, &spec);
    env_.runtime->start_container(id);
    note(false, "Started", "Started container " + spec.name, &spec);
    memory_.problems.erase(spec.name);
    run_post_start(spec, id);
  } catch (const resources::config_error& e) {
    note(true, "Failed", std::string("Error: ") + e.what(), &spec);
    problem(spec, "CreateContainerConfigError", e.what());
    again_at(now() + retry_us);
  } catch (const cri::error& e) {
    note(true, "Failed", std::string("Error: ") + e.what(), &spec);
    problem(spec, "RunContainerError", e.what());
    again_at(now() + retry_us);
  }
}

void pass::run_post_start(const pods::container_spec& spec, const std::string& id) {
  if (spec.post_start.kind == pods::handler_kind::none || spec.post_start.kind == pods::handler_kind::sleep ||
      env_.hollow)
    return;
  auto ips = facts().pod_ips;
  auto result =
    probes::run(spec.post_start, {id, ips.empty() ? "" : ips.front(), &spec}, hook_timeout_s, *env_.runtime);
  if (result.result == probes::outcome::success)
    return;
  note(true, "FailedPostStartHook", "PostStartHook failed", &spec);
  note(false, "Killing", "FailedPostStartHook", &spec);
  problem(spec, "PostStartHookError", "PostStartHook failed: " + result.message);
  env_.runtime->stop_container(id, pod().grace_s);
  again_at(now());
}

} // namespace actors::kubelet::sync
