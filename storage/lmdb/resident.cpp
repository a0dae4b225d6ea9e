#include "storage/lmdb/resident.hpp"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <cinttypes>
#include <cstdio>
#include <memory>

namespace storage::lmdb {

size_t drop_resident(int file) {
  struct stat wanted;
  if (::fstat(file, &wanted) != 0)
    return 0;
  const std::unique_ptr<FILE, int (*)(FILE*)> maps(std::fopen("/proc/self/maps", "re"), std::fclose);
  if (!maps)
    return 0;
  size_t bytes = 0;
  char line[512]; // what is longer is the rest of a path
  while (std::fgets(line, sizeof line, maps.get())) {
    uintptr_t begin = 0, end = 0;
    char access[5] = {};
    unsigned major_number = 0, minor_number = 0;
    uint64_t inode = 0;
    if (std::sscanf(line, "%" SCNxPTR "-%" SCNxPTR " %4s %*s %x:%x %" SCNu64, &begin, &end, access, &major_number, &minor_number,
                    &inode) != 6 ||
        access[3] != 's' || access[1] == 'w' || inode != wanted.st_ino || makedev(major_number, minor_number) != wanted.st_dev)
      continue;
    if (::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED) == 0)
      bytes += end - begin;
  }
  return bytes;
}

} // namespace storage::lmdb
