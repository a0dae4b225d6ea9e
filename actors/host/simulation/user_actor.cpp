#include "actors/host/simulation/user_actor.hpp"

namespace actors::host::simulation {

using namespace std::chrono_literals;

namespace {
constexpr auto retry_pause = 200ms;
} // namespace

std::string store_prefix(const client::resource& what) {
  constexpr std::string_view own_group = "troupe.dev";
  return "/" + std::string{what.plural} + (what.group == own_group ? "." + std::string{own_group} : std::string{}) + "/";
}

std::string store_key(const client::resource& what, std::string_view name_space, std::string_view name) {
  std::string key = store_prefix(what);
  if (!name_space.empty())
    key.append(name_space).append(1, '/');
  return key.append(name);
}

user_actor::user_actor(caf::actor_config& config, runtime::host::role_context context,
                       std::vector<const client::resource*> watched)
  : client::consumer_actor::base(config), api(this, context, client::identity{"admin", {"system:masters"}}),
    context_(std::move(context)) {
  for (const auto* what : watched)
    caches_[what->plural] = &api.watch(*what);
}

user_actor::behavior_type user_actor::make_behavior() {
  api.start();
  return {
    [this](const client::protocol::watch_batch& x) { api.receive(x); },
    [this](const runtime::directory::role_up& x) { api.receive(x); },
    [this](const runtime::directory::role_down& x) { api.receive(x); },
    [this](const runtime::host::tenure_changed& x) { api.receive(x); },
    [this](const client::wake& x) { api.receive(x); },
  };
}

void user_actor::on_exit() {
  context_ = {};
}

const client::object_cache& user_actor::cache(const client::resource& what) const {
  return *caches_.at(what.plural);
}

/// A refusal that names a reason of the moment (no apiserver, a conflict, a namespace that is not there yet) is tried again.
void user_actor::insist(std::string key, bool removal, attempt how, finished done) {
  ++open_;
  auto again = std::make_shared<std::function<void()>>();
  *again = [this, key, removal, how, done, weak = std::weak_ptr<std::function<void()>>{again}] {
    const auto attempt = ++attempts_;
    context_.log.info("asks", {{"attempt", attempt}, {"key", key}, {"removal", removal}});
    how([this, key, removal, done, attempt, self = weak.lock()](const client::api_result& result) {
      context_.log.info("is told", {{"attempt", attempt}, {"key", key}, {"code", result.code}, {"revision", result.revision}, {"message", result.message}});
      const bool there = !removal && result.already_exists();
      const bool gone = removal && result.not_found();
      if (result.ok() || there || gone) {
        if (result.ok() && result.revision > 0)
          acknowledged_.push_back({key, result.revision, removal});
        --open_;
        if (done)
          done();
        return;
      }
      const bool wrong = result.code == 400 || result.code == 422;
      if (wrong) {
        refused_.push_back(key + ": " + result.message);
        --open_;
        return;
      }
      api.after(retry_pause, [self] { (*self)(); });
    });
  };
  api.after(0ms, [again] { (*again)(); });
}

void user_actor::create(const client::resource& what, draft object, finished done) {
  const auto& meta = object.get("metadata");
  auto key = store_key(what, meta.get("namespace").str(), meta.get("name").str());
  insist(std::move(key), false, [this, &what, object = std::move(object)](client::api_callback told) {
    api.create(what, object, std::move(told));
  }, std::move(done));
}

/// Bound to the revision that it is about: an attempt that nobody waits for any more may be carried out late, and must not undo what
/// was acknowledged since.
void user_actor::merge(const client::resource& what, std::string name_space, std::string name, draft patch, finished done) {
  insist(store_key(what, name_space, name), false,
         [this, &what, name_space, name, patch = std::move(patch)](client::api_callback told) {
           api.get(what, name_space, name, [this, &what, name_space, name, patch, told = std::move(told)](const client::api_result& found) {
             if (!found.ok())
               return told(found);
             draft bound = patch;
             if (!bound.contains("metadata"))
               bound.set("metadata", draft::make_object());
             bound["metadata"].set("resourceVersion", std::to_string(found.revision));
             api.patch(what, "", name_space, name, client::protocol::PatchKind::strategic_merge, bound, told);
           });
         },
         std::move(done));
}

/// With a `uid`, of that object only, for the same reason.
void user_actor::remove(const client::resource& what, std::string name_space, std::string name, std::string uid, finished done) {
  insist(store_key(what, name_space, name), true,
         [this, &what, name_space, name, uid](client::api_callback told) {
           api.remove(what, name_space, name, {.uid = uid}, [uid, told = std::move(told)](client::api_result result) {
             if (!uid.empty() && result.conflict())
               result.code = 404; // another object has the name now
             told(result);
           });
         },
         std::move(done));
}

} // namespace actors::host::simulation
