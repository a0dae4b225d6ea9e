// A client of the API on a consuming actor: which apiserver it follows, the caches of its watches, and its timers.
#include "actors/client/api_client.hpp"

#include "actors/client/request_parts.hpp"
#include "runtime/transport/ask.hpp"

namespace actors::client {

using runtime::transport::tell;

namespace {

constexpr std::string_view apiserver_prefix = "apiserver/";

/// Rendezvous hashing (FNV-1a): clients spread over the apiservers, and move only when theirs is lost.
uint64_t affinity(std::string_view client, std::string_view apiserver) {
  uint64_t hash = 14695981039346656037ull;
  for (const auto text : {client, std::string_view{"\0", 1}, apiserver})
    for (const unsigned char c : text)
      hash = (hash ^ c) * 1099511628211ull;
  return hash ^ hash >> 32;
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

// ---- following the apiserver ----------------------------------------------------------------------------

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
