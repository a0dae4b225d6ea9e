// What a shared object must be in order to be swapped in. In one of its sources:
//
//   TROUPE_PLUGIN("controllers/replicaset", "newest-first 1", [](const runtime::hotswap::role_context& context)
//                 -> std::unique_ptr<runtime::hotswap::swappable> { return std::make_unique<my_controller>(context.clock); })
//
// It is built against the headers of exactly the program that loads it, and resolves the program's functions in it, so
// there is one schema and one set of types. `abi` says what it was built with; the loader reads it from the file before
// any of its code runs.
#pragma once

#include "runtime/host/role.hpp"
#include "runtime/host/version.hpp"
#include "runtime/hotswap/public_headers_hash.hpp"
#include "runtime/hotswap/swappable.hpp"

#include <caf/config.hpp>

#include <cstdint>
#include <flatbuffers/base.h>
#include <memory>

#define TROUPE_TEXT_OF(x) #x
#define TROUPE_TEXT(x) TROUPE_TEXT_OF(x)

#if defined(__SANITIZE_ADDRESS__)
#define TROUPE_ABI_CHECKS "address sanitizer"
#elif defined(_GLIBCXX_ASSERTIONS) || defined(_GLIBCXX_DEBUG)
#define TROUPE_ABI_CHECKS "library checks"
#else
#define TROUPE_ABI_CHECKS "plain"
#endif

/// Two builds with the same text may share objects.
#define TROUPE_ABI                                                                                                     \
  "troupe " TROUPE_VERSION ", headers " TROUPE_PUBLIC_HEADERS_HASH ", compiler " __VERSION__                              \
  ", C++ " TROUPE_TEXT(__cplusplus) ", CAF " TROUPE_TEXT(CAF_VERSION) ", FlatBuffers " TROUPE_TEXT(                       \
    FLATBUFFERS_VERSION_MAJOR) "." TROUPE_TEXT(FLATBUFFERS_VERSION_MINOR) ", library ABI " TROUPE_TEXT(                   \
    _GLIBCXX_USE_CXX11_ABI) ", " TROUPE_ABI_CHECKS

/// Stands before the ABI's text in the file. Split, so that it occurs in plugins only, and not where it is looked for.
#define TROUPE_PLUGIN_MARK "\x7ftroupe-plugin" "\x02" "abi="

namespace runtime::hotswap {

using host::role_context;
using make_function = std::unique_ptr<swappable> (*)(const role_context&);

constexpr uint64_t plugin_magic = 0x74726f7570650001; // "troupe", layout 1
constexpr const char* plugin_symbol = "troupe_plugin";

/// What `troupe_plugin` returns. The fields never change their order; new ones come at the end with a new magic.
struct descriptor {
  uint64_t magic;
  const char* abi;
  const char* role;
  const char* version;
  make_function make;
};

} // namespace runtime::hotswap

#define TROUPE_PLUGIN(ROLE, VERSION, ...)                                                                              \
  extern "C" {                                                                                                         \
  __attribute__((visibility("default"))) extern const char troupe_plugin_abi[];                                           \
  const char troupe_plugin_abi[] = TROUPE_PLUGIN_MARK TROUPE_ABI;                                                         \
  __attribute__((visibility("default"), used)) const runtime::hotswap::descriptor* troupe_plugin() {                      \
    static const runtime::hotswap::descriptor value{runtime::hotswap::plugin_magic, TROUPE_ABI, ROLE, VERSION,         \
                                                    __VA_ARGS__};                                                     \
    return &value;                                                                                                     \
  }                                                                                                                    \
  }
