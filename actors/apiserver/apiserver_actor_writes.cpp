// The write chain: authorize, then plan on the cached object, then compare-and-swap in the store. When somebody else was
// faster, or when the cache may be older than the store, the plan is made again on the newer object, so that a
// refusal is never based on a stale view. A write whose fate is unknown (the shard died under it) is
// looked up before it is tried again, so that it happens exactly once.
#include <fmt/format.h>

#include "actors/apiserver/apiserver_actor.hpp"
#include "messages/codec/codec.hpp"
#include "runtime/transport/ask.hpp"

namespace actors::apiserver {

using messages::codec::draft;
using runtime::transport::ask;
using verbs::write_plan;

namespace {

constexpr size_t patch_bytes_max = 3u << 20;

std::string_view verb_name(protocol::Verb verb) {
  switch (verb) {
    case protocol::Verb::create: return "create";
    case protocol::Verb::update: return "update";
    case protocol::Verb::patch: return "patch";
    case protocol::Verb::delete_one: return "delete";
    case protocol::Verb::delete_collection: return "deletecollection";
    default: return "get";
  }
}

/// The type of an answer: what its own apiVersion and kind say.
const messages::codec::type* type_of(const draft& object) {
  return messages::codec::api_schema().find(object.get("apiVersion").str(), object.get("kind").str());
}

} // namespace

// ---- from message to job ---------------------------------------------------------------------------------

api_error apiserver::decode(const protocol::write_request& message, write_job& job) const {
  if (!message.valid())
    return status::bad_request("the request failed its verification");
  auto found = find_target(message->target());
  if (found.error)
    return found.error;
  const auto* target = message->target();
  if (auto error = authorize(message->identity(), verb_name(message->verb()), *found.kind, *target))
    return error;
  auto& request = job.request;
  request.kind = found.kind;
  request.verb = message->verb();
  request.subresource = text_of(target->subresource());
  request.name_space = text_of(target->namespace_name());
  request.name = text_of(target->name());
  request.user = message->identity() == nullptr ? std::string{} : text_of(message->identity()->user());
  request.patch_kind = message->patch_kind();
  if (const auto& body = message.at(message->object()))
    request.object = messages::codec::unpack(*body.type, body.object);
  if (message->patch() != nullptr) {
    if (message->patch()->size() > patch_bytes_max)
      return status::too_large(fmt::format("the patch is larger than {} bytes", patch_bytes_max));
    auto parsed = messages::codec::parse_json({message->patch()->c_str(), message->patch()->size()});
    if (parsed.error)
      return status::bad_request("error decoding patch: " + parsed.error->message);
    request.patch = std::move(parsed.value);
  }
  if (const auto* options = message->options()) {
    request.dry_run = options->dry_run();
    if (options->grace_period_seconds().has_value())
      request.grace_seconds = *options->grace_period_seconds();
    request.propagation_policy = text_of(options->propagation_policy());
    request.precondition_uid = text_of(options->precondition_uid());
    request.precondition_revision = options->precondition_revision();
  }
  const bool create = request.verb == protocol::Verb::create && request.subresource.empty();
  if (create && request.name.empty())
    request.name = request.object.get("metadata").get("name").str();
  if (!create && request.name.empty() && request.verb != protocol::Verb::delete_collection)
    return status::method_not_allowed();
  return {};
}

verbs::environment apiserver::make_environment() {
  return {
    .now_seconds = context_.clock->wall_seconds(),
    .new_uid = [this] { return context_.random->uuid(); },
    .name_suffix = [this] { return context_.random->name_suffix(); },
    .find_namespace = [this](std::string_view name) -> cache::object_ptr {
      static const auto* kind = registry::find_kind("", "v1", "namespaces");
      const auto state = cache_->shard_of(kind->key_prefix).read();
      const auto* found = state->objects.find(verbs::store_key(*kind, "", name));
      return found == nullptr ? nullptr : *found;
    },
    .allocate =
      [this](const registry::kind& kind, const std::string& key, draft& next, const draft& old, registry::field_errors& errors) {
        if (kind.group.empty() && kind.plural == "services")
          allocator_.assign(key, next, old, context_.random->uint64(), now_us(), errors);
      },
  };
}

void apiserver::write(const protocol::write_request& message, reply_callback done) {
  auto job = std::make_shared<write_job>();
  job->done = std::move(done);
  job->deadline_us = now_us() + std::chrono::microseconds{request_deadline}.count();
  api_error error;
  if (writes_pending_ >= writes_pending_max)
    error = status::too_many_requests("too many writes are under way, please try again later", 1);
  else
    error = decode(message, *job);
  ++writes_pending_;
  if (error)
    fail(job, error);
  else if (job->request.verb == protocol::Verb::delete_collection)
    delete_collection(message, std::move(*job));
  else
    run(job);
}

// ---- plan and commit -------------------------------------------------------------------------------------

void apiserver::run_fresh(const job_ptr& job) {
  barrier(job->request.kind->key_prefix, [this, job](api_error error) {
    if (error) {
      fail(job, error);
      return;
    }
    job->fresh = true;
    run(job);
  });
}

void apiserver::run(const job_ptr& job) {
  shard_link& link = link_of(job->request.kind->key_prefix);
  if (!link.following && !job->fresh) {
    run_fresh(job);
    return;
  }
  if (++job->attempts > write_attempts_max) {
    fail(job, status::conflict(*job->request.kind, job->request.name));
    return;
  }
  const auto& request = job->request;
  const auto state = link.cache->read();
  const auto object_at = [&](const std::string& key) {
    const auto* found = state->objects.find(key);
    return found == nullptr ? cache::object_ptr{} : *found;
  };
  // Under the plan's key: a generated name is in the plan only, and the next plan would generate another one.
  if (job->in_doubt && settle_doubt(job, object_at(job->plan.key)))
    return;
  cache::object_ptr current;
  if (!request.name.empty())
    current = object_at(verbs::store_key(*request.kind, request.name_space, request.name));
  job->plan = verbs::plan_write(request, current, make_environment());
  const bool may_be_stale = !job->fresh;
  switch (job->plan.what) {
    case write_plan::action::refuse:
      // What depends on the present state is refused only on a view that is as new as the store.
      if (may_be_stale && (job->plan.error.code == 404 || job->plan.error.code == 409 || job->plan.error.code == 403))
        run_fresh(job);
      else
        fail(job, job->plan.error);
      return;
    case write_plan::action::nothing:
      if (may_be_stale)
        run_fresh(job);
      else
        answer(job, job->plan.expected);
      return;
    case write_plan::action::put:
    case write_plan::action::erase:
      if (request.dry_run)
        answer(job, job->plan.expected);
      else
        commit(job);
      return;
  }
}

/// True when the object in the store is what the attempt in doubt wrote.
bool apiserver::settle_doubt(const job_ptr& job, const cache::object_ptr& current) {
  job->in_doubt = false;
  const auto& plan = job->plan;
  if (plan.what == write_plan::action::erase && current == nullptr) {
    answer(job, 0);
    return true;
  }
  if (plan.what != write_plan::action::put || current == nullptr || current->revision() == plan.expected)
    return false;
  if (current->bytes().bytes() != plan.packed.bytes())
    return false;
  answer(job, current->revision());
  return true;
}

void apiserver::commit(const job_ptr& job) {
  shard_link& link = link_of(job->request.kind->key_prefix);
  const auto& plan = job->plan;
  store::CommitRequestT content;
  auto write = std::make_unique<store::WriteT>();
  write->key = plan.key;
  write->expected = plan.expected;
  std::vector<attachment> attachments;
  if (plan.what == write_plan::action::put) {
    write->kind = store::WriteKind::put;
    write->object = 0;
    attachments.push_back({&verbs::stored_type(*job->request.kind), plan.packed});
  } else {
    write->kind = store::WriteKind::erase;
  }
  content.writes.push_back(std::move(write));
  ask(
    this, link.handle, request_deadline, store::commit_request{content, std::move(attachments)},
    [this, job](const store::commit_reply& reply) { on_committed(job, reply); },
    [this, job](caf::error& error) {
      context_.log.warning("a write is in doubt", {{"key", job->plan.key}, {"why", system().render(error)}});
      job->in_doubt = true;
      job->fresh = false;
      if (now_us() < job->deadline_us)
        run_fresh(job);
      else
        fail(job, status::timeout("the store did not answer in time; the request may or may not have been carried out"));
    });
}

void apiserver::on_committed(const job_ptr& job, const store::commit_reply& reply) {
  const auto* result = reply.valid() && reply->results() != nullptr && reply->results()->size() == 1 ? reply->results()->Get(0) : nullptr;
  if (result == nullptr) {
    fail(job, status::internal("the store's answer could not be read"));
    return;
  }
  switch (result->status()) {
    case store::WriteStatus::done:
      answer(job, result->revision());
      return;
    case store::WriteStatus::conflict:
    case store::WriteStatus::absent:
      // Somebody else was faster. The plan on the newer object decides whether that matters.
      run_fresh(job);
      return;
    case store::WriteStatus::too_large:
      fail(job, status::too_large("the object is larger than the store accepts: " + text_of(reply->message())));
      return;
    case store::WriteStatus::overloaded:
      fail(job, status::too_many_requests("the store has too many writes waiting, please try again later", 1));
      return;
    case store::WriteStatus::failed:
      context_.log.error("the store refused a write", {{"key", job->plan.key}, {"why", text_of(reply->message())}});
      fail(job, status::internal("the store could not write: " + text_of(reply->message())));
      return;
  }
}

// ---- answers ---------------------------------------------------------------------------------------------

void apiserver::answer(const job_ptr& job, int64_t revision) {
  const auto& plan = job->plan;
  protocol::WriteReplyT content;
  content.code = plan.code;
  content.object = 0;
  attachment object;
  const bool as_stored = plan.what == write_plan::action::put && job->request.kind->from_stored == nullptr &&
                         job->request.subresource != "scale" && job->request.subresource != "binding";
  if (as_stored) {
    object = {&verbs::stored_type(*job->request.kind), plan.packed};
  } else {
    draft result = plan.answer;
    result["metadata"].erase("resourceVersion");
    const auto* type = type_of(result);
    auto packed = type == nullptr ? messages::codec::pack_result{} : messages::codec::pack(*type, result);
    if (type == nullptr || packed.error) {
      fail(job, status::internal("the answer could not be encoded: " +
                                 (packed.error ? packed.error->message : std::string{"unknown kind"})));
      return;
    }
    object = {type, std::move(packed.object)};
  }
  const bool is_status = object.type->name() == "Status";
  content.revision = is_status ? 0 : revision;
  --writes_pending_;
  job->done(protocol::write_reply{content, {std::move(object)}});
}

void apiserver::fail(const job_ptr& job, const api_error& error) {
  protocol::WriteReplyT content;
  content.code = error.code;
  content.object = 0;
  --writes_pending_;
  job->done(protocol::write_reply{content, {status_attachment(error)}});
}

// ---- deletecollection ------------------------------------------------------------------------------------

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
    state->objects.visit(prefix, "", [&](const std::string& key, const cache::object_ptr& object) {
      if (selector.matches(object->what(), object->bytes()))
        keys.push_back(key.substr(request.kind->key_prefix.size()));
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
