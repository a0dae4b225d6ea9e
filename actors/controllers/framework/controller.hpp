// What a controller is: watches, a mapping from changes to keys, and a decision per key. The framework's actor does the
// rest (controller_actor.hpp). A decision reads caches and returns what to write; it writes nothing itself, which makes it
// a pure function of what the caches hold and lets tests call it directly.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "actors/client/api_client.hpp"
#include "actors/client/event_recorder.hpp"
#include "runtime/hotswap/swappable.hpp"

namespace actors::controllers::framework {

using client::draft;

/// An Event to record when an operation has succeeded (or failed).
struct event_note {
  client::object_reference about;
  bool warning = false;
  std::string reason;
  /// `{}` is replaced: on success by the written object's name, on failure by the API's message.
  std::string message;
};

/// One write, or a read past the caches. All of a plan's operations are independent: they run at the same time, a
/// bounded number of them.
struct operation {
  enum class verb { create, update, update_status, patch, patch_status, remove, update_finalize, remove_collection, get };
  verb what = verb::create;
  const client::resource* resource = nullptr;
  draft object;                 // create, update*, patch*: the object or the patch
  std::string name_space, name; // patch, remove, get
  client::protocol::PatchKind patch_kind = client::protocol::PatchKind::merge;
  client::delete_options options; // remove
  std::optional<event_note> on_success, on_failure;
  /// HTTP codes that count as success: 404 for a removal, 409 for a create that somebody else may have done.
  std::vector<int> tolerated;
  /// Called with the answer, before what it means for the plan: for answers that the controller remembers.
  std::function<void(const client::api_result&)> on_result;

  static operation create(const client::resource& what, draft object);
  static operation update(const client::resource& what, draft object);
  static operation update_status(const client::resource& what, draft object);
  static operation patch(const client::resource& what, std::string name_space, std::string name, client::protocol::PatchKind kind, draft patch);
  static operation remove(const client::resource& what, std::string name_space, std::string name,
                          client::delete_options options = {});
  static operation remove_collection(const client::resource& what, std::string name_space, client::delete_options options = {});
  /// The object as it is now; 404 is an answer.
  static operation get(const client::resource& what, std::string name_space, std::string name,
                       std::function<void(const client::api_result&)> on_result);
};

/// The decision for one key. Empty: nothing to do.
struct sync_plan {
  std::vector<operation> operations;
  /// Events without a write.
  std::vector<event_note> events;
  /// Look again after this long even if nothing changes.
  std::optional<std::chrono::milliseconds> again_after;
};

/// What a controller is given to set itself up.
struct setup {
  client::api_client& api;
  std::function<void(const std::string& key)> enqueue;
  std::function<void(const std::string& key, std::chrono::milliseconds)> enqueue_after;
  /// Whether an apiserver is there; without one the caches stand still.
  std::function<bool()> connected = [] { return true; };
};

/// It can be swapped while its actor goes on (runtime/hotswap): the new one's start() is called with caches that are filled
/// beside those of the old one, so that it sees every object as new and no event is missed.
class controller : public runtime::hotswap::swappable {
public:
  /// Declares watches and listeners; called once, before any event.
  virtual void start(setup& tools) = 0;
  /// The decision for `key` on the caches as they are. Called only when all caches are synced and hold what earlier
  /// plans of this key wrote. May throw: the key is tried again later and the text is logged.
  virtual sync_plan sync(const std::string& key) = 0;
};

/// Metadata of a controller's role, as data.
struct controller_descriptor {
  std::string name;         // upstream's: "deployment", "replicaset" ...
  std::string account;      // the service account under which it acts: "deployment-controller"
  std::string summary;
  /// Syncs of different keys at the same time (upstream's --concurrent-*-syncs).
  size_t syncs_max = 5;
  std::unique_ptr<controller> (*make)(const runtime::host::role_context&) = nullptr;
};

} // namespace actors::controllers::framework
