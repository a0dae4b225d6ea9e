// The write chain: authorize, then plan on the cached object, then compare-and-swap in the store. When somebody else was
// faster, or when the cache may be older than the store, the plan is made again on the newer object, so that a
// refusal is never based on a stale view.
#include <fmt/format.h>

#include "actors/apiserver/apiserver_actor.hpp"
#include "messages/codec/codec.hpp"

namespace actors::apiserver {

using messages::codec::draft;
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
  job.origin = origin_of(*message);
  auto& request = job.request;
  request.kind = found.kind;
  request.verb = message->verb();
  request.subresource = text_of(target->subresource());
  request.name_space = text_of(target->namespace_name());
  request.name = text_of(target->name());
  request.user = message->identity() == nullptr ? std::string{} : text_of(message->identity()->user());
  request.patch_kind = message->patch_kind();
  if (const auto* writer = message->writer(); writer != nullptr && writer->epoch() > 0)
    job.writer = {text_of(writer->role()), writer->epoch()};
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

verbs::environment apiserver::make_environment(write_job& job) {
  return {
    .now_seconds = context_.clock->wall_seconds(),
    // The same in every attempt: an attempt in doubt is recognized by them.
    .new_uid =
      [this, &job] {
        if (job.uid.empty())
          job.uid = context_.random->uuid();
        return job.uid;
      },
    .name_suffix =
      [this, &job] {
        if (job.suffix.empty())
          job.suffix = context_.random->name_suffix();
        return job.suffix;
      },
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

// ---- plan -----------------------------------------------------------------------------------------------

void apiserver::run_fresh(const job_ptr& job) {
  if (now_us() >= job->deadline_us) {
    fail(job, job->doubts.empty() ? status::timeout("the request could not be carried out in time, nothing was written")
                                  : outcome_unknown());
    return;
  }
  const auto then = [this, job](api_error error) {
    if (error) {
      fail(job, job->doubts.empty() ? error : outcome_unknown());
      return;
    }
    job->fresh = true;
    run(job);
  };
  // A create also depends on its namespace, which may just have been made through another apiserver.
  static const auto* namespaces = registry::find_kind("", "v1", "namespaces");
  const auto& kind = *job->request.kind;
  if (job->request.verb != protocol::Verb::create || !kind.namespaced || kind.shard == namespaces->shard) {
    barrier(kind.key_prefix, then);
    return;
  }
  barrier(namespaces->key_prefix, [this, then, &kind](api_error error) {
    if (error)
      then(error);
    else
      barrier(kind.key_prefix, then);
  });
}

/// Without the shard that has the roles, this apiserver does not see takeovers, and lets no fenced writer through.
bool apiserver::knows_roles() {
  const auto* kind = fencing::claiming_kind();
  return kind == nullptr || link_of(kind->key_prefix).following;
}

void apiserver::await_roles(const job_ptr& job) {
  barrier(fencing::claiming_kind()->key_prefix, [this, job](api_error error) {
    if (error)
      fail(job, status::unavailable("the store shard that has the roles cannot be reached, so the writer's epoch cannot be verified"));
    else
      run(job);
  });
}

void apiserver::run(const job_ptr& job) {
  shard_link& link = link_of(job->request.kind->key_prefix);
  if (!link.following) {
    run_fresh(job);
    return;
  }
  if (job->writer.epoch > 0 && !knows_roles()) {
    await_roles(job);
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
  if (!job->doubts.empty() && settle_doubts(job, *state))
    return;
  cache::object_ptr current;
  if (!request.name.empty())
    current = object_at(verbs::store_key(*request.kind, request.name_space, request.name));
  job->plan = verbs::plan_write(request, current, make_environment(*job));
  job->planned_at = state->revision;
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
      if (auto error = check_claim(*job))
        fail(job, error);
      else if (request.dry_run)
        answer(job, job->plan.expected);
      else
        commit(job);
      return;
  }
}

// ---- answers ---------------------------------------------------------------------------------------------

void apiserver::answer(const job_ptr& job, int64_t revision) {
  if (!await_fences(job, revision))
    deliver(job, revision);
}

void apiserver::deliver(const job_ptr& job, int64_t revision) {
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
    draft result = plan.shown();
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

void apiserver::fail(const job_ptr& job, const api_error& error, bool fenced) {
  protocol::WriteReplyT content;
  content.code = error.code;
  content.fenced = fenced;
  content.object = 0;
  --writes_pending_;
  job->done(protocol::write_reply{content, {status_attachment(error)}});
}

} // namespace actors::apiserver
