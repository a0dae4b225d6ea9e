// The state of one pass, shared by the steps in pod_sync, start_container and stop_pod. Internal to sync/.
#pragma once
#include "actors/kubelet/sync/pod_sync.hpp"

namespace actors::kubelet::sync {

inline constexpr int64_t retry_us = 5'000'000; ///< after the runtime refused something

class pass {
public:
  pass(const node_environment& env, sync_input in) : env_(env), in_(std::move(in)), memory_(in_.memory) {}
  sync_output run();

private:
  const pods::pod_spec& pod() const { return *in_.pod; }
  int64_t now() const { return env_.now_us(); }
  std::filesystem::path folder() const { return env_.pod_folder(pod().uid); }
  void note(bool warning, std::string reason, std::string message,
            const pods::container_spec* about = nullptr);
  void again_at(int64_t us);
  resources::pod_facts facts() const;

  // pod_sync.cpp
  void read_runtime();
  void read_termination_messages();
  void sync_running();
  bool past_deadline();
  bool prepare_volumes(volumes::volume_paths&);
  bool create_sandbox(uint32_t attempt);
  void collect_garbage();
  void write_status(bool over);

  // start_container.cpp
  void start(const pods::container_spec&, const volumes::volume_paths&);
  bool in_crash_backoff(const pods::container_spec&);
  bool ensure_image(const pods::container_spec&, std::string& image_ref);
  void run_as_allowed(const pods::container_spec&, const std::string& image_ref);
  cri::container_config make_config(const pods::container_spec&, const volumes::volume_paths&,
                                    const std::string& image_ref, int restart_count);
  void run_post_start(const pods::container_spec&, const std::string& id);
  int next_restart_count(const pods::container_spec&) const;
  void problem(const pods::container_spec&, std::string reason, std::string message);

  // stop_pod.cpp
  void stop_containers(std::optional<int64_t> grace_s);
  void stop_container(const cri::container&, int64_t grace_s, const std::string& message);
  bool end_container(const pods::container_spec*, const cri::container&, int64_t grace_s);
  bool run_pre_stop(const pods::container_spec&, const cri::container&, int64_t grace_s);
  void note_failed_hook(const pods::container_spec&);
  void stop_sandboxes();
  void remove_everything();
  void finish();

  const node_environment& env_;
  sync_input in_;
  pod_memory& memory_;
  pods::runtime_status runtime_;
  cri::sandbox_config sandbox_config_;
  std::string sandbox_id_;
  std::vector<std::string> pod_ips_;
  sync_output out_;
  bool acted_ = false; ///< the runtime's state has to be read again
};

/// The sandbox that a pod wants; pure.
cri::sandbox_config make_sandbox_config(const node_environment&, const pods::pod_spec&, uint32_t attempt);
/// /etc/hosts of a pod; pure.
std::string hosts_file(const pods::pod_spec&, const std::vector<std::string>& ips);

} // namespace actors::kubelet::sync
