// The role `proxy`: keeps a node's service rules in step with Services and EndpointSlices.
#pragma once

#include "actors/proxy/rule_writer.hpp"
#include "runtime/host/role.hpp"

#include <optional>
#include <string>

namespace actors::proxy {

// For the table of roles.
runtime::host::role_descriptor describe();

enum class writer_thread : uint8_t {
  own,    // real rules: a batch may take a second
  shared, // memory only: runs under a simulation's scheduler
};

// With a writer of the caller's choice: for simulations and tests.
caf::strong_actor_ptr spawn(caf::actor_system& system, const runtime::host::role_context& context,
                            rule_writer_factory make_writer, writer_thread thread);

// What tells how the proxy does; ask it with `get_counters`.
struct get_counters {};
struct proxy_counters {
  uint64_t writes = 0;          // batches that were applied
  uint64_t complete_writes = 0; // of these, those that wrote everything
  uint64_t failures = 0;        // batches that the writer refused
  uint64_t lost = 0;            // times that the rules were found missing
  uint64_t services = 0;        // known
  uint64_t ports = 0;           // service ports with rules
  int64_t last_write_us = 0;    // duration of the newest batch
};

} // namespace actors::proxy

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::proxy::get_counters)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::proxy::proxy_counters)
