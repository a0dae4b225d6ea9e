#include "actors/host/simulation/witness_actor.hpp"

#include "actors/host/simulation/user_actor.hpp"
#include "messages/api/meta/v1/status_generated.h"
#include "messages/codec/codec.hpp"
#include "runtime/transport/ask.hpp"

namespace actors::host::simulation {

using namespace std::chrono_literals;
using client::draft;
using runtime::transport::ask;
using runtime::transport::attachment;
using runtime::transport::tell;

namespace {

constexpr std::string_view prefix = "apiserver/";
constexpr auto deadline = 10s;
constexpr auto pause = 100ms;

template <class Request>
void as_admin(Request& request) {
  request.identity = std::make_unique<protocol::IdentityT>();
  request.identity->user = "admin";
  request.identity->groups = {"system:masters"};
  request.identity->by_role = true;
}

std::unique_ptr<protocol::TargetT> target_of(const client::resource& what, std::string name_space, std::string name) {
  auto target = std::make_unique<protocol::TargetT>();
  target->group = what.group;
  target->version = what.version;
  target->resource = what.plural;
  target->namespace_name = std::move(name_space);
  target->name = std::move(name);
  return target;
}

std::string key_of(const client::resource& what, const messages::codec::object_buffer& object) {
  const auto meta = messages::codec::unpack(what.type(), object).get("metadata");
  return store_key(what, meta.get("namespace").str(), meta.get("name").str());
}

} // namespace

witness_actor::witness_actor(caf::actor_config& config, runtime::host::role_context context,
                             std::vector<const client::resource*> watched)
  : witness_interface::base(config), context_(std::move(context)) {
  for (const auto* what : watched)
    watches_.push_back({what});
}

witness_actor::behavior_type witness_actor::make_behavior() {
  tell(this, context_.directory,
       runtime::directory::subscribe{std::string{prefix}, caf::actor_cast<caf::strong_actor_ptr>(this)});
  return {
    [this](const protocol::watch_batch& batch) {
      if (!batch.valid() || chosen_.empty()) // of an apiserver that was lost: the next watch goes on where this one ended
        return;
      for (size_t i = 0; i < watches_.size(); ++i) {
        auto& item = watches_[i];
        if (item.id == 0 || item.id != batch->watch_id())
          continue;
        if (item.complete && batch->events() != nullptr)
          for (const auto* event : *batch->events())
            item.into->events.push_back({event->revision(), key_of(*item.what, batch.at(event->object()).object),
                                         event->type() == protocol::EventType::deleted});
        if (batch->synced() && !item.complete) {
          item.complete = true;
          item.into->base = batch->revision();
        }
        if (item.complete)
          item.into->last = std::max(item.into->last, batch->revision());
        if (batch->code() != 0) {
          if (batch->code() == 410)
            item.into = nullptr; // a new view, as every client has to make
          again(i);
          return;
        }
        protocol::WatchAckT ack;
        ack.watch_id = batch->watch_id();
        ack.revision = batch->revision();
        tell(this, apiservers_[chosen_], protocol::watch_ack{ack});
      }
    },
    [this](const runtime::directory::role_up& up) {
      if (!up.id.starts_with(prefix))
        return;
      apiservers_[up.id] = caf::actor_cast<runtime::protocols::apiserver_actor>(up.handle);
      if (up.id == chosen_)
        lose();
      choose();
    },
    [this](const runtime::directory::role_down& down) {
      apiservers_.erase(down.id);
      if (down.id == chosen_)
        lose();
      choose();
    },
    [this](const pause_over& over) {
      if (watches_[over.watch].id == 0)
        begin(over.watch);
    },
  };
}

void witness_actor::lose() {
  chosen_.clear();
  for (auto& item : watches_)
    item.id = 0;
}

/// Any of them: the next one may be another.
void witness_actor::choose() {
  if (!chosen_.empty() || apiservers_.empty())
    return;
  auto next = apiservers_.begin();
  std::advance(next, static_cast<long>(context_.random->below(apiservers_.size())));
  chosen_ = next->first;
  for (size_t i = 0; i < watches_.size(); ++i)
    begin(i);
}

void witness_actor::begin(size_t index) {
  auto& item = watches_[index];
  if (chosen_.empty()) {
    item.id = 0;
    return;
  }
  if (item.into == nullptr || !item.complete) {
    seen_.push_back({.what = item.what});
    item.into = &seen_.back();
    item.complete = false;
  }
  const auto id = item.id = next_id_++;
  protocol::WatchRequestT content;
  as_admin(content);
  content.target = target_of(*item.what, "", "");
  content.watch_id = id;
  content.after = item.complete ? item.into->last : -1;
  ask(
    this, apiservers_[chosen_], deadline, protocol::watch_request{content},
    [this, index, id](const protocol::watch_reply& reply) {
      auto& mine = watches_[index];
      if (mine.id != id || (reply.valid() && reply->code() < 400))
        return;
      if (reply.valid() && reply->code() == 410)
        mine.into = nullptr;
      again(index);
    },
    [this, index, id](caf::error&) {
      if (watches_[index].id == id)
        again(index);
    });
}

void witness_actor::again(size_t index) {
  watches_[index].id = 0;
  delayed_send(this, pause, pause_over{index, 0});
}

void witness_actor::write_as(const std::string& role, int64_t epoch, const client::resource& what, const std::string& name,
                             draft object, std::function<void(int code, bool fenced, const std::string& why)> told) {
  if (chosen_.empty()) {
    told(503, false, "no apiserver is known");
    return;
  }
  object.set("apiVersion", what.api_version());
  object.set("kind", what.kind);
  object.set("metadata", draft::make_object({{"name", name}, {"namespace", "default"}}));
  auto packed = messages::codec::pack(what.type(), object);
  protocol::WriteRequestT content;
  as_admin(content);
  content.target = target_of(what, "default", name);
  content.verb = protocol::Verb::create;
  content.object = 0;
  content.writer = std::make_unique<protocol::WriterT>();
  content.writer->role = role;
  content.writer->epoch = epoch;
  std::vector<attachment> attachments{attachment{&what.type(), std::move(packed.object)}};
  ask(
    this, apiservers_[chosen_], deadline, protocol::write_request{content, std::move(attachments)},
    [told](const protocol::write_reply& reply) {
      if (!reply.valid())
        return told(503, false, "an answer that cannot be read");
      const auto& item = reply.at(reply->object());
      const auto* status = reply->code() >= 400 && item ? item.object.root<messages::api::meta::v1::Status>() : nullptr;
      told(reply->code(), reply->fenced(), status != nullptr && status->message() != nullptr ? status->message()->str() : "");
    },
    [this, told](caf::error& error) { told(503, false, system().render(error)); });
}

} // namespace actors::host::simulation
