// The directory: role id -> live handle, on every host; changes are pushed to subscribers.
// Nothing caches a handle without being told of its end. These messages stay within a host: entries of
// other hosts come from the peers' directories through the mesh, which registers them under their host's name.
//
// How a role finds another:
//
//   self->send(ctx.directory, directory::subscribe{"apiserver/", caf::actor_cast<caf::strong_actor_ptr>(self)});
//   ...in its behavior:
//   [=](const directory::role_up& up) { ... caf::actor_cast<apiserver_actor>(up.handle) ... },
//   [=](const directory::role_down& down) { ... down.reason ... },
//
// A role with a typed interface adds `directory::subscriber` to it:
//   using self_actor = scheduler_actor::extend_with<runtime::directory::subscriber>;
#pragma once

#include "runtime/telemetry/log.hpp"

#include <caf/all.hpp>

#include <string>
#include <vector>

namespace runtime::directory {

// -- what subscribers receive ---------------------------------------------------------------------------

/// The role lives, and this is its handle. Replaces an earlier handle of the same id. Every role that
/// matches is sent once upon subscribing. When several hosts have a role of one id, the one with the highest epoch is
/// meant, among equals the one that came last.
struct role_up {
  std::string id;
  caf::strong_actor_ptr handle;
  std::string host = {};
  int64_t epoch = 0;
};

/// The role ended; its handle is of no use any more. A successor comes as another role_up.
struct role_down {
  std::string id;
  std::string reason;
  std::string host = {};
};

using subscriber = caf::typed_actor<caf::reacts_to<role_up>, caf::reacts_to<role_down>>;

// -- what the directory accepts -------------------------------------------------------------------------

/// Registers a role that serves from now on; a second one under the same id and host replaces the first.
/// `host` is empty for this host. `epoch` is a singleton's (host/tenure.hpp), 0 for all others.
struct register_role {
  std::string id;
  caf::strong_actor_ptr handle;
  std::string host;
  int64_t epoch = 0;
};

/// Takes a role out before its actor ends. `host` is empty for this host.
struct withdraw_role {
  std::string id;
  std::string host = {};
};

/// For the mesh's gate: this host's own roles, now and whenever they change. One such subscriber; a later one
/// replaces the first.
struct export_roles {
  caf::strong_actor_ptr subscriber;
};

/// To the gate: `handle` is null when the role is gone.
struct role_exported {
  std::string id;
  caf::strong_actor_ptr handle;
  int64_t epoch = 0;
};

/// `pattern`: an exact id ("scheduler"), a prefix that ends in a slash ("apiserver/"), or "" for every role.
/// Refused with an error beyond `subscriptions_max`. Subscribing again sends the present state again.
struct subscribe {
  std::string pattern;
  caf::strong_actor_ptr subscriber;
};

struct unsubscribe {
  std::string pattern;
  caf::strong_actor_ptr subscriber;
};

struct lookup {
  std::string pattern;
};

struct role_entry {
  std::string id;
  caf::strong_actor_ptr handle;
  std::string host;
  int64_t epoch = 0;
};

struct lookup_reply {
  std::vector<role_entry> roles;
};

/// Forgets all entries of another host, when the link to it is lost.
struct drop_host {
  std::string host;
  std::string reason;
};

using handle = caf::typed_actor<caf::reacts_to<register_role>, caf::reacts_to<withdraw_role>,
                                caf::reacts_to<subscribe>, caf::reacts_to<unsubscribe>,
                                caf::replies_to<lookup>::with<lookup_reply>, caf::reacts_to<drop_host>,
                                caf::reacts_to<export_roles>>;

/// One subscription is one pattern of one actor; one role is one id on one host.
constexpr size_t subscriptions_max = 65'536;
constexpr size_t roles_max = 65'536;

/// Spawns the directory of `host`.
handle spawn(caf::actor_system& system, std::string host, telemetry::logger log);

} // namespace runtime::directory

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::directory::role_up)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::directory::role_down)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::directory::register_role)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::directory::withdraw_role)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::directory::subscribe)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::directory::unsubscribe)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::directory::lookup)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::directory::lookup_reply)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::directory::drop_host)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::directory::export_roles)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::directory::role_exported)
