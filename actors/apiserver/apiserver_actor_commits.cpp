// From a write's plan to the store and back: one group of writes, compared and swapped, and what its outcome means.
#include "actors/apiserver/apiserver_actor.hpp"
#include "messages/codec/codec.hpp"
#include "runtime/transport/ask.hpp"

namespace actors::apiserver {

using messages::codec::draft;
using runtime::transport::ask_untimed;
using runtime::transport::give_up;
using verbs::write_plan;

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

} // namespace actors::apiserver
