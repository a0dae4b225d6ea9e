// Pages of a mapped file leave the process, and nothing else does.
#include "storage/lmdb/resident.hpp"

#include "tests/unit/storage/subjects.hpp"

#include <sys/mman.h>
#include <unistd.h>
#include <catch2/catch.hpp>
#include <fstream>

using namespace storage::lmdb;

namespace {

// Kilobytes of the mapping that begins at `at`, as the kernel counts them; -1: there is none.
long resident_kb(const void* at) {
  char begin[32];
  std::snprintf(begin, sizeof begin, "%lx-", reinterpret_cast<unsigned long>(at));
  std::ifstream maps("/proc/self/smaps");
  bool here = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.starts_with(begin))
      here = true;
    else if (here && line.starts_with("Rss:"))
      return std::stol(line.substr(4));
  }
  return -1;
}

char* map(int file, size_t bytes, int access, int kind) {
  void* at = ::mmap(nullptr, bytes, access, kind, file, 0);
  REQUIRE(at != MAP_FAILED);
  return static_cast<char*>(at);
}

size_t sum(const char* at, size_t bytes) {
  size_t result = 0;
  for (size_t i = 0; i < bytes; i += 512)
    result += static_cast<unsigned char>(at[i]);
  return result;
}

} // namespace

TEST_CASE("pages of a mapped file leave the process, and come back as they were") {
  constexpr size_t bytes = 4 << 20;
  char name[] = "/tmp/troupe-resident-XXXXXX";
  const int file = ::mkstemp(name);
  REQUIRE(file >= 0);
  ::unlink(name);
  const std::string content(bytes, 'x');
  REQUIRE(::write(file, content.data(), bytes) == static_cast<ssize_t>(bytes));
  char* shared = map(file, bytes, PROT_READ, MAP_SHARED);
  char* own = map(file, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE);
  std::fill_n(own, bytes, 'y'); // would be lost
  const size_t before = sum(shared, bytes);
  CHECK(resident_kb(shared) == bytes / 1024);
  CHECK(drop_resident(file) == bytes);
  CHECK(resident_kb(shared) == 0);
  CHECK(sum(shared, bytes) == before);
  CHECK(sum(own, bytes) == bytes / 512 * 'y');
  ::munmap(shared, bytes);
  ::munmap(own, bytes);
  ::close(file);
}
