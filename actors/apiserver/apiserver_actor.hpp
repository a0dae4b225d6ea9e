// The apiserver's actor: owns the watch cache, runs the write chain, feeds the watchers of other roles. Reads of HTTP
// clients do not pass through it; they read the cache's snapshots on their own threads (front_port.hpp).
//
// Split by subject: apiserver_actor.cpp (handler table, reads), _shards (following the store), _writes (the chain), _doubts (writes whose
// outcome is unknown), _watches (typed watchers), _fences (epochs of singleton roles),
// _presence (its own address), _provenance (who wrote what).
#pragma once

#include <map>
#include <memory>

#include "actors/apiserver/allocation/reservations.hpp"
#include "actors/apiserver/allocation/service_allocator.hpp"
#include "actors/apiserver/fencing/fence_table.hpp"
#include "actors/apiserver/front_port.hpp"
#include "actors/apiserver/presence/presence.hpp"
#include "actors/apiserver/selectors/interest_index.hpp"
#include "actors/apiserver/selectors/selector.hpp"
#include "actors/apiserver/selectors/state_index.hpp"
#include "actors/apiserver/verbs/plan.hpp"
#include "messages/codec/text.hpp"
#include "runtime/directory/directory.hpp"
#include "runtime/host/role.hpp"
#include "runtime/protocols/apiserver.hpp"
#include "runtime/protocols/kubelet.hpp"
#include "runtime/protocols/store.hpp"
#include "runtime/telemetry/metered.hpp"
#include "runtime/telemetry/provenance.hpp"

namespace actors::apiserver {

namespace protocol = runtime::protocols::apiserver;
namespace store = runtime::protocols::store;
using runtime::transport::attachment;
using status::api_error;

class apiserver;

/// Work that the HTTP front hands to the actor. Local.
struct front_job {
  std::function<void(apiserver&)> run;
};
/// Expires what waits too long.
struct tick {};

/// What makes the HTTP front for a port; null in simulations. The result stops it when destroyed.
using front_factory = std::function<std::shared_ptr<front>(const runtime::host::role_context&, std::shared_ptr<front_port>)>;

} // namespace actors::apiserver

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::apiserver::front_job)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::apiserver::tick)

namespace actors::apiserver {

using apiserver_self =
  runtime::protocols::apiserver_actor::extend<caf::reacts_to<store::shard_changes>,
                                              caf::reacts_to<runtime::directory::role_up>,
                                              caf::reacts_to<runtime::directory::role_down>,
                                              caf::reacts_to<front_job>, caf::reacts_to<tick>>;

class apiserver : public runtime::telemetry::metered<apiserver_self::base> {
public:
  using super = runtime::telemetry::metered<apiserver_self::base>;

  static constexpr std::chrono::milliseconds request_deadline{10'000};
  /// Short, since a takeover waits for it.
  static constexpr std::chrono::milliseconds fence_deadline{2'000};
  static constexpr std::chrono::milliseconds tick_interval{250};
  /// A shard that is away for longer makes the apiserver unready, so that load balancers take another one. A shard's
  /// restart does not.
  static constexpr std::chrono::milliseconds unready_after{3'000};
  /// When all are, the directory does not list it any more.
  static constexpr std::chrono::milliseconds unlisted_after{1'000};
  static constexpr size_t writes_pending_max = 8'192;
  static constexpr size_t waiters_max = 65'536;
  static constexpr int write_attempts_max = 64;
  static constexpr int32_t load_page_objects = 500;
  static constexpr size_t watchers_max = 65'536;
  static constexpr size_t batch_events_max = 256;
  static constexpr size_t batches_in_flight_max = 8;
  /// Each so-manieth is to be acknowledged, with those before it: an acknowledgement costs about what a small batch does.
  static constexpr size_t batches_per_ack = batches_in_flight_max / 2;
  static constexpr std::chrono::milliseconds bookmark_interval{10'000};
  /// An index that no new watcher has asked for so long is given up.
  static constexpr std::chrono::milliseconds index_idle_max{5'000};

  apiserver(caf::actor_config& config, runtime::host::role_context context, front_factory make_front);

  behavior_type make_behavior() override;
  void on_exit() override;
  /// In order: requests that are under way are answered first.
  void end(const caf::error& reason);
  const char* name() const override { return "apiserver"; }

  using done_callback = std::function<void(api_error)>;
  using reply_callback = std::function<void(const protocol::write_reply&)>;

  // ---- for the front, on this actor ----
  void barrier(std::string_view key_prefix, done_callback done);
  void write(const protocol::write_request& request, reply_callback done);
  void read_log(const std::string& node, const runtime::protocols::kubelet::read_log_request& request,
                std::function<void(api_error, const runtime::protocols::kubelet::read_log_reply&)> done);

private:
  struct write_job;

  // ---- following the store (apiserver_actor_shards.cpp) ----
  struct waiter {
    int64_t deadline_us;
    done_callback done;
  };
  struct commit_in_flight {
    std::shared_ptr<write_job> job;
    caf::message_id request;
  };
  struct shard_link {
    cache::shard_cache* cache = nullptr;
    runtime::protocols::store_actor handle;
    uint64_t generation = 0;  // of `handle`: answers of an earlier one are ignored
    bool caught_up = false;   // the shard has accepted the watch
    bool following = false;   // and it has confirmed the fences
    int64_t lost_us = 0;      // when it was last followed, unless it is
    size_t fences_in_flight = 0;
    bool fence_failed = false;
    std::map<uint64_t, commit_in_flight> commits;
    int64_t applied_to = 0;
    size_t unacknowledged = 0; // messages with changes
    int64_t pumped_to = 0;     // up to here, every change was shown to the watchers whom it concerns
    bool loaded_anew = true;   // since then; the watchers must look where they are
    std::multimap<int64_t, waiter> waiters; // by the revision that they wait for
    std::vector<waiter> barriers;           // not yet sent
    bool barrier_in_flight = false;
    int64_t barrier_due_us = 0;
    std::shared_ptr<std::vector<waiter>> asking; // whom the barrier in flight answers
  };
  static cache::object_ptr kept(shard_link& link, std::string_view key, cache::object_ptr object);
  uint64_t begin_generation(shard_link& link);
  void connect_shard(shard_link& link, const caf::strong_actor_ptr& handle);
  void disconnect_shard(shard_link& link, const std::string& why);
  void load_page(shard_link& link, uint64_t generation, std::shared_ptr<cache::snapshot> building, std::string after);
  void load_finished(shard_link& link, uint64_t generation, std::shared_ptr<cache::snapshot> building);
  void follow(shard_link& link, uint64_t generation, int64_t after);
  void reconnect_later(shard_link& link, uint64_t generation, std::string_view why);
  void on_changes(const store::shard_changes& batch);
  void send_barrier(shard_link& link);
  void wait_again(shard_link& link, std::vector<waiter>& asking);
  void ask_again(shard_link& link, std::vector<waiter>& asking);
  void expire_barrier(shard_link& link, int64_t now_us);
  void release_waiters(shard_link& link);
  void expire_waiters(shard_link& link, int64_t now_us);
  void announce_when_ready();
  void show_readiness();
  void show_listing();
  void observe_service(std::string_view key, const cache::object_ptr& service);
  void create_system_objects();
  void create_system_object(std::string_view plural, std::string_view name_space, messages::codec::draft object,
                            std::function<void()> then);
  shard_link& link_of(std::string_view key_prefix);

  // ---- its own address (apiserver_actor_presence.cpp) ----
  void observe_lease(std::string_view key, const cache::object_ptr& object);
  void show_presence();
  void withdraw_presence();
  void reconcile_endpoints(const std::set<presence::location>& live);
  void reconcile_own(const registry::kind& kind, const std::map<std::string, messages::codec::draft>& wanted);
  void write_own(const registry::kind& kind, protocol::Verb verb, messages::codec::draft object);

  // ---- fencing (apiserver_actor_fences.cpp) ----
  void note_claims(const cache::snapshot& state);
  void note_claim(std::string_view key, const cache::object_ptr& object);
  void raise_fences(shard_link& link);
  void on_fence_answer(shard_link& link, uint64_t generation, const std::string& failure);
  void begin_commits(shard_link& link);
  std::vector<std::string> unfenced_shards(const fencing::claim& claim) const;

  // ---- the write chain (apiserver_actor_writes.cpp, _commits.cpp, _doubts.cpp, _collections.cpp) ----
  struct doubt {
    verbs::write_plan plan;
    int64_t at = 0; // the revision of the view that it was made on
  };
  struct write_job {
    verbs::change_request request;
    std::string version; // of the request's API form
    fencing::claim writer; // epoch 0: not fenced
    reply_callback done;
    int64_t deadline_us = 0;
    int64_t answer_due_us = 0; // of the commit under way
    int attempts = 0;
    bool fresh = false;       // the cache was as new as the store when this attempt began
    std::string uid, suffix;  // of a create, the same in all attempts while one of them is in doubt
    std::vector<doubt> doubts; // earlier attempts whose fate is unknown
    verbs::write_plan plan;
    int64_t planned_at = 0;    // the revision of the view that `plan` was made on
    runtime::telemetry::written_entry origin; // who asks, and on account of what
  };
  using job_ptr = std::shared_ptr<write_job>;
  struct landed_write {
    int64_t revision = 0;
    cache::object_ptr present; // the object as it is now, when the revision of the write is not known any more
  };
  api_error decode(const protocol::write_request& message, write_job& job) const;
  void run(const job_ptr& job);
  bool knows_roles();
  void await_roles(const job_ptr& job);
  void run_fresh(const job_ptr& job);
  void commit(const job_ptr& job);
  void await_successor(const job_ptr& job);
  void add_reservations(const write_job& job, store::CommitRequestT& content, std::vector<attachment>& attachments);
  void expire_commits(shard_link& link, int64_t now_us);
  void on_committed(const job_ptr& job, const store::commit_reply& reply);
  void on_doubt(const job_ptr& job, const std::string& why);
  void doubt_commits_of(shard_link& link, const std::string& why);
  enum class fate : uint8_t { landed, not_there, unknown };
  fate find_fate(const write_job& job, const doubt& attempt, const cache::snapshot& state, landed_write& found) const;
  bool settle_doubts(const job_ptr& job, const cache::snapshot& state);
  void answer(const job_ptr& job, int64_t revision);
  void deliver(const job_ptr& job, int64_t revision);
  void fail(const job_ptr& job, const api_error& error, bool fenced = false);
  bool await_fences(const job_ptr& job, int64_t revision);
  void settle_takeovers();
  static api_error outcome_unknown();
  static api_error outdated_claim(const write_job& job, const fencing::claim& claim, int64_t newer);
  api_error check_claim(const write_job& job) const;
  static api_error fenced_error(const write_job& job, int64_t epoch);
  void delete_collection(const protocol::write_request& message, write_job job);
  verbs::environment make_environment(write_job& job);

  /// A Role's new epoch that is stored, and is answered when all connected shards have confirmed it.
  struct takeover {
    fencing::claim claim;
    job_ptr job;
    int64_t revision = 0;
    int64_t deadline_us = 0;
  };

  // ---- who wrote what (apiserver_actor_provenance.cpp) ----
  void offer_provenance();
  void note_written(const write_job& job, int64_t revision);

  // ---- typed watchers (apiserver_actor_watches.cpp) ----
  struct watcher {
    runtime::protocols::watcher_actor target;
    uint64_t id = 0;
    const registry::kind* kind = nullptr;
    std::string prefix;  // of keys, with the namespace if any
    selectors::object_selector selector;
    int64_t cursor = 0;
    bool in_step = false; // has read all there was; what it was not woken for since does not concern it
    int64_t sent_revision = 0;
    size_t unacknowledged = 0;
    size_t not_asked = 0; // the last of them, for which no acknowledgement was asked
    cache::snapshot_ptr initial; // while the present state is being sent
    std::string initial_after;
    std::optional<std::vector<std::string>> candidates; // the only keys of `initial` that can be selected; nothing: any
    size_t candidate_at = 0;
    int64_t bookmark_due_us = 0;
  };
  struct watcher_key {
    caf::actor_addr consumer; // never empty
    uint64_t id;
    /// The numbers first: comparing addresses is a call that looks at the hosts, and there are thousands of watches.
    bool operator<(const watcher_key& other) const {
      if (consumer.id() != other.consumer.id())
        return consumer.id() < other.consumer.id();
      return id != other.id ? id < other.id : consumer < other.consumer;
    }
  };
  protocol::watch_reply begin_watch(const protocol::watch_request& request);
  caf::result<protocol::progress_reply> on_progress(const protocol::progress_request& request);
  void on_ack(const protocol::watch_ack& ack);
  void on_cancel(const protocol::watch_cancel& cancel);
  void pump(const watcher_key& key, watcher& item);
  bool send_initial(watcher& item);
  void find_candidates(watcher& item);
  void forget_indexes(int64_t now_us);
  void send_batch(watcher& item, protocol::WatchBatchT content, std::vector<attachment> attachments);
  void pump_affected(shard_link& link, const std::set<watcher_key>& affected);
  void collect_affected(const cache::change& item, std::set<watcher_key>& affected);
  void skip_unconcerned(watcher& item);
  void restart_watchers(shard_link& link);
  using watcher_map = std::map<watcher_key, watcher>;
  void add_watcher(const watcher_key& key, watcher added);
  watcher_map::iterator drop_watcher(watcher_map::iterator item);
  void forget_watchers_of(const caf::actor_addr& consumer);

  protocol::get_reply on_get(const protocol::get_request& request, const registry::kind& kind);
  void on_tick();
  int64_t now_us() const;

  runtime::host::role_context context_;
  front_factory make_front_;
  std::shared_ptr<cache::watch_cache> cache_;
  std::map<std::string, shard_link, std::less<>> links_;
  watcher_map watchers_;
  std::map<std::string_view, selectors::interest_index<watcher_key>> interest_; // by the kind's key prefix
  struct used_index {
    selectors::state_index index;
    int64_t used_us;
  };
  std::map<std::pair<std::string_view, std::string>, used_index> indexes_; // by the kind's key prefix and the field's label
  std::map<std::string, runtime::protocols::kubelet_actor> kubelets_;
  std::shared_ptr<std::atomic<bool>> ready_;
  std::shared_ptr<runtime::telemetry::provenance_log> provenance_ = std::make_shared<runtime::telemetry::provenance_log>();
  std::shared_ptr<front> front_;
  bool ending_ = false;
  allocation::service_allocator allocator_;
  fencing::fence_table fences_;
  std::optional<presence::location> location_; // nothing: no other host can reach it
  presence::live_leases leases_;
  int64_t presence_due_us_ = 0;
  std::vector<takeover> takeovers_;
  size_t writes_pending_ = 0;
  uint64_t next_commit_ = 1;
  bool announced_ = false;
  bool listed_ = true; // in the directory, once it was announced
};

/// The kind that a target names, or what is wrong with it.
struct kind_lookup {
  const registry::kind* kind = nullptr;
  api_error error;
};
kind_lookup find_target(const protocol::Target* target);
/// Who asks, and on account of what.
runtime::telemetry::written_entry origin_of(const protocol::WriteRequest& message);
/// 403 unless the identity may do it.
api_error authorize(const protocol::Identity* who, std::string_view verb, const registry::kind& kind,
                    const protocol::Target& target);
attachment status_attachment(const api_error& error);
using messages::codec::text_of;

} // namespace actors::apiserver
