// The volumes of a pod on disk: emptyDir, hostPath, configMap, secret, downwardAPI, projected. Blocking file
// work, done by the worker that syncs the pod; layout <pod folder>/volumes/kubernetes.io~<kind>/<name> as
// upstream's.
#pragma once
#include <filesystem>
#include <functional>
#include "actors/kubelet/resources/environment.hpp"

namespace actors::kubelet::volumes {

/// The reason becomes a FailedMount event with this text; the pod waits.
struct mount_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Host paths by volume name.
using volume_paths = std::map<std::string, std::filesystem::path>;

/// Makes or refreshes all volumes. Idempotent: configMap, secret, downwardAPI and projected ones are
/// rewritten (atomically) only when their contents differ.
volume_paths prepare(const pods::pod_spec&, const std::filesystem::path& pod_folder,
                     const resources::object_table& objects, const resources::pod_facts& facts);

/// The host path of a mount, with its subPath (made when missing). `expand_path` replaces $(VAR) of
/// subPathExpr.
std::filesystem::path mount_source(const pods::volume_mount&, const volume_paths&,
                                   const std::function<std::string(std::string_view)>& expand_path);

/// Unmounts what is mounted below `folder` and removes it. Idempotent; throws mount_error when something is
/// busy.
void remove_tree(const std::filesystem::path& folder);

/// The files of one volume, path -> (content, mode).
struct file {
  std::string content;
  int mode = 0644;
  bool operator==(const file&) const = default;
};
using file_set = std::map<std::string, file>;
file_set projected_files(const pods::pod_spec&, const pods::volume_spec&, const resources::object_table&,
                         const resources::pod_facts&);

} // namespace actors::kubelet::volumes
