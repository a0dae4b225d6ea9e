// Fencing: every apiserver raises the epochs of singleton roles in every store shard, when it connects to the shard and when
// a Role object shows a newer one. Whoever claims an epoch is answered once all connected shards refuse the older
// ones; a shard that is not connected is told before this apiserver commits anything there.
#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "actors/apiserver/apiserver_actor.hpp"
#include "messages/codec/codec.hpp"
#include "runtime/transport/ask.hpp"

namespace actors::apiserver {

using runtime::transport::ask;

/// Nothing before the shard that has the roles is loaded.
void apiserver::note_claims(const cache::snapshot& state) {
  const auto* kind = fencing::claiming_kind();
  if (kind == nullptr)
    return;
  state.objects.visit(kind->key_prefix, "", [this](std::string_view key, const cache::object_ptr& object) {
    note_claim(key, object);
    return true;
  });
}

void apiserver::note_claim(std::string_view key, const cache::object_ptr& object) {
  const auto* kind = fencing::claiming_kind();
  if (kind == nullptr || object == nullptr || !key.starts_with(kind->key_prefix))
    return;
  const auto claim = fencing::claim_of(*kind, messages::codec::unpack(object->what(), object->bytes()));
  if (!claim || !fences_.note(*claim))
    return;
  for (auto& [name, link] : links_)
    raise_fences(link);
}

/// One round at a time: what becomes known meanwhile is in the next one.
void apiserver::raise_fences(shard_link& link) {
  if (!link.handle || link.fences_in_flight > 0)
    return;
  const auto due = fences_.due(link.cache->name());
  const uint64_t generation = link.generation;
  link.fences_in_flight = due.size();
  for (const auto& claim : due) {
    store::FenceRequestT content;
    content.role = claim.role;
    content.epoch = claim.epoch;
    ask(
      this, link.handle, fence_deadline, store::fence_request{content},
      [this, &link, generation, claim](const store::fence_reply& reply) {
        if (link.generation != generation)
          return; // of an earlier incarnation, whose word does not bind the present one
        const bool raised = reply.valid() && reply->epoch() >= claim.epoch;
        if (raised) {
          fences_.confirm(link.cache->name(), {claim.role, reply->epoch()});
          fences_.note({claim.role, reply->epoch()}); // somebody else knows of a newer one
        }
        on_fence_answer(link, generation, raised ? std::string{} : "its answer cannot be read");
      },
      [this, &link, generation](caf::error& error) { on_fence_answer(link, generation, system().render(error)); });
  }
}

void apiserver::on_fence_answer(shard_link& link, uint64_t generation, const std::string& failure) {
  if (link.generation != generation)
    return;
  if (!failure.empty()) {
    link.fence_failed = true; // the next tick tries again
    context_.log.warning("a store shard did not confirm an epoch", {{"shard", link.cache->name()}, {"why", failure}});
  }
  if (--link.fences_in_flight > 0)
    return;
  if (!std::exchange(link.fence_failed, false))
    raise_fences(link);
  begin_commits(link);
  announce_when_ready();
  settle_takeovers();
}

/// The shard is followed and refuses all old epochs that are known here: from now on it may be written to.
void apiserver::begin_commits(shard_link& link) {
  if (!link.caught_up || link.following || !fences_.due(link.cache->name()).empty())
    return;
  link.following = true;
  send_barrier(link);
  announce_when_ready();
}

// ---- takeovers -------------------------------------------------------------------------------------------

/// The connected shards that would still take writes of an older epoch.
std::vector<std::string> apiserver::unfenced_shards(const fencing::claim& claim) const {
  std::vector<std::string> result;
  for (const auto& [name, link] : links_)
    if (link.handle && !fences_.confirmed(name, claim))
      result.push_back(name);
  return result;
}

/// True when the answer to `job` has to wait: it wrote, or found, a Role's epoch that some shard has not confirmed.
bool apiserver::await_fences(const job_ptr& job, int64_t revision) {
  if (job->request.dry_run || job->plan.what == verbs::write_plan::action::erase)
    return false;
  const auto& object = job->plan.stored.is_null() ? job->plan.answer : job->plan.stored;
  const auto claim = fencing::claim_of(*job->request.kind, object);
  if (!claim || fences_.epoch_of(claim->role) > claim->epoch)
    return false; // of no effect: a newer one is in force
  fences_.note(*claim);
  for (auto& [name, link] : links_)
    raise_fences(link);
  if (unfenced_shards(*claim).empty())
    return false;
  takeovers_.push_back({*claim, job, revision, now_us() + std::chrono::microseconds{fence_deadline}.count()});
  return true;
}

/// Answers those that are safe, and those that have waited too long.
void apiserver::settle_takeovers() {
  const int64_t now = now_us();
  for (auto& item : std::exchange(takeovers_, {})) {
    if (const auto newer = fences_.epoch_of(item.claim.role); newer > item.claim.epoch) {
      fail(item.job, outdated_claim(*item.job, item.claim, newer));
      continue;
    }
    const auto missing = unfenced_shards(item.claim);
    if (missing.empty()) {
      deliver(item.job, item.revision);
      continue;
    }
    if (now < item.deadline_us) {
      takeovers_.push_back(std::move(item));
      continue;
    }
    fail(item.job, status::unavailable(fmt::format("epoch {} of role \"{}\" is stored, but these store shards have not confirmed it in time: {}; "
                                                   "write it again to wait for them",
                                                   item.claim.epoch, item.claim.role, fmt::join(missing, ", "))));
  }
}

/// A Role whose status would go back to an epoch that is over.
api_error apiserver::outdated_claim(const write_job& job, const fencing::claim& claim, int64_t newer) {
  return status::conflict(*job.request.kind, job.request.name,
                          fmt::format("epoch {} of role \"{}\" is over, epoch {} is in force", claim.epoch, claim.role, newer));
}

/// Before a plan is carried out.
api_error apiserver::check_claim(const write_job& job) const {
  if (job.plan.what != verbs::write_plan::action::put)
    return {};
  const auto claim = fencing::claim_of(*job.request.kind, job.plan.stored);
  const auto newer = claim ? fences_.epoch_of(claim->role) : 0;
  return claim && newer > claim->epoch ? outdated_claim(job, *claim, newer) : api_error{};
}

api_error apiserver::fenced_error(const write_job& job, int64_t epoch) {
  return status::conflict(*job.request.kind, job.request.name,
                          fmt::format("epoch {} of role \"{}\" is over, it was taken over with epoch {}", job.writer.epoch,
                                      job.writer.role, epoch));
}

} // namespace actors::apiserver
