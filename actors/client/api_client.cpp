// Watches, requests and timers of a consuming actor.
#include "actors/client/api_client.hpp"

#include "actors/client/watch_sets.hpp"
#include "messages/api/meta/v1/status_generated.h"
#include "messages/codec/json.hpp"
#include "messages/codec/codec.hpp"
#include "messages/codec/text.hpp"
#include "runtime/transport/ask.hpp"

namespace actors::client {

using messages::codec::text_of;

using runtime::transport::attachment;
using runtime::transport::ask;
using runtime::transport::ask_untimed;
using runtime::transport::give_up;
using runtime::transport::tell;

namespace {

constexpr std::string_view apiserver_prefix = "apiserver/";

template <class Request>
void set_identity(Request& request, const identity& who) {
  request.identity = std::make_unique<protocol::IdentityT>();
  request.identity->user = who.user;
  request.identity->groups = who.groups;
  request.identity->by_role = true;
}

std::unique_ptr<protocol::TargetT> target_of(const resource& what, std::string_view name_space, std::string_view name,
                                             std::string_view subresource = {}) {
  auto target = std::make_unique<protocol::TargetT>();
  target->group = what.group;
  target->version = what.version;
  target->resource = what.plural;
  target->subresource = subresource;
  target->namespace_name = name_space;
  target->name = name;
  return target;
}

void read_status(const attachment& item, api_result& result) {
  if (!item)
    return;
  const auto* status = item.object.root<messages::api::meta::v1::Status>();
  result.reason = text_of(status->reason());
  result.message = text_of(status->message());
}

/// The result of a get or write reply; an invalid message is an answer that could not be read.
template <class Reply>
api_result result_of(const Reply& reply) {
  api_result result;
  if (!reply.valid()) {
    result.message = "the apiserver's answer failed its verification";
    return result;
  }
  result.code = reply->code();
  result.revision = reply->revision();
  const attachment& item = reply.at(reply->object());
  if (result.code >= 400)
    read_status(item, result);
  else if (item)
    result.object = item.object;
  return result;
}

api_result unreachable(const std::string& why) {
  api_result result;
  result.reason = "ServiceUnavailable";
  result.message = why;
  return result;
}

api_result not_the_owner(const std::string& role) {
  api_result result;
  result.code = 409;
  result.reason = "Conflict";
  result.message = role + " is not active here: another instance owns the role, or this one has not caught up yet";
  return result;
}

api_result refused_here(const messages::codec::codec_error& error) {
  api_result result;
  result.code = 400;
  result.reason = "BadRequest";
  result.message = error.path + ": " + error.message;
  return result;
}

} // namespace

identity controller_identity(std::string_view name) {
  return {"system:serviceaccount:kube-system:" + std::string{name},
          {"system:serviceaccounts", "system:serviceaccounts:kube-system", "system:authenticated"}};
}

identity node_identity(std::string_view node) {
  return {"system:node:" + std::string{node}, {"system:nodes", "system:authenticated"}};
}

identity component_identity(std::string_view name) {
  return {std::string{name}, {"system:authenticated"}};
}

api_client::api_client(caf::scheduled_actor* self, const runtime::host::role_context& context, identity who)
    : self_(self), context_(context), identity_(std::move(who)) {}

void api_client::start() {
  tell(self_, context_.directory,
       runtime::directory::subscribe{std::string{apiserver_prefix}, caf::actor_cast<caf::strong_actor_ptr>(self_)});
}

object_cache& api_client::watch(const resource& what, watch_options options) {
  if (declaring_second_)
    return watch_for_second_set(what, std::move(options));
  auto& added = watches_.emplace_back();
  added.what = &what;
  added.cache = std::make_unique<object_cache>(what);
  added.options = std::move(options);
  if (apiserver_)
    begin_watch(added);
  return *added.cache;
}

std::vector<object_cache*> api_client::caches() {
  std::vector<object_cache*> result;
  for (auto& item : watches_)
    if (item.cache)
      result.push_back(item.cache.get());
  return result;
}

bool api_client::synced() const {
  return std::all_of(watches_.begin(), watches_.end(), [](const auto& item) { return !item.cache || item.cache->synced(); });
}

// ---- following the apiserver ---------------------------------------------------------------------------

void api_client::receive(const runtime::directory::role_up& event) {
  if (!event.id.starts_with(apiserver_prefix))
    return;
  apiservers_[event.id] = caf::actor_cast<runtime::protocols::apiserver_actor>(event.handle);
  if (event.id == apiserver_id_)
    lose_apiserver(); // restarted: the old handle is dead, whether we were told or not
  choose_apiserver();
}

void api_client::receive(const runtime::directory::role_down& event) {
  if (!event.id.starts_with(apiserver_prefix))
    return;
  apiservers_.erase(event.id);
  if (event.id == apiserver_id_)
    lose_apiserver();
  choose_apiserver();
}

/// What it was asked is not answered any more: whether a write happened, is unknown.
void api_client::lose_apiserver() {
  if (!apiserver_)
    return;
  apiserver_ = nullptr;
  for (auto& item : watches_)
    item.id = 0;
  for (auto& [id, request] : std::exchange(pending_, {})) // the deadline stays: CAF keeps what awaits the answer until then
    after(0ms, [done = std::move(request.done)] { done(unreachable("the apiserver was lost before it answered")); });
}

namespace {
/// Rendezvous hashing (FNV-1a): clients spread over the apiservers, and move only when theirs is lost.
uint64_t affinity(std::string_view client, std::string_view apiserver) {
  uint64_t hash = 14695981039346656037ull;
  for (const auto text : {client, std::string_view{"\0", 1}, apiserver})
    for (const unsigned char c : text)
      hash = (hash ^ c) * 1099511628211ull;
  return hash ^ hash >> 32;
}
} // namespace

void api_client::choose_apiserver() {
  if (apiserver_ || apiservers_.empty())
    return;
  auto chosen = apiservers_.find(std::string{apiserver_prefix} + context_.host);
  if (chosen == apiservers_.end()) {
    const auto client = context_.host + "/" + context_.id;
    chosen = std::max_element(apiservers_.begin(), apiservers_.end(), [&](const auto& one, const auto& other) {
      return affinity(client, one.first) < affinity(client, other.first);
    });
  }
  apiserver_id_ = chosen->first;
  apiserver_ = chosen->second;
  for (auto& item : watches_)
    begin_watch(item);
}

// ---- watches --------------------------------------------------------------------------------------------

void api_client::begin_watch(watch_state& watch) {
  if (!apiserver_ || watch.lead() == nullptr)
    return;
  const uint64_t id = watch.id = next_id_++;
  watch.unacknowledged = 0;
  protocol::WatchRequestT content;
  set_identity(content, identity_);
  content.target = target_of(*watch.what, watch.options.name_space, "");
  content.label_selector = watch.options.label_selector;
  content.field_selector = watch.options.field_selector;
  content.watch_id = id;
  content.after = watch.restart_from_scratch ? -1 : watch.lead()->revision();
  if (watch.restart_from_scratch)
    for (auto* cache : {watch.cache.get(), watch.second.get()})
      if (cache != nullptr)
        cache->begin_replace();
  ask(
    self_, apiserver_, request_deadline, protocol::watch_request{content},
    [this, &watch, id](const protocol::watch_reply& reply) {
      if (watch.id != id || (reply.valid() && reply->code() < 400))
        return;
      if (reply.valid() && reply->code() == 410)
        watch.restart_from_scratch = true;
      api_result result;
      if (reply.valid())
        read_status(reply.at(reply->status()), result);
      retry_watch(watch, id, result.message);
    },
    [this, &watch, id](caf::error& error) {
      if (watch.id == id) { // the apiserver may begin it yet, and would then keep the state for one who never reads it
        protocol::WatchCancelT cancel;
        cancel.watch_id = id;
        tell(self_, apiserver_, protocol::watch_cancel{cancel});
      }
      retry_watch(watch, id, self_->system().render(error));
    });
}

void api_client::retry_watch(watch_state& watch, uint64_t id, std::string_view why) {
  if (watch.id != id)
    return;
  watch.id = 0;
  context_.log.warning("watch ended, trying again", {{"resource", watch.what->plural},
                                                     {"delay_ms", watch.retry_delay.count()},
                                                     {"why", why}});
  after(watch.retry_delay, [this, &watch] {
    if (watch.id == 0)
      begin_watch(watch);
  });
  watch.retry_delay = std::min(watch.retry_delay * 2, retry_delay_max);
}

void api_client::receive(const protocol::watch_batch& batch) {
  if (!batch.valid())
    return; // the gap shows as a revision that never arrives; the apiserver's window then ends the watch
  const auto found = std::find_if(watches_.begin(), watches_.end(),
                                  [&](const auto& item) { return item.id == batch->watch_id(); });
  if (found == watches_.end() || batch->watch_id() == 0)
    return; // of a watch that we gave up
  watch_state& watch = *found;
  if (watch.cache)
    feed(*watch.cache, batch);
  if (watch.second)
    feed_second_set(watch, batch);
  if (batch->synced()) {
    watch.restart_from_scratch = false;
    watch.retry_delay = retry_delay_min;
  }
  if (!watch.restart_from_scratch)
    for (auto* cache : {watch.cache.get(), watch.second.get()})
      if (cache != nullptr)
        cache->advance(batch->revision());
  if (batch->code() != 0) {
    watch.restart_from_scratch |= batch->code() == 410;
    retry_watch(watch, watch.id, "the apiserver ended the watch with code " + std::to_string(batch->code()));
    return;
  }
  ++watch.unacknowledged;
  if (batch->acknowledge()) {
    protocol::WatchAckT ack;
    ack.watch_id = batch->watch_id();
    ack.revision = batch->revision();
    ack.batches = std::exchange(watch.unacknowledged, 0);
    tell(self_, apiserver_, protocol::watch_ack{ack});
  }
  check_synced();
  check_caught_up();
}

void api_client::check_synced() {
  if (was_synced_ || !synced())
    return;
  was_synced_ = true;
  if (context_.tenure)
    context_.tenure->mark_synced();
  if (on_synced_)
    on_synced_();
  if (!context_.tenure && on_active_)
    on_active_();
  begin_catching_up();
}

void api_client::receive(const runtime::host::tenure_changed& event) {
  if (context_.actors)
    context_.actors->note_epoch(context_.id, event.epoch);
  context_.log.info(event.epoch > 0 ? "owns the role" : "does not own the role", {{"epoch", event.epoch}});
  begin_catching_up();
}

// ---- from standby to active -----------------------------------------------------------------------------

/// The caches may be older than the last writes of the former owner. Before anything is decided on them, each watch has to
/// reach the revision that its shard has now.
void api_client::begin_catching_up() {
  catching_up_.clear();
  catching_up_epoch_ = 0;
  progress_delay_ = retry_delay_min;
  progress_problem_.clear();
  const uint64_t round = ++round_;
  const int64_t epoch = context_.tenure ? context_.tenure->epoch() : 0;
  if (epoch == 0 || !was_synced_)
    return;
  catching_up_epoch_ = epoch;
  for (auto& item : watches_)
    catching_up_[&item] = unknown_revision;
  for (auto& item : watches_)
    ask_progress(item, round);
  check_caught_up();
}

void api_client::ask_progress(watch_state& watch, uint64_t round) {
  if (round != round_)
    return;
  const auto again = [this, &watch, round](const std::string& why) {
    if (round != round_)
      return;
    if (!why.empty() && std::exchange(progress_problem_, why) != why)
      context_.log.info("the caches' age is not known yet", {{"resource", watch.cache->what().plural}, {"why", why}});
    after(progress_delay_, [this, &watch, round] { ask_progress(watch, round); });
    progress_delay_ = std::min(progress_delay_ * 2, progress_delay_max);
  };
  if (!apiserver_ || watch.id == 0) {
    again("");
    return;
  }
  protocol::ProgressRequestT content;
  content.watch_id = watch.id;
  ask(
    self_, apiserver_, progress_deadline, protocol::progress_request{content},
    [this, &watch, round, again](const protocol::progress_reply& reply) {
      if (round != round_)
        return;
      if (!reply.valid() || reply->code() >= 400) {
        again(reply.valid() ? "code " + std::to_string(reply->code()) : "the answer cannot be read");
        return;
      }
      catching_up_[&watch] = reply->revision();
      check_caught_up();
    },
    [this, again](caf::error& error) { again(self_->system().render(error)); });
}

void api_client::check_caught_up() {
  const auto there = [](const auto& item) {
    return item.second != unknown_revision && item.first->cache->revision() >= item.second;
  };
  // Only what was asked for this very epoch counts: it may be granted before this actor is told.
  if (catching_up_epoch_ == 0 || catching_up_epoch_ != context_.tenure->epoch() || active() ||
      !std::all_of(catching_up_.begin(), catching_up_.end(), there))
    return;
  catching_up_.clear();
  active_epoch_ = std::exchange(catching_up_epoch_, 0);
  if (on_active_)
    on_active_();
}

// ---- requests -------------------------------------------------------------------------------------------

void api_client::write(protocol::WriteRequestT content, std::vector<attachment> attachments, api_callback done) {
  set_identity(content, identity_);
  content.identity->agent = context_.id;
  content.identity->origin = context_.host;
  int64_t epoch = 0;
  if (context_.tenure) {
    epoch = context_.tenure->epoch();
    if (!active()) {
      done(not_the_owner(context_.id));
      return;
    }
    content.writer = std::make_unique<protocol::WriterT>();
    content.writer->role = context_.id;
    content.writer->epoch = epoch;
  }
  if (!cause_.first.empty()) {
    content.cause = std::make_unique<protocol::CauseT>();
    content.cause->object = cause_.first;
    content.cause->revision = cause_.second;
  }
  request<protocol::write_request, protocol::write_reply>(
    protocol::write_request{content, std::move(attachments)}, std::move(done),
    [epoch, tenure = context_.tenure](const protocol::write_reply& reply) {
      if (tenure && reply.valid() && reply->fenced())
        tenure->lose(epoch);
    });
}

void api_client::get(const resource& what, std::string_view name_space, std::string_view name, api_callback done) {
  protocol::GetRequestT content;
  set_identity(content, identity_);
  content.target = target_of(what, name_space, name);
  request<protocol::get_request, protocol::get_reply>(protocol::get_request{content}, std::move(done), nullptr);
}

/// `look` sees the answer first.
template <class Request, class Reply>
void api_client::request(Request content, api_callback done, std::function<void(const Reply&)> look) {
  const uint64_t id = next_id_++;
  const auto sent = ask_untimed(
    self_, apiserver_, std::move(content),
    [this, id, look = std::move(look)](const Reply& reply) {
      if (look)
        look(reply);
      finish(id, result_of(reply));
    },
    [this, id](caf::error& error) { finish(id, unreachable(self_->system().render(error))); });
  pending_.emplace(id, pending_request{std::move(done), after(request_deadline, [this, sent] { give_up(self_, sent); })});
}

/// Nothing when the request was given up.
void api_client::finish(uint64_t id, const api_result& result) {
  const auto found = pending_.find(id);
  if (found == pending_.end())
    return;
  timers_.cancel(found->second.deadline);
  const auto done = std::move(found->second.done);
  pending_.erase(found);
  done(result);
}

namespace {
/// Sends `object` as the request's only attachment, or calls back with what is wrong with it.
template <class Send>
void with_packed(const messages::codec::type& type, const draft& object, const api_callback& done, Send send) {
  auto packed = messages::codec::pack(type, object);
  if (packed.error)
    done(refused_here(*packed.error));
  else
    send(std::vector<attachment>{attachment{&type, std::move(packed.object)}});
}
} // namespace

void api_client::create(const resource& what, const draft& object, api_callback done) {
  with_packed(what.type(), object, done, [&](std::vector<attachment> attachments) {
    protocol::WriteRequestT content;
    content.verb = protocol::Verb::create;
    content.target = target_of(what, object.get("metadata").get("namespace").str(), object.get("metadata").get("name").str());
    content.object = 0;
    write(std::move(content), std::move(attachments), std::move(done));
  });
}

void api_client::update(const resource& what, std::string_view subresource, const draft& object, api_callback done) {
  with_packed(what.type(), object, done, [&](std::vector<attachment> attachments) {
    protocol::WriteRequestT content;
    content.verb = protocol::Verb::update;
    content.target = target_of(what, object.get("metadata").get("namespace").str(),
                               object.get("metadata").get("name").str(), subresource);
    content.object = 0;
    write(std::move(content), std::move(attachments), std::move(done));
  });
}

void api_client::patch(const resource& what, std::string_view subresource, std::string_view name_space,
                       std::string_view name, protocol::PatchKind kind, const draft& patch, api_callback done) {
  protocol::WriteRequestT content;
  content.verb = protocol::Verb::patch;
  content.target = target_of(what, name_space, name, subresource);
  content.patch_kind = kind;
  messages::codec::encode_json(patch, content.patch);
  write(std::move(content), {}, std::move(done));
}

namespace {
protocol::WriteRequestT removal(protocol::Verb verb, std::unique_ptr<protocol::TargetT> target, const delete_options& options) {
  protocol::WriteRequestT content;
  content.verb = verb;
  content.target = std::move(target);
  content.options = std::make_unique<protocol::WriteOptionsT>();
  content.options->precondition_uid = options.uid;
  content.options->precondition_revision = options.revision;
  content.options->propagation_policy = options.propagation;
  if (options.grace_seconds >= 0)
    content.options->grace_period_seconds = options.grace_seconds;
  return content;
}
} // namespace

void api_client::remove(const resource& what, std::string_view name_space, std::string_view name,
                        const delete_options& options, api_callback done) {
  write(removal(protocol::Verb::delete_one, target_of(what, name_space, name), options), {}, std::move(done));
}

void api_client::remove_collection(const resource& what, std::string_view name_space, const delete_options& options,
                                   api_callback done) {
  write(removal(protocol::Verb::delete_collection, target_of(what, name_space, ""), options), {}, std::move(done));
}

void api_client::bind(std::string_view name_space, std::string_view pod, std::string_view uid, std::string_view node,
                      api_callback done) {
  const auto* type = messages::codec::api_schema().find("v1", "Binding");
  const draft binding = draft::make_object({
    {"apiVersion", "v1"},
    {"kind", "Binding"},
    {"metadata", draft::make_object({{"name", pod}, {"namespace", name_space}, {"uid", uid}})},
    {"target", draft::make_object({{"apiVersion", "v1"}, {"kind", "Node"}, {"name", node}})},
  });
  with_packed(*type, binding, done, [&](std::vector<attachment> attachments) {
    protocol::WriteRequestT content;
    content.verb = protocol::Verb::create;
    content.target = target_of(pods, name_space, pod, "binding");
    content.object = 0;
    write(std::move(content), std::move(attachments), std::move(done));
  });
}

// ---- time -----------------------------------------------------------------------------------------------

uint64_t api_client::after(std::chrono::milliseconds delay, std::function<void()> callback) {
  const auto id = timers_.add(self_->clock().now() + delay, std::move(callback));
  set_alarm();
  return id;
}

void api_client::set_alarm() {
  if (const auto alarm = timers_.next_alarm())
    self_->clock().schedule_message(*alarm, caf::actor_cast<caf::strong_actor_ptr>(self_),
                                    caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, wake{*alarm}));
}

void api_client::receive(const wake& event) {
  timers_.on_alarm(event.alarm);
  const auto now = self_->clock().now();
  const auto mark = timers_.mark();
  while (const auto run = timers_.take_due(now, mark))
    run();
  set_alarm();
}

} // namespace actors::client
