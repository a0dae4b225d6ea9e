// The handler table, reads, time.
#include "actors/apiserver/apiserver_actor.hpp"

#include <fmt/format.h>
#include <mutex>

#include "actors/apiserver/auth/authorize.hpp"
#include "actors/apiserver/cache/rendered_texts.hpp"
#include "messages/codec/codec.hpp"
#include "runtime/transport/ask.hpp"

namespace actors::apiserver {

using runtime::transport::ask;
using runtime::transport::tell;

namespace {

constexpr std::string_view store_prefix = "store/";
constexpr std::string_view kubelet_prefix = "kubelet/";

/// Which shard holds which keys, from the registry.
std::map<std::string, std::string> shard_by_prefix() {
  std::map<std::string, std::string> result;
  for (const auto& kind : registry::kinds())
    result.emplace(kind.key_prefix, kind.shard);
  return result;
}

registry::core::service::address_space address_space(const runtime::placement::cluster_settings& cluster) {
  const auto ports = fmt::format("{}-{}", cluster.node_port_first, cluster.node_port_last);
  auto result = registry::core::service::address_space::parse(cluster.service_cidr, ports);
  if (!result)
    throw std::invalid_argument(fmt::format("serviceCIDR {} or nodePortRange {} cannot be used", cluster.service_cidr, ports));
  return *result;
}

/// Reads that wait for one shard. While one question is under way, those who come later gather for the next one, so that many
/// readers cost the actor one message. Any thread.
class read_gate {
public:
  using done = std::function<void(api_error)>;
  static constexpr size_t readers_max = 65'536;

  /// Of a shard in this process: whoever has read as new a state need not ask. May be null.
  std::shared_ptr<const runtime::host::shard_revisions::cell> newest;

  enum class place { first, queued, none };
  /// first: the caller has to send the question.
  place join(done reader) {
    std::lock_guard lock{mutex_};
    if (gathering_.size() >= readers_max)
      return place::none;
    gathering_.push_back(std::move(reader));
    return std::exchange(under_way_, true) ? place::queued : place::first;
  }
  /// Those whom the question that is sent now answers.
  std::vector<done> take() {
    std::lock_guard lock{mutex_};
    return std::exchange(gathering_, {});
  }
  /// True: others have come meanwhile, and the caller sends the next question.
  bool finish() {
    std::lock_guard lock{mutex_};
    under_way_ = !gathering_.empty();
    return under_way_;
  }

private:
  std::mutex mutex_;
  std::vector<done> gathering_;
  bool under_way_ = false;
};

/// The front's way to the actor: weak, so that it keeps nobody alive.
class actor_port final : public front_port, public std::enable_shared_from_this<actor_port> {
public:
  /// `revisions` may be null.
  actor_port(caf::actor_addr target, std::shared_ptr<cache::watch_cache> cache, std::shared_ptr<std::atomic<bool>> ready,
             runtime::host::shard_revisions* revisions)
      : target_(std::move(target)), cache_(std::move(cache)), ready_(std::move(ready)) {
    for (const auto& [name, shard] : cache_->shards())
      gates_.try_emplace(name).first->second.newest = revisions == nullptr ? nullptr : revisions->of(name);
  }

  cache::watch_cache& cache() override { return *cache_; }
  bool ready() const override { return ready_->load(); }

  bool is_fresh(std::string_view key_prefix) const override {
    const auto& shard = cache_->shard_of(key_prefix);
    const auto& newest = gates_.find(shard.name())->second.newest;
    return newest && shard.read()->revision >= newest->load(std::memory_order_acquire);
  }
  void barrier(std::string_view key_prefix, std::function<void(api_error)> done) override {
    const auto& shard = cache_->shard_of(key_prefix);
    auto& gate = gates_.find(shard.name())->second;
    switch (gate.join(done)) {
      case read_gate::place::first:
        ask_shard(std::string{key_prefix}, gate);
        break;
      case read_gate::place::queued:
        break;
      case read_gate::place::none:
        done(status::too_many_requests("too many requests wait for the store, please try again later", 1));
    }
  }
  void write(protocol::write_request request, std::function<void(const protocol::write_reply&)> done) override {
    post([request = std::move(request), done](apiserver& self) { self.write(request, done); },
         [done] {
           protocol::WriteReplyT reply;
           reply.code = gone().code;
           reply.object = 0;
           done(protocol::write_reply{reply, {status_attachment(gone())}});
         });
  }
  void read_log(std::string_view node, runtime::protocols::kubelet::read_log_request request,
                std::function<void(api_error, const runtime::protocols::kubelet::read_log_reply&)> done) override {
    post([node = std::string{node}, request = std::move(request), done](apiserver& self) { self.read_log(node, request, done); },
         [done] { done(gone(), {}); });
  }

private:
  static api_error gone() { return status::unavailable("the apiserver is restarting"); }

  void ask_shard(std::string prefix, read_gate& gate) {
    auto answer = [self = shared_from_this(), prefix, &gate](std::vector<read_gate::done> readers, const api_error& error) {
      for (auto& reader : readers)
        reader(error);
      if (gate.finish())
        self->ask_shard(prefix, gate);
    };
    // Whoever joins before the actor asks the shard is answered by this question too.
    post([prefix, &gate, answer](apiserver& self) {
      self.barrier(prefix, [answer, readers = gate.take()](const api_error& error) mutable { answer(std::move(readers), error); });
    },
         [&gate, answer] { answer(gate.take(), gone()); });
  }

  /// A job that the actor never runs (it ended) calls `lost` when it is dropped.
  template <class Run, class Lost>
  void post(Run run, Lost lost) {
    struct guard {
      Lost lost;
      std::atomic<bool> ran{false};
      explicit guard(Lost l) : lost(std::move(l)) {}
      ~guard() {
        if (!ran)
          lost();
      }
    };
    auto watch = std::make_shared<guard>(std::move(lost));
    auto target = caf::actor_cast<caf::strong_actor_ptr>(target_);
    if (!target)
      return;
    caf::anon_send(caf::actor_cast<apiserver_self>(target), front_job{[run = std::move(run), watch](apiserver& self) {
                     watch->ran = true;
                     run(self);
                   }});
  }

  caf::actor_addr target_;
  std::shared_ptr<cache::watch_cache> cache_;
  std::shared_ptr<std::atomic<bool>> ready_;
  std::map<std::string, read_gate, std::less<>> gates_; // by shard; not changed after construction
};

} // namespace

// ---- what the parts share --------------------------------------------------------------------------------

kind_lookup find_target(const protocol::Target* target) {
  if (target == nullptr)
    return {nullptr, status::bad_request("the request names no resource")};
  const auto* kind = registry::find_kind(text_of(target->group()), text_of(target->version()), text_of(target->resource()));
  if (kind == nullptr)
    return {nullptr, status::no_route()};
  return {kind, {}};
}

api_error authorize(const protocol::Identity* who, std::string_view verb, const registry::kind& kind,
                    const protocol::Target& target) {
  auth::subject subject;
  const std::string user = who == nullptr ? std::string{"system:anonymous"} : text_of(who->user());
  subject.user = user;
  if (who != nullptr && who->groups() != nullptr)
    for (const auto* group : *who->groups())
      subject.groups.emplace_back(group->c_str(), group->size());
  std::string resource{kind.plural};
  if (const auto sub = text_of(target.subresource()); !sub.empty())
    resource += "/" + sub;
  if (auth::is_allowed(subject, verb, kind.group, resource))
    return {};
  return status::forbidden_to(user, verb, resource, kind.group, text_of(target.namespace_name()), text_of(target.name()));
}

attachment status_attachment(const api_error& error) {
  static const auto* type = messages::codec::api_schema().find("v1", "Status");
  return {type, messages::codec::pack(*type, status::to_status(error)).object};
}

int64_t apiserver::now_us() const {
  return context_.clock->monotonic_us();
}

// ---- life ------------------------------------------------------------------------------------------------

apiserver::apiserver(caf::actor_config& config, runtime::host::role_context context, front_factory make_front)
    : super(config), context_(std::move(context)), make_front_(std::move(make_front)),
      cache_(std::make_shared<cache::watch_cache>(shard_by_prefix())), ready_(std::make_shared<std::atomic<bool>>(false)),
      allocator_(address_space(context_.cluster)),
      location_(presence::location_of(context_.settings.text("address"), context_.settings.list("advertise"))) {
  for (const auto& [name, shard] : cache_->shards())
    links_[name].cache = shard.get();
}

apiserver::behavior_type apiserver::make_behavior() {
  set_exit_handler([this](caf::exit_msg& what) {
    if (what.reason == caf::exit_reason::user_shutdown)
      end(what.reason);
    else if (what.reason)
      quit(what.reason);
  });
  set_down_handler([this](caf::scheduled_actor*, caf::down_msg& down) { forget_watchers_of(down.source); });
  const auto self = caf::actor_cast<caf::strong_actor_ptr>(this);
  for (const auto pattern : {store_prefix, kubelet_prefix})
    tell(this, context_.directory, runtime::directory::subscribe{std::string{pattern}, self});
  if (make_front_)
    front_ = make_front_(context_, std::make_shared<actor_port>(caf::actor_cast<caf::actor_addr>(this), cache_, ready_, context_.revisions.get()));
  offer_provenance();
  delayed_send(this, tick_interval, tick{});
  return {
    [this](const protocol::write_request& request) -> caf::result<protocol::write_reply> {
      auto promise = make_response_promise<protocol::write_reply>();
      write(request, [promise](const protocol::write_reply& reply) mutable { promise.deliver(reply); });
      return promise;
    },
    [this](const protocol::get_request& request) -> caf::result<protocol::get_reply> {
      auto promise = make_response_promise<protocol::get_reply>();
      const auto found = find_target(request.valid() ? request->target() : nullptr);
      api_error error = found.error;
      if (!error)
        error = authorize(request->identity(), "get", *found.kind, *request->target());
      auto refuse = [promise](const api_error& why) mutable {
        protocol::GetReplyT content;
        content.code = why.code;
        content.object = 0;
        promise.deliver(protocol::get_reply{content, {status_attachment(why)}});
      };
      if (error) {
        refuse(error);
        return promise;
      }
      barrier(found.kind->key_prefix, [this, request, promise, refuse, kind = found.kind](api_error why) mutable {
        if (why)
          refuse(why);
        else
          promise.deliver(on_get(request, *kind));
      });
      return promise;
    },
    [this](const protocol::watch_request& request) { return begin_watch(request); },
    [this](const protocol::progress_request& request) { return on_progress(request); },
    [this](const protocol::watch_ack& ack) { on_ack(ack); },
    [this](const protocol::watch_cancel& cancel) { on_cancel(cancel); },
    [this](const store::shard_changes& batch) { on_changes(batch); },
    [this](const runtime::directory::role_up& event) {
      if (event.id.starts_with(store_prefix)) {
        if (const auto link = links_.find(event.id.substr(store_prefix.size())); link != links_.end())
          connect_shard(link->second, event.handle);
      } else if (event.id.starts_with(kubelet_prefix)) {
        kubelets_[event.id.substr(kubelet_prefix.size())] =
          caf::actor_cast<runtime::protocols::kubelet_actor>(event.handle);
      }
    },
    [this](const runtime::directory::role_down& event) {
      if (event.id.starts_with(store_prefix)) {
        if (const auto link = links_.find(event.id.substr(store_prefix.size())); link != links_.end())
          disconnect_shard(link->second, event.reason);
      } else if (event.id.starts_with(kubelet_prefix)) {
        kubelets_.erase(event.id.substr(kubelet_prefix.size()));
      }
    },
    [this](const front_job& job) { job.run(*this); },
    [this](const tick&) { on_tick(); },
  };
}

void apiserver::end(const caf::error& reason) {
  ready_->store(false);
  withdraw_presence();
  if (!front_) {
    quit(reason);
    return;
  }
  if (std::exchange(ending_, true))
    return;
  // Of its own thread: it waits for clients, whose requests this actor answers meanwhile.
  system().spawn<caf::detached>([front = front_, reason, self = caf::actor_cast<caf::actor_addr>(this)](caf::event_based_actor*) mutable {
    front->drain();
    front.reset();
    if (auto ended = caf::actor_cast<caf::strong_actor_ptr>(self))
      caf::anon_send(caf::actor_cast<apiserver_self>(ended), front_job{[reason](apiserver& drained) { drained.quit(reason); }});
  });
}

void apiserver::on_exit() {
  ready_->store(false);
  front_.reset();
  interest_.clear();
  watchers_.clear();
  takeovers_.clear();
  links_.clear();
  kubelets_.clear(); // they hold our handle too
  super::on_exit();
}

void apiserver::on_tick() {
  const int64_t now = now_us();
  for (auto& [name, link] : links_) {
    expire_waiters(link, now);
    expire_commits(link, now);
    link.cache->age(now);
    expire_barrier(link, now);
    raise_fences(link);
  }
  cache::rendered().age(now);
  settle_takeovers();
  show_readiness();
  show_presence();
  forget_indexes(now);
  for (auto at = watchers_.begin(); at != watchers_.end();) {
    auto next = std::next(at); // pump may forget the watcher
    if (now >= at->second.bookmark_due_us)
      pump(at->first, at->second);
    at = next;
  }
  delayed_send(this, tick_interval, tick{});
}

// ---- reads -----------------------------------------------------------------------------------------------

protocol::get_reply apiserver::on_get(const protocol::get_request& request, const registry::kind& kind) {
  const auto* target = request->target();
  const std::string name = text_of(target->name());
  const auto state = cache_->shard_of(kind.key_prefix).read();
  const auto* found = state->objects.find(verbs::store_key(kind, text_of(target->namespace_name()), name));
  protocol::GetReplyT content;
  content.object = 0;
  if (found == nullptr) {
    const auto error = status::not_found(kind, name);
    content.code = error.code;
    return protocol::get_reply{content, {status_attachment(error)}};
  }
  content.code = 200;
  content.revision = (*found)->revision();
  return protocol::get_reply{content, {attachment{&(*found)->what(), (*found)->bytes()}}};
}

void apiserver::read_log(const std::string& node, const runtime::protocols::kubelet::read_log_request& request,
                         std::function<void(api_error, const runtime::protocols::kubelet::read_log_reply&)> done) {
  const auto found = kubelets_.find(node);
  if (found == kubelets_.end()) {
    done(status::unavailable(fmt::format("the kubelet of node \"{}\" is not running", node)), {});
    return;
  }
  ask(
    this, found->second, request_deadline, request,
    [done](const runtime::protocols::kubelet::read_log_reply& reply) {
      done(reply.valid() ? api_error{} : status::internal("the kubelet's answer failed its verification"), reply);
    },
    [this, done, node](caf::error& error) {
      done(status::timeout(fmt::format("the kubelet of node \"{}\" did not answer: {}", node, system().render(error))), {});
    });
}

} // namespace actors::apiserver
