// The write chain: authorize, then plan on the cached object, then compare-and-swap in the store. When somebody else was
// faster, or when the cache may be older than the store, the plan is made again on the newer object, so that a
// refusal is never based on a stale view.
#include <fmt/format.h>

#include "actors/apiserver/apiserver_actor.hpp"
#include "messages/codec/codec.hpp"
#include "runtime/transport/ask.hpp"

namespace actors::apiserver {

using messages::codec::draft;
using runtime::transport::ask_untimed;
using runtime::transport::give_up;
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

// ---- plan and commit -------------------------------------------------------------------------------------

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
  add_reservations(*job, content, attachments);
  content.writer_role = job->writer.role;
  content.writer_epoch = job->writer.epoch;
  const uint64_t id = next_commit_++;
  job->answer_due_us = now_us() + std::chrono::microseconds{request_deadline}.count();
  store::commit_request request{content, std::move(attachments)};
  auto on_reply = [this, &link, job, id](const store::commit_reply& reply) {
    if (link.commits.erase(id) > 0)
      on_committed(job, reply);
  };
  auto on_error = [this, &link, job, id](caf::error& error) {
    if (link.commits.erase(id) > 0)
      on_doubt(job, system().render(error));
  };
  const auto asked = ask_untimed(this, link.handle, std::move(request), std::move(on_reply), std::move(on_error));
  link.commits.emplace(id, commit_in_flight{job, asked});
}

/// Commits that the shard was asked for and does not answer. The first are the oldest.
void apiserver::expire_commits(shard_link& link, int64_t now) {
  std::vector<job_ptr> late;
  while (!link.commits.empty() && link.commits.begin()->second.job->answer_due_us <= now) {
    auto item = std::move(link.commits.extract(link.commits.begin()).mapped());
    give_up(this, item.request); // CAF keeps what awaits the answer until then
    late.push_back(std::move(item.job));
  }
  for (const auto& job : late)
    on_doubt(job, "the store did not answer in time");
}

/// Nothing was written: the shard is on its way to another host, and the write waits until that one serves.
void apiserver::await_successor(const job_ptr& job) {
  shard_link& link = link_of(job->request.kind->key_prefix);
  if (link.following)
    reconnect_later(link, link.generation, "it moves to another host");
  --job->attempts; // the wait has its own bound
  job->fresh = false;
  run_fresh(job);
}

/// A Service's addresses and ports are taken and given back in the same group.
void apiserver::add_reservations(const write_job& job, store::CommitRequestT& content, std::vector<attachment>& attachments) {
  const auto& kind = *job.request.kind;
  if (!kind.group.empty() || kind.plural != "services")
    return;
  const auto state = link_of(kind.key_prefix).cache->read();
  const auto find = [&](const std::string& key) {
    const auto* found = state->objects.find(key);
    return found == nullptr ? cache::object_ptr{} : *found;
  };
  const auto current = find(job.plan.key);
  const auto before = current == nullptr ? draft{} : messages::codec::unpack(current->what(), current->bytes());
  for (auto& item : allocation::plan_reservations(before, job.plan.stored, find)) {
    auto write = std::make_unique<store::WriteT>();
    write->key = std::move(item.key);
    write->expected = item.expected;
    write->kind = item.erase ? store::WriteKind::erase : store::WriteKind::put;
    if (!item.erase) {
      write->object = static_cast<int32_t>(attachments.size());
      attachments.push_back({&allocation::reservation_type(), std::move(item.value)});
    }
    content.writes.back()->with_next = true;
    content.writes.push_back(std::move(write));
  }
}

void apiserver::on_committed(const job_ptr& job, const store::commit_reply& reply) {
  if (!reply.valid() || reply->results() == nullptr || reply->results()->size() == 0) {
    fail(job, status::internal("the store's answer could not be read"));
    return;
  }
  // The object's own, unless another write of its group is why it was not done.
  const auto* result = reply->results()->Get(0);
  for (const auto* other : *reply->results())
    if (result->status() == store::WriteStatus::skipped)
      result = other;
  switch (result->status()) {
    case store::WriteStatus::done:
      note_written(*job, result->revision());
      answer(job, result->revision());
      return;
    case store::WriteStatus::conflict:
    case store::WriteStatus::absent:
      // Somebody else was faster, perhaps an attempt of this write that was in doubt. The plan on the newer object
      // decides whether that matters. A generated name that is taken is given up, unless it may be taken by us.
      if (job->doubts.empty())
        job->suffix.clear();
      run_fresh(job);
      return;
    case store::WriteStatus::fenced:
      context_.log.warning("a write of a former owner was refused", {{"key", job->plan.key},
                                                                     {"role", job->writer.role},
                                                                     {"epoch", job->writer.epoch},
                                                                     {"newer", result->revision()}});
      fail(job, fenced_error(*job, result->revision()), true);
      return;
    case store::WriteStatus::too_large:
      fail(job, status::too_large("the object is larger than the store accepts: " + text_of(reply->message())));
      return;
    case store::WriteStatus::moving:
      await_successor(job);
      return;
    case store::WriteStatus::overloaded:
      fail(job, status::too_many_requests("the store has too many writes waiting, please try again later", 1));
      return;
    case store::WriteStatus::failed:
    case store::WriteStatus::skipped:
      context_.log.error("the store refused a write", {{"key", job->plan.key}, {"why", text_of(reply->message())}});
      fail(job, status::internal("the store could not write: " + text_of(reply->message())));
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
