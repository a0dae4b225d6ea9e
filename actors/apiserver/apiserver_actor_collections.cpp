// The deletion of a collection: what is there now goes object by object, each by a write of its own.
#include "actors/apiserver/apiserver_actor.hpp"
#include "messages/codec/codec.hpp"

namespace actors::apiserver {

using messages::codec::draft;

void apiserver::delete_collection(const protocol::write_request& message, write_job job) {
  const auto& kind = *job.request.kind;
  auto parsed = selectors::object_selector::parse(kind, text_of(message->label_selector()), text_of(message->field_selector()));
  auto shared = std::make_shared<write_job>(std::move(job));
  if (const auto* error = std::get_if<selectors::selector_error>(&parsed)) {
    fail(shared, status::bad_request(error->message));
    return;
  }
  barrier(kind.key_prefix, [this, shared, selector = std::get<selectors::object_selector>(parsed)](api_error error) {
    if (error) {
      fail(shared, error);
      return;
    }
    const auto& request = shared->request;
    const std::string prefix =
      request.name_space.empty() ? std::string{request.kind->key_prefix} : verbs::store_key(*request.kind, request.name_space, "");
    std::vector<std::string> keys;
    const auto state = cache_->shard_of(request.kind->key_prefix).read();
    state->objects.visit(prefix, "", [&](std::string_view key, const cache::object_ptr& object) {
      if (selector.matches(object->what(), object->bytes()))
        keys.emplace_back(key.substr(request.kind->key_prefix.size()));
      return true;
    });
    // One after the other: the bound on parallel work is one, whatever the size of the collection.
    // The deletion under way owns the step that follows it; when this actor ends in between, all of it goes.
    auto next = std::make_shared<std::function<void(size_t)>>();
    *next = [this, shared, keys = std::move(keys), weak = std::weak_ptr{next}](size_t index) {
      if (index == keys.size()) {
        protocol::WriteReplyT content;
        content.code = 200;
        content.object = 0;
        static const auto* type = messages::codec::api_schema().find("v1", "Status");
        const draft success = status::deleted_status(*shared->request.kind, "", "");
        --writes_pending_;
        shared->done(protocol::write_reply{content, {attachment{type, messages::codec::pack(*type, success).object}}});
        return;
      }
      auto one = std::make_shared<write_job>();
      one->request = shared->request;
      one->writer = shared->writer;
      one->origin = shared->origin;
      one->request.verb = protocol::Verb::delete_one;
      const auto slash = keys[index].find('/');
      if (slash != std::string::npos) {
        one->request.name_space = keys[index].substr(0, slash);
        one->request.name = keys[index].substr(slash + 1);
      } else {
        one->request.name = keys[index];
      }
      one->deadline_us = now_us() + std::chrono::microseconds{request_deadline}.count();
      ++writes_pending_;
      one->done = [this, shared, next = weak.lock(), index](const protocol::write_reply& reply) {
        if (reply->code() < 400 || reply->code() == 404) {
          (*next)(index + 1);
          return;
        }
        --writes_pending_;
        shared->done(reply);
      };
      run(one);
    };
    (*next)(0);
  });
}

} // namespace actors::apiserver
