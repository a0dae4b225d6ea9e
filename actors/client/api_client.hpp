// How a role talks to the API: watches, reads and writes through an apiserver, under the role's identity.
// One per consuming actor, used only in its handlers. It follows the apiserver of its own host, else one of the others that
// its id hashes to; when that one is lost, it resumes its watches on another at the last revision it saw.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "actors/client/informer.hpp"
#include "actors/client/timer_queue.hpp"
#include "runtime/directory/directory.hpp"
#include "runtime/host/role.hpp"
#include "runtime/protocols/apiserver.hpp"

namespace actors::client {

using namespace std::chrono_literals;
namespace protocol = runtime::protocols::apiserver;

/// An alarm of this actor's timers has gone off.
struct wake {
  timer_queue::time_point alarm;
};

/// What every consumer's actor accepts on behalf of its api_client; forward each to the client's function of
/// the same meaning: receive(watch_batch), receive(role_up), receive(role_down), receive(tenure_changed), receive(wake).
using consumer_actor = caf::typed_actor<
  caf::reacts_to<protocol::watch_batch>, caf::reacts_to<runtime::directory::role_up>,
  caf::reacts_to<runtime::directory::role_down>, caf::reacts_to<runtime::host::tenure_changed>, caf::reacts_to<wake>>;

struct identity {
  std::string user;
  std::vector<std::string> groups;
};
/// system:serviceaccount:kube-system:<name> with its groups.
identity controller_identity(std::string_view name);
/// system:node:<name> in system:nodes.
identity node_identity(std::string_view node);
/// system:kube-scheduler, system:kube-proxy.
identity component_identity(std::string_view name);

/// The answer to a request; `code` as HTTP's. 503: no apiserver could be reached within the deadline; a write may or
/// may not have happened.
struct api_result {
  int code = 503;
  int64_t revision = 0;
  object_buffer object;  // when ok
  std::string reason;    // as in Status: "NotFound", "AlreadyExists", "Conflict", ...
  std::string message;
  bool ok() const { return code < 400; }
  bool not_found() const { return code == 404; }
  bool already_exists() const { return code == 409 && reason == "AlreadyExists"; }
  bool conflict() const { return code == 409 && reason == "Conflict"; }
};
using api_callback = std::function<void(const api_result&)>;

struct delete_options {
  std::string uid;               // precondition; "": none
  int64_t revision = 0;          // precondition; 0: none
  int64_t grace_seconds = -1;    // -1: the kind's default
  std::string propagation;       // Orphan, Background, Foreground; "": default
};

class api_client {
public:
  /// A request that gets no answer ends with code 503 after this long.
  static constexpr std::chrono::milliseconds request_deadline = 10s;
  static constexpr std::chrono::milliseconds progress_deadline = 2s;
  /// Between two questions while an apiserver or a shard cannot tell: short, since a takeover waits for it.
  static constexpr std::chrono::milliseconds progress_delay_max = 500ms;
  static constexpr std::chrono::milliseconds retry_delay_min = 50ms;
  static constexpr std::chrono::milliseconds retry_delay_max = 5s;

  api_client(caf::scheduled_actor* self, const runtime::host::role_context& context, identity who);
  api_client(const api_client&) = delete;

  /// Subscribes to apiservers in the directory; watches begin when one is up.
  void start();

  /// ---- watches: before start() ----
  template <class T>
  informer<T> watch(watch_options options = {}) {
    return informer<T>{watch(*resource_of<T>, std::move(options))};
  }
  object_cache& watch(const resource& what, watch_options options = {});
  /// The caches of all watches so far.
  std::vector<object_cache*> caches();
  /// All watches have seen the whole state once.
  bool synced() const;
  /// Called once, when that becomes true.
  void on_synced(std::function<void()> callback) { on_synced_ = std::move(callback); }

  /// ---- a second set of caches, for a controller that takes another one's place ----
  /// Until declared(), watch() adds to the second set: a copy of a cache of the first one where that watches the same, else a
  /// watch of its own. Both sets get all events. At most one second set at a time.
  void begin_second_set();
  void declared() { declaring_second_ = false; }
  /// Copies up to `objects_max` objects. True: all of the set's caches are filled and synced.
  bool fill_second_set(size_t objects_max);
  /// Something is left to copy; otherwise only apiservers are waited for.
  bool second_set_copying() const;
  /// What a listener of the second set threw; it gets no more events. The first set is not touched by that.
  const std::string& second_set_failure() const { return second_failure_; }
  /// The first set goes, the second takes its place.
  void adopt_second_set();
  void drop_second_set();

  /// False in standby and after a takeover elsewhere: reads and watches go on, writes are refused here (code 409).
  /// A new owner is active once its caches have seen everything that was written before it became the owner.
  bool active() const {
    return !context_.tenure || (active_epoch_ > 0 && context_.tenure->epoch() == active_epoch_);
  }
  /// Called whenever this instance becomes active while synced, or synced while active.
  void on_active(std::function<void()> callback) { on_active_ = std::move(callback); }

  /// What the next writes answer to, for `troupe why`: "resource.group/namespace/name" ("pods/default/web") and its revision.
  void set_cause(std::string object, int64_t revision) { cause_ = {std::move(object), revision}; }

  /// ---- requests; each calls back exactly once, on this actor ----
  void get(const resource& what, std::string_view name_space, std::string_view name, api_callback done);
  void create(const resource& what, const draft& object, api_callback done);
  /// An object with metadata.resourceVersion is written only if that is still its revision. `subresource`: "" or "status".
  void update(const resource& what, std::string_view subresource, const draft& object, api_callback done);
  void patch(const resource& what, std::string_view subresource, std::string_view name_space, std::string_view name,
             protocol::PatchKind kind, const draft& patch, api_callback done);
  void remove(const resource& what, std::string_view name_space, std::string_view name, const delete_options& options,
              api_callback done);
  /// Deletes all objects of a namespace, or of the cluster, that are there now; done when each was asked to go.
  void remove_collection(const resource& what, std::string_view name_space, const delete_options& options, api_callback done);
  /// POST pods/<name>/binding.
  void bind(std::string_view name_space, std::string_view pod, std::string_view uid, std::string_view node,
            api_callback done);

  /// ---- time ----
  /// Runs `callback` on this actor after `delay`; the id cancels it.
  uint64_t after(std::chrono::milliseconds delay, std::function<void()> callback);
  void cancel(uint64_t timer) { timers_.cancel(timer); }

  /// ---- what the owning actor forwards ----
  void receive(const protocol::watch_batch& batch);
  void receive(const runtime::directory::role_up& event);
  void receive(const runtime::directory::role_down& event);
  void receive(const runtime::host::tenure_changed& event);
  void receive(const wake& event);

  const runtime::host::role_context& context() const { return context_; }
  caf::scheduled_actor* self() const { return self_; }
  bool connected() const { return static_cast<bool>(apiserver_); }

private:
  /// One watch, and the cache that it fills in each set that has it. One without any stays here unused: callbacks refer to it.
  struct watch_state {
    const resource* what = nullptr;
    std::unique_ptr<object_cache> cache, second;
    watch_options options;
    const object_cache* lead() const { return cache ? cache.get() : second.get(); }
    uint64_t id = 0;             // of the running watch; 0: none
    int32_t unacknowledged = 0;  // its batches
    std::chrono::milliseconds retry_delay = retry_delay_min;
    bool restart_from_scratch = true;
  };

  void begin_watch(watch_state& watch);
  void cancel_watch(watch_state& watch);
  object_cache& watch_for_second_set(const resource& what, watch_options options);
  void feed_second_set(watch_state& watch, const protocol::watch_batch& batch);
  void retry_watch(watch_state& watch, uint64_t id, std::string_view why);
  void choose_apiserver();
  void lose_apiserver();
  template <class Request, class Reply>
  void request(Request content, api_callback done, std::function<void(const Reply&)> look);
  void set_alarm();
  void finish(uint64_t id, const api_result& result);
  void begin_catching_up();
  void ask_progress(watch_state& watch, uint64_t round);
  void check_caught_up();
  void write(protocol::WriteRequestT content, std::vector<runtime::transport::attachment> attachments,
             api_callback done);
  void check_synced();

  caf::scheduled_actor* self_;
  runtime::host::role_context context_;
  identity identity_;
  runtime::protocols::apiserver_actor apiserver_;
  std::string apiserver_id_;
  std::map<std::string, runtime::protocols::apiserver_actor> apiservers_;
  std::deque<watch_state> watches_; // stable addresses
  std::function<void()> on_synced_;
  std::function<void()> on_active_;
  std::pair<std::string, int64_t> cause_;
  bool was_synced_ = false;
  static constexpr int64_t unknown_revision = -1;
  std::map<watch_state*, int64_t> catching_up_; // the revision that each watch has to reach
  int64_t catching_up_epoch_ = 0;              // for which they were asked; 0: they were not
  std::chrono::milliseconds progress_delay_ = retry_delay_min;
  std::string progress_problem_;               // as logged last
  uint64_t round_ = 0;
  int64_t active_epoch_ = 0;
  struct pending_request {
    api_callback done;
    uint64_t deadline; // timer
  };
  std::map<uint64_t, pending_request> pending_; // without an answer so far
  bool declaring_second_ = false;
  std::string second_failure_;
  uint64_t next_id_ = 1;
  timer_queue timers_;
};

/// The writes within this scope answer to that object's revision.
class cause_scope {
public:
  cause_scope(api_client& client, std::string object, int64_t revision) : client_(client) {
    client_.set_cause(std::move(object), revision);
  }
  ~cause_scope() { client_.set_cause({}, 0); }
  cause_scope(const cause_scope&) = delete;

private:
  api_client& client_;
};

} // namespace actors::client

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::client::wake)
