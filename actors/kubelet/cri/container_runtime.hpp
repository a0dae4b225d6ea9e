// What the kubelet asks of a container runtime, in plain structs: containerd through CRI, or the hollow one.
// Calls block; the caller is a worker thread, never an actor. Every call throws cri::error. Thread-safe.
#pragma once
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace actors::kubelet::cri {

enum class error_code {
  unavailable,    ///< no answer from the runtime's socket: try again later
  deadline,       ///< the runtime took longer than the call's limit
  not_found,      ///< no such sandbox, container or image
  already_exists, ///< the name is reserved by an earlier attempt: raise the attempt
  failed          ///< anything else; the message is the runtime's own
};

struct error : std::runtime_error {
  error(error_code c, const std::string& message) : std::runtime_error(message), code(c) {}
  error_code code;
};

using string_map = std::map<std::string, std::string>;

struct dns_config {
  std::vector<std::string> servers, searches, options;
};
struct port_mapping {
  std::string protocol = "TCP";
  int container_port = 0, host_port = 0;
  std::string host_ip;
};
enum class seccomp_kind { unconfined, runtime_default, localhost };
struct seccomp_profile {
  seccomp_kind kind = seccomp_kind::unconfined;
  std::string path;
};

struct sandbox_config {
  std::string name, ns, uid;
  uint32_t attempt = 0;
  std::string hostname, log_directory, cgroup_parent, runtime_handler;
  std::optional<dns_config> dns; ///< absent: the runtime copies the host's resolv.conf
  std::vector<port_mapping> ports;
  string_map labels, annotations, sysctls;
  bool host_network = false, host_pid = false, host_ipc = false, share_pid = false, privileged = false;
  std::optional<int64_t> run_as_user, run_as_group;
  std::vector<int64_t> supplemental_groups;
  seccomp_profile seccomp;
};

struct sandbox {
  std::string id, name, ns, uid;
  uint32_t attempt = 0;
  bool ready = false;
  int64_t created_us = 0;
  string_map labels, annotations;
  std::vector<std::string> ips; ///< filled by sandbox_status only
};

enum class mount_propagation { none, host_to_container, bidirectional };
struct mount {
  std::string container_path, host_path;
  bool read_only = false;
  mount_propagation propagation = mount_propagation::none;
};

struct container_resources {
  int64_t cpu_period = 0, cpu_quota = 0, cpu_shares = 0, memory_limit = 0, oom_score_adj = 0;
};

struct container_config {
  std::string name;
  uint32_t attempt = 0;
  std::string image;
  std::vector<std::string> command, args;
  std::string working_dir;
  std::vector<std::pair<std::string, std::string>> env;
  std::vector<mount> mounts;
  string_map labels, annotations;
  std::string log_path; ///< relative to the sandbox's log_directory
  bool stdin_open = false, stdin_once = false, tty = false;
  container_resources resources;
  bool privileged = false, read_only_root = false, no_new_privileges = false;
  std::optional<int64_t> run_as_user, run_as_group;
  std::string run_as_username;
  std::vector<int64_t> supplemental_groups;
  std::vector<std::string> add_capabilities, drop_capabilities, masked_paths, readonly_paths;
  seccomp_profile seccomp;
};

enum class container_state { created, running, exited, unknown };

struct container {
  std::string id, sandbox_id, name;
  uint32_t attempt = 0;
  std::string image, image_ref;
  container_state state = container_state::unknown;
  int64_t created_us = 0;
  string_map labels, annotations;
  // Filled by container_status only.
  int64_t started_us = 0, finished_us = 0;
  int32_t exit_code = 0;
  std::string reason, message, log_path;
};

struct exec_result {
  int32_t exit_code = 0;
  std::string out, err;
};

struct image {
  std::string id;
  std::vector<std::string> tags, digests;
  uint64_t size = 0;
  std::optional<int64_t> uid; ///< the image's own user, when it is a number
  std::string username;       ///< or its name
  bool operator==(const image&) const = default;
};

struct runtime_version {
  std::string name, version, api_version;
};
struct runtime_condition {
  std::string type;
  bool status = false;
  std::string reason, message;
};

/// Of a runtime that knows what happens to its containers.
struct activity {
  static constexpr int64_t never = std::numeric_limits<int64_t>::max();
  uint64_t changes = 0;   ///< another number as soon as a listing would show anything else
  int64_t due_us = never; ///< wall clock: when it changes next although nobody asks for it
};

class container_runtime {
public:
  virtual ~container_runtime() = default;
  virtual runtime_version version() = 0;
  virtual std::vector<runtime_condition> conditions() = 0;

  virtual std::string run_sandbox(const sandbox_config&) = 0;
  virtual void stop_sandbox(const std::string& id) = 0;   ///< idempotent; also stops its containers
  virtual void remove_sandbox(const std::string& id) = 0; ///< idempotent; also removes its containers
  virtual sandbox sandbox_status(const std::string& id) = 0;
  virtual std::vector<sandbox> list_sandboxes(const string_map& labels) = 0;

  virtual std::string create_container(const std::string& sandbox_id, const container_config&,
                                       const sandbox_config&) = 0;
  virtual void start_container(const std::string& id) = 0;
  /// SIGTERM (or the image's stop signal), then SIGKILL after `grace_s`; returns when it has ended.
  /// Idempotent.
  virtual void stop_container(const std::string& id, int64_t grace_s) = 0;
  virtual void remove_container(const std::string& id) = 0; ///< idempotent
  virtual container container_status(const std::string& id) = 0;
  virtual std::vector<container> list_containers(const string_map& labels) = 0;
  /// What a listing would tell that an earlier one did not; nothing: the runtime cannot say. Does not block.
  virtual std::optional<activity> recent_activity() {
    return std::nullopt;
  }
  virtual void reopen_log(const std::string& id) = 0;
  /// Throws error_code::deadline after `timeout_s` even when a background child holds the output open.
  virtual exec_result exec_sync(const std::string& id, const std::vector<std::string>& command,
                                int64_t timeout_s) = 0;

  virtual std::optional<image> image_status(const std::string& name) = 0;
  virtual std::string pull_image(const std::string& name) = 0; ///< asks the registry, always; returns its id
  virtual std::vector<image> list_images() = 0;
  virtual void remove_image(const std::string& name) = 0;
};

} // namespace actors::kubelet::cri
