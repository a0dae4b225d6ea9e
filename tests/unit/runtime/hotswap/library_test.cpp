// What is no plugin, by its bytes alone.
#include "runtime/hotswap/library.hpp"
#include "runtime/hotswap/plugin.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace runtime::hotswap;

namespace {

std::string elf(char type) {
  std::string result = "\x7f" "ELF";
  result.resize(64);
  result[16] = type;
  return result;
}

std::string refusal_of(const std::string& bytes) {
  try {
    check_plugin_bytes(bytes, "x.so");
    return {};
  } catch (const refused& error) {
    return error.what();
  }
}

const std::string mark = TROUPE_PLUGIN_MARK;

} // namespace

TEST_CASE("only a shared object with the mark and the ABI of this program passes") {
  const std::string abi{own_abi()};
  CHECK(refusal_of("") == "x.so is no shared object");
  CHECK(refusal_of("#!/bin/sh\necho hello\n") == "x.so is no shared object");
  CHECK(refusal_of(elf(2)) == "x.so is no shared object"); // a program at a fixed address
  CHECK(refusal_of(elf(3)).find("is no plugin of troupe") != std::string::npos);
  CHECK(refusal_of(elf(3) + mark + "troupe 0.0.1, other").find("was built for `troupe 0.0.1, other`; this host is `" + abi) != std::string::npos);
  CHECK(refusal_of(elf(3) + mark + abi).empty());
  CHECK(refusal_of(elf(3) + mark + abi + '\0' + "more").empty());
  CHECK_FALSE(refusal_of(elf(3) + mark + abi + "more").empty());
}

TEST_CASE("the ABI says what it was built with") {
  const std::string abi{own_abi()};
  for (const auto* part : {"troupe 0.", "headers ", "compiler ", "CAF 17", "FlatBuffers 2.0"})
    CHECK(abi.find(part) != std::string::npos);
}

TEST_CASE("files that cannot be read or loaded are refused with their name, and leave nothing behind") {
  auto name = (std::filesystem::temp_directory_path() / "troupe-library-XXXXXX").string();
  const std::filesystem::path folder = mkdtemp(name.data());
  const auto kept = folder / "kept";
  CHECK_THROWS_WITH(load(folder / "none.so", "r", kept), Catch::Contains("none.so: No such file"));
  CHECK_THROWS_WITH(load(folder, "r", kept), Catch::Contains("is no file"));
  std::ofstream{folder / "broken.so"} << elf(3) << mark << own_abi(); // the mark, and nothing that could be loaded
  CHECK_THROWS_WITH(load(folder / "broken.so", "r", kept), Catch::Contains("cannot load " + (folder / "broken.so").string()));
  CHECK(std::filesystem::is_empty(kept));
  CHECK_THROWS_AS(load_kept("gone.so", "h", "f", "r", kept), refused);
  std::filesystem::remove_all(folder);
}
