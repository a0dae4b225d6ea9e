// What the kubelet needs of a Pod, in plain structs with the API's defaults applied: the pure decisions and
// the worker threads read these and never the API object. Filled from the FlatBuffer by read_pod
// (pod_reader.cpp).
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace actors::kubelet::pods {

using string_map = std::map<std::string, std::string>;

struct http_header {
  std::string name, value;
};
enum class handler_kind { none, exec, http, tcp, grpc, sleep };
/// A probe's or a lifecycle hook's action. `port_name` is resolved against the container's ports when not
/// empty.
struct handler {
  handler_kind kind = handler_kind::none;
  std::vector<std::string> command;
  std::string host, path, scheme = "HTTP", port_name, grpc_service;
  int port = 0;
  std::vector<http_header> headers;
  int64_t sleep_s = 0;
};

struct probe_spec {
  handler action;
  int64_t initial_delay_s = 0, timeout_s = 1, period_s = 10;
  int success_threshold = 1, failure_threshold = 3;
  std::optional<int64_t> grace_s; ///< probe-level terminationGracePeriodSeconds
};

enum class env_source { value, config_map_key, secret_key, field, resource };
struct env_var {
  std::string name, value;
  env_source source = env_source::value;
  std::string object, key; ///< ConfigMap or Secret, and the key in it
  bool optional = false;
  std::string field_path;          ///< env_source::field
  std::string container, resource; ///< env_source::resource
  int64_t divisor_milli = 1000;
};
struct env_from {
  std::string prefix, config_map, secret;
  bool optional = false;
};

struct resource_amounts {
  std::optional<int64_t> cpu_milli, memory_bytes, storage_bytes;
};
struct resource_spec {
  resource_amounts requests, limits;
};

struct volume_mount {
  std::string name, mount_path, sub_path, sub_path_expr, propagation;
  bool read_only = false;
};

struct seccomp {
  std::string type, profile;
};
struct security_context {
  std::optional<bool> privileged, run_as_non_root, read_only_root, allow_escalation;
  std::optional<int64_t> run_as_user, run_as_group;
  std::vector<std::string> add_capabilities, drop_capabilities;
  std::optional<seccomp> seccomp_profile;
};

struct container_port {
  std::string name, protocol = "TCP", host_ip;
  int port = 0, host_port = 0;
};

enum class pull_policy { always, if_not_present, never };

struct container_spec {
  std::string name, image, working_dir;
  std::vector<std::string> command, args;
  pull_policy pull = pull_policy::if_not_present;
  std::vector<container_port> ports;
  std::vector<env_from> env_from_sources;
  std::vector<env_var> env;
  resource_spec resources;
  std::vector<volume_mount> mounts;
  std::optional<probe_spec> liveness, readiness, startup;
  handler post_start, pre_stop;
  security_context security;
  bool stdin_open = false, stdin_once = false, tty = false;
  bool sidecar = false; ///< an init container with restartPolicy Always
  std::string termination_path = "/dev/termination-log", termination_policy = "File";
};

struct key_path {
  std::string key, path;
  std::optional<int> mode;
};
struct field_item {
  std::string path, field_path, container, resource;
  int64_t divisor_milli = 1000;
  std::optional<int> mode;
};
enum class volume_kind { empty_dir, host_path, config_map, secret, downward_api, projected, unsupported };
struct volume_source {
  volume_kind kind = volume_kind::unsupported;
  std::string object;          ///< name of the ConfigMap or Secret
  std::vector<key_path> items; ///< empty: all keys
  std::vector<field_item> fields;
  bool optional = false;
};
struct volume_spec {
  std::string name;
  volume_source source;
  int default_mode = 0644;
  bool memory_medium = false;              ///< emptyDir
  std::optional<int64_t> size_limit_bytes; ///< emptyDir
  std::string host_path, host_path_type;
  std::vector<volume_source> projected;
  std::string unsupported_kind; ///< what the API object named, for the Event
};

enum class restart_policy { always, on_failure, never };
enum class qos_class { guaranteed, burstable, best_effort };

struct dns_config {
  std::string policy = "ClusterFirst";
  std::vector<std::string> servers, searches, options;
};
struct host_alias {
  std::string ip;
  std::vector<std::string> names;
};

struct pod_spec {
  std::string ns, name, uid, node_name, service_account, runtime_class;
  string_map labels, annotations;
  int64_t created_s = 0, generation = 0;
  std::optional<int64_t> deleted_s;        ///< deletionTimestamp: the end of the grace period
  std::optional<int64_t> deletion_grace_s; ///< deletionGracePeriodSeconds
  std::vector<container_spec> init_containers, containers;
  std::vector<volume_spec> volumes;
  restart_policy restart = restart_policy::always;
  int64_t grace_s = 30;
  std::optional<int64_t> active_deadline_s;
  bool host_network = false, host_pid = false, host_ipc = false, share_pid = false;
  bool service_links = true;
  std::string hostname, subdomain;
  dns_config dns;
  std::vector<host_alias> host_aliases;
  std::optional<int64_t> run_as_user, run_as_group, fs_group;
  std::optional<bool> run_as_non_root;
  std::optional<seccomp> seccomp_profile;
  std::vector<int64_t> supplemental_groups;
  string_map sysctls;
  std::vector<std::string> readiness_gates;
  string_map gate_status;  ///< conditions of the object that readiness gates name: type -> status
  std::string unsupported; ///< why this kubelet refuses the pod; empty: it does not

  std::string key() const { return ns + "/" + name; }
};

/// The class that upstream computes from requests and limits of cpu and memory of all containers.
qos_class compute_qos(const pod_spec&);
const char* qos_name(qos_class);

/// Containers by name; nullptr when there is none.
const container_spec* find_container(const pod_spec&, std::string_view name);

/// Changes when the parts of a container that may change in a running pod do (its image).
std::string container_hash(const container_spec&);

} // namespace actors::kubelet::pods
