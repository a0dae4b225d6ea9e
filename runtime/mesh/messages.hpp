// What gates say to each other, and to whom they serve. The first part crosses hosts: plain CAF messages rather than
// FlatBuffers, since they carry handles, which only CAF can write. Change protocol_version (hello.hpp) with them.
#pragma once

#include <caf/all.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace runtime::mesh {

// -- between gates ---------------------------------------------------------------------------------------

/// First message in each direction.
struct gate_hello {
  std::string host;
  uint64_t incarnation = 0;
};

/// A role of the sending host; `handle` is null when it is gone.
struct gate_role {
  std::string id;
  caf::strong_actor_ptr handle;
  int64_t epoch = 0;
};

/// At most roles_per_message; the next one follows the receiver's gate_ack.
struct gate_roles {
  uint64_t number = 0;
  std::vector<gate_role> roles;
};

struct gate_ack {
  uint64_t number = 0;
};

/// One request to the other host's control server.
struct gate_call {
  uint64_t id = 0;
  std::string line;
  int64_t left_ms = 0; ///< until the caller waits no longer
};

/// A part of the answer; the next one follows the receiver's gate_call_more.
struct gate_call_part {
  uint64_t id = 0;
  std::string text;
  std::string error; ///< not empty: there is no answer, and this is why
  bool last = false;
};

struct gate_call_more {
  uint64_t id = 0;
};

template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, gate_hello& x) {
  return f(caf::meta::type_name("mesh.gate_hello"), x.host, x.incarnation);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, gate_role& x) {
  return f(caf::meta::type_name("mesh.gate_role"), x.id, x.handle, x.epoch);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, gate_roles& x) {
  return f(caf::meta::type_name("mesh.gate_roles"), x.number, x.roles);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, gate_ack& x) {
  return f(caf::meta::type_name("mesh.gate_ack"), x.number);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, gate_call& x) {
  return f(caf::meta::type_name("mesh.gate_call"), x.id, x.line, x.left_ms);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, gate_call_part& x) {
  return f(caf::meta::type_name("mesh.gate_call_part"), x.id, x.text, x.error, x.last);
}
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, gate_call_more& x) {
  return f(caf::meta::type_name("mesh.gate_call_more"), x.id);
}

// -- within a host: to subscribers -----------------------------------------------------------------------

/// A host is connected and its gate known: its roles follow through the directory.
struct link_up {
  std::string host;
  uint64_t incarnation = 0; ///< of the peer's process
  caf::strong_actor_ptr gate;
};

/// Its roles have left the directory.
struct link_down {
  std::string host;
  std::string reason;
};

struct link_slow {
  std::string host;
  bool slow = false; ///< false: fast again
};

/// To the gate. The subscriber is told of every link that is up, and of changes. It must accept the three above.
struct subscribe_links {
  caf::strong_actor_ptr subscriber;
};

} // namespace runtime::mesh

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::mesh::link_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::mesh::link_down)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::mesh::link_slow)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::mesh::subscribe_links)
