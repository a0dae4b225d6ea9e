// The role `podnetwork`: lets the pods of a node reach those of all others by their own addresses.
#pragma once

#include "actors/podnetwork/network_writer.hpp"
#include "runtime/host/role.hpp"

namespace actors::podnetwork {

// For the table of roles.
runtime::host::role_descriptor describe();

enum class writer_thread : uint8_t {
  own,    // the kernel's answers are waited for
  shared, // under a test's scheduler
};

// With a writer of the caller's choice: for tests. `settings` as describe() makes them of the context.
caf::strong_actor_ptr spawn(caf::actor_system& system, const runtime::host::role_context& context,
                            network_writer_factory make_writer, writer_thread thread);

// What the role's settings say. Throws std::invalid_argument.
plan::network_settings settings_of(const runtime::host::role_context& context);

} // namespace actors::podnetwork
