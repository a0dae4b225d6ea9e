// A consumer under the test coordinator, and apiservers that record what they are asked and answer as they are told.
#pragma once

#include "actors/client/api_client.hpp"
#include "actors/client/event_recorder.hpp"
#include "tests/unit/actors/client/samples.hpp"
#include "tests/unit/runtime/test_system.hpp"

namespace client_samples {

namespace protocol = runtime::protocols::apiserver;
using namespace std::chrono_literals;

inline messages::codec::object_buffer packed_status(int code, std::string_view reason, std::string_view message) {
  const auto* type = messages::codec::api_schema().find("v1", "Status");
  return packed(*type, draft::make_object({{"apiVersion", "v1"}, {"kind", "Status"}, {"code", code}, {"reason", reason},
                                         {"message", message}}));
}

inline std::vector<runtime::transport::attachment> status_attachment(int code, std::string_view reason) {
  return {{messages::codec::api_schema().find("v1", "Status"), packed_status(code, reason, "as the test says")}};
}

/// What one apiserver was asked, and what it is to answer; read and changed by the test between steps.
struct apiserver_script {
  std::vector<protocol::watch_request> watches;
  std::vector<protocol::WatchAckT> acks;
  std::vector<uint64_t> cancelled;
  std::vector<protocol::write_request> writes;
  std::vector<protocol::get_request> gets;
  std::vector<uint64_t> progress_asked; // watch ids
  int progress_code = 200;
  int64_t progress_revision = 0;
  caf::actor watcher;

  int watch_code = 200;
  int write_code = 200; // taken for every write and get
  std::string reason;
  bool silent = false;
  std::vector<caf::response_promise> unanswered;

  const protocol::watch_request& last_watch() const { return watches.back(); }
};
/// The test tells an apiserver to answer the writes that it kept.
struct answer_now {};
using script_ptr = std::shared_ptr<apiserver_script>;

inline caf::behavior scripted_apiserver(caf::event_based_actor* self, script_ptr script) {
  const auto answer = [=]<class Reply, class Content>(Reply*, Content content, int code, auto... status_index) {
    auto promise = self->make_response_promise();
    if (script->silent) {
      script->unanswered.push_back(promise);
      return promise;
    }
    content.code = code;
    std::vector<runtime::transport::attachment> attachments;
    if (code >= 400 && sizeof...(status_index) > 0) {
      ((content.*status_index = 0), ...);
      attachments = status_attachment(code, script->reason);
    }
    promise.deliver(Reply{content, std::move(attachments)});
    return promise;
  };
  return {
    [=](const protocol::watch_request& request) {
      script->watches.push_back(request);
      script->watcher = caf::actor_cast<caf::actor>(self->current_sender());
      answer(static_cast<protocol::watch_reply*>(nullptr), protocol::WatchReplyT{}, script->watch_code, &protocol::WatchReplyT::status);
    },
    [=](const protocol::write_request& request) {
      script->writes.push_back(request);
      answer(static_cast<protocol::write_reply*>(nullptr), protocol::WriteReplyT{}, script->write_code, &protocol::WriteReplyT::object);
    },
    [=](const protocol::get_request& request) {
      script->gets.push_back(request);
      answer(static_cast<protocol::get_reply*>(nullptr), protocol::GetReplyT{}, script->write_code, &protocol::GetReplyT::object);
    },
    [=](const protocol::progress_request& request) {
      script->progress_asked.push_back(request->watch_id());
      protocol::ProgressReplyT content;
      content.revision = script->progress_revision;
      answer(static_cast<protocol::progress_reply*>(nullptr), content, script->progress_code);
    },
    [=](const protocol::watch_ack& ack) { script->acks.push_back(ack.unpack()); },
    [=](const protocol::watch_cancel& cancel) { script->cancelled.push_back(cancel->watch_id()); },
    [=](answer_now) {
      for (auto& promise : std::exchange(script->unanswered, {}))
        promise.deliver(protocol::write_reply{protocol::WriteReplyT{}});
    },
  };
}

/// An actor that does nothing but own an api_client that watches pods.
class consumer : public client::consumer_actor::base {
public:
  consumer(caf::actor_config& config, const runtime::host::role_context& context)
      : client::consumer_actor::base(config), api(this, context, client::identity{"tester", {"testers"}}),
        events(api, "tester", "node-a") {}

  behavior_type make_behavior() override {
    pods = &api.watch(client::pods);
    pods->on_change([this](const std::string& key, const client::entry* before, const client::entry* after) {
      heard.push_back((before == nullptr ? "+" : after == nullptr ? "-" : "~") + key);
    });
    api.on_synced([this] { ++synced; });
    api.on_active([this] { active_at.push_back(pods->revision()); });
    api.start();
    return {
      [this](const client::protocol::watch_batch& x) { api.receive(x); },
      [this](const runtime::directory::role_up& x) { api.receive(x); },
      [this](const runtime::directory::role_down& x) { api.receive(x); },
      [this](const runtime::host::tenure_changed& x) { api.receive(x); },
      [this](const client::wake& x) { api.receive(x); },
    };
  }

  client::api_client api;
  client::event_recorder events;
  client::object_cache* pods = nullptr;
  std::vector<std::string> heard;
  int synced = 0;
  std::vector<int64_t> active_at; // the revision of `pods` at each activation
};

struct fixture : test_system {
  runtime::directory::handle directory = runtime::directory::spawn(sys, "host-a", {});
  runtime::host::role_context context;
  client::consumer_actor handle;
  consumer* user = nullptr;
  std::map<std::string, std::pair<caf::actor, script_ptr>> apiservers;
  std::shared_ptr<runtime::seams::manual_clock> clock = std::make_shared<runtime::seams::manual_clock>();

  explicit fixture(runtime::host::tenure_ptr tenure = nullptr, std::string id = "tester") {
    context.id = std::move(id);
    context.tenure = std::move(tenure);
    context.host = "host-a";
    context.directory = directory;
    context.clock = clock;
    context.random = std::make_shared<runtime::seams::seeded_random>(1);
    handle = sys.spawn<consumer>(context);
    user = static_cast<consumer*>(caf::actor_cast<caf::abstract_actor*>(handle));
    run();
  }

  ~fixture() {
    kill(handle.address());
    for (auto& [id, server] : apiservers) {
      server.second->unanswered.clear();
      server.second->watcher = nullptr;
      kill(server.first.address());
    }
    kill(directory.address());
  }

  /// An apiserver on `host` comes up; a second one replaces the first.
  apiserver_script& up(const std::string& host) {
    auto script = std::make_shared<apiserver_script>();
    auto server = sys.spawn(scripted_apiserver, script);
    down(host);
    apiservers[host] = {server, script};
    caf::anon_send(directory, runtime::directory::register_role{"apiserver/" + host, caf::actor_cast<caf::strong_actor_ptr>(server), ""});
    run();
    return *script;
  }

  void down(const std::string& host) {
    const auto found = apiservers.find(host);
    if (found == apiservers.end())
      return;
    found->second.second->unanswered.clear();
    found->second.second->watcher = nullptr;
    kill(found->second.first.address());
    apiservers.erase(found);
  }

  bool acknowledge = true; // what is asked for in the next batches
  struct sent_event {
    protocol::EventType type;
    int64_t revision;
    std::string name;
  };
  /// One batch of the watch that was begun last at `server`.
  void send(apiserver_script& server, int64_t revision, std::vector<sent_event> events, bool synced = false, int code = 0) {
    protocol::WatchBatchT batch;
    batch.watch_id = server.last_watch()->watch_id();
    batch.revision = revision;
    batch.synced = synced;
    batch.code = code;
    batch.acknowledge = acknowledge;
    std::vector<runtime::transport::attachment> attachments;
    for (const auto& item : events) {
      auto event = std::make_unique<protocol::WatchEventT>();
      event->type = item.type;
      event->revision = item.revision;
      event->object = static_cast<int32_t>(attachments.size());
      attachments.push_back({&client::pods.type(), packed_pod(item.name)});
      batch.events.push_back(std::move(event));
    }
    caf::anon_send(server.watcher, protocol::watch_batch{batch, std::move(attachments)});
    run();
  }

  /// Runs `code` in the consumer, as one of its handlers would.
  void in_consumer(std::function<void()> code) {
    user->api.after(0ms, std::move(code));
    advance(0ms);
  }
};

} // namespace client_samples

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(client_samples::answer_now)
