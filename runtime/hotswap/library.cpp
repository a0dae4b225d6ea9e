#include "runtime/hotswap/library.hpp"

#include "runtime/hotswap/plugin.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dlfcn.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/stat.h>
#include <unistd.h>

namespace runtime::hotswap {

namespace {

constexpr std::string_view elf_magic = "\x7f" "ELF";
constexpr size_t elf_type_at = 16;
constexpr char elf_shared_object = 3; // ET_DYN
constexpr size_t abi_text_max = 1024;
constexpr std::string_view mark_start = "\x7ftroupe-plugin"; // followed by \x02, written apart: see plugin.hpp
constexpr std::string_view mark_end = "abi=";

[[noreturn]] void fail(const std::string& what, int error) {
  throw refused(what + ": " + std::strerror(error));
}

/// Closes on every way out.
struct open_file {
  int fd;
  ~open_file() {
    if (fd >= 0)
      ::close(fd);
  }
};

std::string read_file(const std::filesystem::path& file) {
  open_file in{::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (in.fd < 0)
    fail("cannot read " + file.string(), errno);
  struct stat about{};
  if (fstat(in.fd, &about) != 0)
    fail("cannot read " + file.string(), errno);
  if (!S_ISREG(about.st_mode))
    throw refused(file.string() + " is no file: name the shared object that your build made");
  if (static_cast<size_t>(about.st_size) > plugin_bytes_max)
    throw refused(file.string() + " is larger than " + std::to_string(plugin_bytes_max >> 20) + " MB");
  std::string bytes(static_cast<size_t>(about.st_size), '\0');
  size_t done = 0;
  while (done < bytes.size()) {
    const auto got = ::read(in.fd, bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      fail("cannot read " + file.string(), errno);
    if (got == 0)
      throw refused(file.string() + " became shorter while it was read: is it still being built?");
    done += static_cast<size_t>(got);
  }
  return bytes;
}

std::string sha256(std::string_view bytes) {
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), digest, &size, EVP_sha256(), nullptr) != 1)
    throw refused("SHA-256 is not available");
  constexpr const char* digits = "0123456789abcdef";
  std::string result;
  for (unsigned int i = 0; i < size; ++i)
    result.append(1, digits[digest[i] >> 4]).append(1, digits[digest[i] & 15]);
  return result;
}

/// A copy with a fresh inode, so that the dynamic linker takes it for a library that it does not know.
void write_copy(const std::filesystem::path& path, std::string_view bytes) {
  std::error_code error;
  std::filesystem::create_directories(path.parent_path(), error);
  if (error)
    throw refused("cannot make " + path.parent_path().string() + ": " + error.message());
  open_file out{::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700)};
  if (out.fd < 0)
    fail("cannot write " + path.string(), errno);
  while (!bytes.empty()) {
    const auto written = ::write(out.fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR)
      continue;
    if (written < 0) {
      const int error = errno;
      ::unlink(path.c_str());
      fail("cannot write " + path.string(), error);
    }
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  if (::fsync(out.fd) != 0) {
    const int error = errno;
    ::unlink(path.c_str());
    fail("cannot write " + path.string(), error);
  }
}

std::string free_name(const std::filesystem::path& folder, const std::string& role, const std::string& hash) {
  auto base = role;
  std::replace(base.begin(), base.end(), '/', '.');
  for (int i = 1;; ++i) {
    auto name = base + "-" + hash.substr(0, 12) + "-" + std::to_string(i) + ".so";
    if (!std::filesystem::exists(folder / name))
      return name;
  }
}

std::string text_of(const char* text) {
  return text == nullptr ? std::string{} : std::string{text};
}

/// Opens a copy whose bytes were checked.
version_ptr open_copy(const std::filesystem::path& folder, version about) {
  const auto path = folder / about.kept;
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    auto why = text_of(dlerror());
    if (why.starts_with(path.string())) // the operator knows another name
      why.replace(0, path.string().size(), about.file);
    throw refused("cannot load " + why);
  }
  auto entry = reinterpret_cast<const descriptor* (*)()>(dlsym(library, plugin_symbol));
  const auto* found = entry == nullptr ? nullptr : entry();
  if (found == nullptr || found->magic != plugin_magic)
    throw refused(about.file + " has no `" + plugin_symbol + "` that this version of troupe understands");
  if (text_of(found->abi) != own_abi())
    throw refused(about.file + " was built for `" + text_of(found->abi) + "`; this host is `" + std::string{own_abi()}
                  + "`");
  if (text_of(found->role) != about.role)
    throw refused(about.file + " is a version of `" + text_of(found->role) + "`, not of `" + about.role + "`");
  if (found->make == nullptr || text_of(found->version).empty())
    throw refused(about.file + " names no version, or has no function that makes it");
  about.name = found->version;
  about.make = found->make;
  return std::make_shared<const version>(std::move(about));
}

} // namespace

std::string_view own_abi() {
  return TROUPE_ABI;
}

void check_plugin_bytes(std::string_view bytes, const std::string& name) {
  if (!bytes.starts_with(elf_magic) || bytes.size() <= elf_type_at || bytes[elf_type_at] != elf_shared_object)
    throw refused(name + " is no shared object");
  const auto mark = std::string{mark_start} + '\x02' + std::string{mark_end};
  const auto at = bytes.find(mark);
  if (at == bytes.npos)
    throw refused(name + " is no plugin of troupe: it has no TROUPE_PLUGIN (`troupe new controller` writes one)");
  const auto rest = bytes.substr(at + mark.size(), abi_text_max);
  const auto abi = rest.substr(0, rest.find('\0'));
  if (abi != own_abi())
    throw refused(name + " was built for `" + std::string{abi} + "`; this host is `" + std::string{own_abi()}
                  + "`: build it anew against this host's installed headers");
}

void check_file(const std::filesystem::path& file) {
  check_plugin_bytes(read_file(file), file.string());
}

version_ptr load(const std::filesystem::path& file, const std::string& role, const std::filesystem::path& folder) {
  const auto bytes = read_file(file);
  check_plugin_bytes(bytes, file.string());
  version about{.role = role, .file = file.string(), .hash = sha256(bytes)};
  about.kept = free_name(folder, role, about.hash);
  const auto path = folder / about.kept;
  write_copy(path, bytes);
  try {
    return open_copy(folder, std::move(about));
  } catch (const refused&) {
    std::error_code ignored; // a copy that stays is removed at the next start
    std::filesystem::remove(path, ignored);
    throw;
  }
}

version_ptr load_kept(const std::string& kept, const std::string& hash, const std::string& file, const std::string& role,
                      const std::filesystem::path& folder) {
  const auto bytes = read_file(folder / kept);
  if (sha256(bytes) != hash)
    throw refused((folder / kept).string() + " was changed since it was swapped in");
  check_plugin_bytes(bytes, (folder / kept).string());
  return open_copy(folder, {.role = role, .file = file, .kept = kept, .hash = hash});
}

} // namespace runtime::hotswap
