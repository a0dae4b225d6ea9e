#include "actors/kubelet/volumes/atomic_writer.hpp"
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cstring>
#include <fstream>
#include <set>
#include <sstream>

namespace actors::kubelet::volumes {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// The files behind "..data" with their modes.
file_set present(const fs::path& folder) {
  file_set result;
  fs::path data = folder / "..data";
  std::error_code ec;
  if (!fs::exists(data, ec))
    return result;
  for (const auto& entry : fs::recursive_directory_iterator(fs::canonical(data), ec)) {
    if (!entry.is_regular_file())
      continue;
    struct stat st {};
    ::stat(entry.path().c_str(), &st);
    result[fs::relative(entry.path(), fs::canonical(data)).string()] = {read_file(entry.path()),
                                                                        static_cast<int>(st.st_mode & 07777)};
  }
  return result;
}

void write_file(const fs::path& path, const file& f, std::optional<int64_t> gid) {
  int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    throw mount_error("cannot create " + path.string() + ": " + std::strerror(errno));
  size_t done = 0;
  bool ok = true;
  while (ok && done < f.content.size()) {
    auto n = ::write(fd, f.content.data() + done, f.content.size() - done);
    if (n < 0 && errno == EINTR)
      continue;
    ok = n > 0;
    if (ok)
      done += static_cast<size_t>(n);
  }
  int saved = errno;
  // Group before mode: a change of owner clears set-id bits.
  if (ok && gid && ::fchown(fd, static_cast<uid_t>(-1), static_cast<gid_t>(*gid)) != 0)
    ok = false, saved = errno;
  if (ok && ::fchmod(fd, static_cast<mode_t>(f.mode)) != 0)
    ok = false, saved = errno;
  ::close(fd);
  if (!ok)
    throw mount_error("cannot write " + path.string() + ": " + std::strerror(saved));
}

void replace_link(const fs::path& link, const fs::path& target) {
  fs::path temporary = link.string() + "_tmp";
  std::error_code ec;
  fs::remove(temporary, ec);
  fs::create_symlink(target, temporary);
  fs::rename(temporary, link);
}

std::string top_of(const std::string& path) { return path.substr(0, path.find('/')); }

} // namespace

bool write_atomically(const fs::path& folder, const file_set& wanted, std::optional<int64_t> gid) {
  file_set files = wanted;
  if (gid)
    for (auto& [_, f] : files)
      f.mode |= 0040 | (f.mode & 0200 ? 0020 : 0);
  if (fs::is_symlink(folder / "..data") && present(folder) == files)
    return false;
  std::string pattern = (folder / "..version_XXXXXX").string();
  if (!::mkdtemp(pattern.data()))
    throw mount_error("cannot make a folder in " + folder.string() + ": " + std::strerror(errno));
  fs::path version = pattern;
  fs::permissions(version, static_cast<fs::perms>(0755));
  for (const auto& [path, f] : files) {
    fs::create_directories((version / path).parent_path());
    write_file(version / path, f, gid);
  }
  std::error_code ec;
  fs::path old = fs::read_symlink(folder / "..data", ec);
  replace_link(folder / "..data", version.filename());
  std::set<std::string> visible;
  for (const auto& [path, _] : files)
    visible.insert(top_of(path));
  for (const auto& name : visible)
    if (!fs::is_symlink(folder / name))
      replace_link(folder / name, fs::path("..data") / name);
  for (const auto& entry : fs::directory_iterator(folder)) {
    auto name = entry.path().filename().string();
    if (name.rfind("..", 0) != 0 && !visible.count(name))
      fs::remove(entry.path());
    // Also versions that a crash left behind.
    if (name.rfind("..version_", 0) == 0 && name != version.filename())
      fs::remove_all(entry.path());
  }
  return true;
}

} // namespace actors::kubelet::volumes
