#include "actors/kubelet/volumes/volumes.hpp"
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>
#include "actors/kubelet/volumes/atomic_writer.hpp"

namespace actors::kubelet::volumes {
namespace {

namespace fs = std::filesystem;
using pods::volume_kind;

std::string errno_text() { return std::strerror(errno); }

bool is_mount_point(const fs::path& folder) {
  struct stat self {
  }, parent{};
  return ::stat(folder.c_str(), &self) == 0 && ::stat((folder / "..").c_str(), &parent) == 0 &&
         self.st_dev != parent.st_dev;
}

void mount_tmpfs(const fs::path& folder, std::optional<int64_t> limit) {
  if (is_mount_point(folder))
    return;
  auto options = limit ? "size=" + std::to_string(*limit) : std::string();
  // Without the right to mount (tests, rootless) the data stays on disk; the folder's mode still protects it.
  if (::mount("tmpfs", folder.c_str(), "tmpfs", 0, options.c_str()) != 0 && errno != EPERM)
    throw mount_error("cannot mount tmpfs on " + folder.string() + ": " + errno_text());
}

void make_folder(const fs::path& folder, int mode) {
  std::error_code ec;
  fs::create_directories(folder, ec);
  if (ec)
    throw mount_error("cannot make " + folder.string() + ": " + ec.message());
  if (::chmod(folder.c_str(), static_cast<mode_t>(mode)) != 0)
    throw mount_error("cannot set the mode of " + folder.string() + ": " + errno_text());
}

void own_by_group(const fs::path& folder, std::optional<int64_t> gid) {
  if (!gid)
    return;
  if (::chown(folder.c_str(), static_cast<uid_t>(-1), static_cast<gid_t>(*gid)) != 0)
    throw mount_error("cannot give " + folder.string() + " to group " + std::to_string(*gid) + ": " +
                      errno_text());
  struct stat st {};
  if (::stat(folder.c_str(), &st) == 0)
    ::chmod(folder.c_str(), (st.st_mode & 07777) | 02070);
}

/// Upstream's checks of hostPath.type, with its words.
void check_host_path(const std::string& path, const std::string& type) {
  struct stat st {};
  bool exists = ::stat(path.c_str(), &st) == 0;
  auto fail = [&](const char* what) {
    throw mount_error("hostPath type check failed: " + path + " is not " + what);
  };
  if (type == "DirectoryOrCreate") {
    if (!exists)
      make_folder(path, 0755);
    else if (!S_ISDIR(st.st_mode))
      fail("a directory");
  } else if (type == "FileOrCreate") {
    if (exists && !S_ISREG(st.st_mode))
      fail("a file");
    if (!exists && !std::ofstream(path))
      throw mount_error("cannot create " + path + ": " + errno_text());
  } else if (type == "Directory") {
    if (!exists || !S_ISDIR(st.st_mode))
      fail("a directory");
  } else if (type == "File") {
    if (!exists || !S_ISREG(st.st_mode))
      fail("a file");
  } else if (type == "Socket") {
    if (!exists || !S_ISSOCK(st.st_mode))
      fail("a socket file");
  } else if (type == "CharDevice") {
    if (!exists || !S_ISCHR(st.st_mode))
      fail("a character device");
  } else if (type == "BlockDevice") {
    if (!exists || !S_ISBLK(st.st_mode))
      fail("a block device");
  } else if (!exists && ::mkdir(path.c_str(), 0755) != 0 && errno != EEXIST) {
    // "": no check; runtimes make the missing folder, containerd's mount would fail.
    std::error_code ec;
    fs::create_directories(path, ec);
    if (ec)
      throw mount_error("cannot make " + path + ": " + ec.message());
  }
}

void add_object_files(const pods::pod_spec& pod, const pods::volume_source& source, int mode,
                      const resources::object_table& objects, file_set& out) {
  bool map = source.kind == volume_kind::config_map;
  auto it =
    objects.find({map ? resources::object_kind::config_map : resources::object_kind::secret, source.object});
  const char* kind = map ? "configmap" : "secret";
  if (it == objects.end() || !it->second) {
    if (source.optional)
      return;
    throw mount_error(std::string(kind) + " \"" + source.object + "\" not found");
  }
  if (source.items.empty()) {
    for (const auto& [key, value] : *it->second)
      out[key] = {value, mode};
    return;
  }
  for (const auto& item : source.items) {
    auto value = it->second->find(item.key);
    if (value != it->second->end())
      out[item.path] = {value->second, item.mode.value_or(mode)};
    else if (!source.optional)
      throw mount_error(std::string(kind) + " references non-existent " + (map ? "config" : "secret") +
                        " key: " + item.key);
  }
  (void)pod;
}

void add_fields(const pods::pod_spec& pod, const pods::volume_source& source, int mode,
                const resources::pod_facts& facts, file_set& out) {
  for (const auto& item : source.fields) {
    std::optional<std::string> value;
    if (!item.field_path.empty()) {
      value = resources::field_value(pod, facts, item.field_path);
    } else if (const auto* c = pods::find_container(pod, item.container)) {
      value = resources::resource_value(*c, facts, item.resource, item.divisor_milli);
    }
    if (!value)
      throw mount_error("unsupported downwardAPI item \"" + item.path + "\"");
    out[item.path] = {*value, item.mode.value_or(mode)};
  }
}

const char* folder_of(volume_kind kind) {
  switch (kind) {
    case volume_kind::empty_dir:
      return "kubernetes.io~empty-dir";
    case volume_kind::config_map:
      return "kubernetes.io~configmap";
    case volume_kind::secret:
      return "kubernetes.io~secret";
    case volume_kind::downward_api:
      return "kubernetes.io~downward-api";
    default:
      return "kubernetes.io~projected";
  }
}

bool holds_secret(const pods::volume_spec& v) {
  return v.source.kind == volume_kind::secret ||
         std::any_of(v.projected.begin(), v.projected.end(),
                     [](const auto& s) { return s.kind == volume_kind::secret; });
}

fs::path prepare_one(const pods::pod_spec& pod, const pods::volume_spec& v, const fs::path& pod_folder,
                     const resources::object_table& objects, const resources::pod_facts& facts) {
  if (v.source.kind == volume_kind::unsupported)
    throw mount_error("volume type " + v.unsupported_kind + " is not supported by this kubelet");
  if (v.source.kind == volume_kind::host_path) {
    check_host_path(v.host_path, v.host_path_type);
    return v.host_path;
  }
  fs::path folder = pod_folder / "volumes" / folder_of(v.source.kind) / v.name;
  bool fresh = !fs::exists(folder);
  if (v.source.kind == volume_kind::empty_dir) {
    if (fresh)
      make_folder(folder, 0777);
    if (v.memory_medium)
      mount_tmpfs(folder, v.size_limit_bytes);
    if (fresh && v.memory_medium)
      ::chmod(folder.c_str(), 0777);
    if (fresh)
      own_by_group(folder, pod.fs_group);
    return folder;
  }
  auto files =
    projected_files(pod, v, objects, facts); // before the folder exists: a failed pod leaves nothing
  if (fresh)
    make_folder(folder, 0755);
  if (holds_secret(v))
    mount_tmpfs(folder, std::nullopt);
  if (fresh)
    ::chmod(folder.c_str(), 0755), own_by_group(folder, pod.fs_group);
  write_atomically(folder, files, pod.fs_group);
  return folder;
}

/// /proc/self/mountinfo escapes blanks as octal.
std::string unescape(const std::string& text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\\' && i + 3 < text.size()) {
      out += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
      i += 3;
    } else {
      out += text[i];
    }
  return out;
}

} // namespace

file_set projected_files(const pods::pod_spec& pod, const pods::volume_spec& v,
                         const resources::object_table& objects, const resources::pod_facts& facts) {
  file_set files;
  auto add = [&](const pods::volume_source& source) {
    switch (source.kind) {
      case volume_kind::config_map:
      case volume_kind::secret:
        add_object_files(pod, source, v.default_mode, objects, files);
        break;
      case volume_kind::downward_api:
        add_fields(pod, source, v.default_mode, facts, files);
        break;
      default:
        throw mount_error("a source of projected volume \"" + v.name + "\" is not supported by this kubelet");
    }
  };
  if (v.source.kind == volume_kind::projected)
    for (const auto& source : v.projected)
      add(source);
  else
    add(v.source);
  for (const auto& [path, _] : files)
    if (path.empty() || path[0] == '/' || path.rfind("..", 0) == 0 || path.find("/..") != std::string::npos)
      throw mount_error("invalid path \"" + path + "\" in volume \"" + v.name + "\"");
  return files;
}

volume_paths prepare(const pods::pod_spec& pod, const fs::path& pod_folder,
                     const resources::object_table& objects, const resources::pod_facts& facts) {
  volume_paths result;
  for (const auto& v : pod.volumes) {
    try {
      result[v.name] = prepare_one(pod, v, pod_folder, objects, facts);
    } catch (const mount_error& e) {
      throw mount_error("MountVolume.SetUp failed for volume \"" + v.name + "\" : " + e.what());
    } catch (const fs::filesystem_error& e) {
      throw mount_error("MountVolume.SetUp failed for volume \"" + v.name + "\" : " + e.what());
    }
  }
  return result;
}

fs::path mount_source(const pods::volume_mount& m, const volume_paths& paths,
                      const std::function<std::string(std::string_view)>& expand_path) {
  auto it = paths.find(m.name);
  if (it == paths.end())
    throw resources::config_error("volume \"" + m.name + "\" not found");
  auto sub = m.sub_path_expr.empty() ? m.sub_path : expand_path(m.sub_path_expr);
  if (sub.empty())
    return it->second;
  fs::path relative(sub);
  if (relative.is_absolute() || std::find(relative.begin(), relative.end(), "..") != relative.end())
    throw resources::config_error("subPath \"" + sub + "\" must be a relative path without '..'");
  std::error_code ec;
  fs::path full = it->second / relative;
  if (!fs::exists(full, ec)) {
    // The part that exists must lie inside before anything is made below it.
    fs::path existing = fs::weakly_canonical(full, ec);
    auto root = fs::canonical(it->second, ec).string() + "/";
    if (ec || existing.string().rfind(root, 0) != 0)
      throw resources::config_error("subPath \"" + sub + "\" is outside of the volume");
    fs::create_directories(full, ec);
    if (ec)
      throw resources::config_error("cannot make subPath \"" + sub + "\": " + ec.message());
  }
  auto real = fs::canonical(full, ec);
  auto root = fs::canonical(it->second, ec);
  if (ec || (real.string() + "/").rfind(root.string() + "/", 0) != 0)
    throw resources::config_error("subPath \"" + sub + "\" is outside of the volume");
  return real;
}

void remove_tree(const fs::path& folder) {
  std::error_code ec;
  if (!fs::exists(folder, ec))
    return;
  auto prefix = fs::canonical(folder, ec).string() + "/";
  std::vector<std::string> mounts;
  std::ifstream in("/proc/self/mountinfo");
  for (std::string line; std::getline(in, line);) {
    std::istringstream words(line);
    std::string id, parent, device, root, point;
    words >> id >> parent >> device >> root >> point;
    point = unescape(point);
    if ((point + "/").rfind(prefix, 0) == 0)
      mounts.push_back(point);
  }
  std::sort(mounts.rbegin(), mounts.rend()); // the deepest first
  for (const auto& point : mounts)
    if (::umount2(point.c_str(), UMOUNT_NOFOLLOW) != 0 && errno != EINVAL && errno != ENOENT)
      throw mount_error("cannot unmount " + point + ": " + errno_text());
  fs::remove_all(folder, ec);
  if (ec)
    throw mount_error("cannot remove " + folder.string() + ": " + ec.message());
}

} // namespace actors::kubelet::volumes
