// Writes whose outcome is unknown: the shard died, or the link to its host was lost, before the answer came. Each is looked
// up on a view that is as new as the store, before it is tried again, and at every later attempt, since the
// first may still be on its way. So a write happens at most once, and a client is told what is known: done, refused, or that
// nobody knows (504).
#include "actors/apiserver/apiserver_actor.hpp"
#include "messages/codec/codec.hpp"
#include "runtime/transport/ask.hpp"

namespace actors::apiserver {

using verbs::write_plan;

namespace {

std::string uid_of(const cache::cached_object& object) {
  return std::string{messages::codec::unpack(object.what(), object.bytes()).get("metadata").get("uid").str()};
}

} // namespace

api_error apiserver::outcome_unknown() {
  return status::timeout("the store did not answer in time; the request may or may not have been carried out");
}

/// The shard is gone: there will be no answers.
void apiserver::doubt_commits_of(shard_link& link, const std::string& why) {
  for (const auto& [id, item] : std::exchange(link.commits, {})) {
    runtime::transport::give_up(this, item.request);
    on_doubt(item.job, why);
  }
}

void apiserver::on_doubt(const job_ptr& job, const std::string& why) {
  context_.log.warning("a write is in doubt", {{"key", job->plan.key}, {"why", why}});
  job->doubts.push_back({job->plan, job->planned_at});
  job->fresh = false;
  run_fresh(job);
}

/// What became of an attempt. The history of the kind's keys since the attempt tells; where it does not reach back that far,
/// the outcome stays unknown unless the present state proves it.
apiserver::fate apiserver::find_fate(const write_job& job, const doubt& attempt, const cache::snapshot& state,
                                     landed_write& found) const {
  const auto& plan = attempt.plan;
  const auto* entry = state.objects.find(plan.key);
  const auto current = entry == nullptr ? cache::object_ptr{} : *entry;
  const bool erases = plan.what == write_plan::action::erase;
  if (erases && current == nullptr)
    return fate::landed; // by whomever: it is gone
  if (plan.expected > 0 && current != nullptr && current->revision() == plan.expected)
    return fate::not_there;
  if (!erases && current != nullptr && current->bytes().bytes() == plan.packed.bytes()) {
    found.revision = current->revision();
    return fate::landed;
  }
  const auto& window = cache_->shard_of(job.request.kind->key_prefix).window(job.request.kind->key_prefix);
  const int64_t oldest = window.oldest();
  for (const auto& change : window.read(std::max(plan.expected, oldest), cache::change_window::changes_max).changes) {
    if (change.key != plan.key || erases != (change.after == nullptr))
      continue;
    // An erase with the revision that was expected: ours, or the same by somebody else.
    if (erases ? change.before_revision == plan.expected : change.after->bytes().bytes() == plan.packed.bytes()) {
      found.revision = change.revision;
      return fate::landed;
    }
  }
  if (plan.expected == 0 && current != nullptr && !job.uid.empty() && uid_of(*current) == job.uid) {
    found.present = current;
    return fate::landed;
  }
  return std::max(plan.expected, attempt.at) < oldest ? fate::unknown : fate::not_there;
}

/// True when the job is answered.
bool apiserver::settle_doubts(const job_ptr& job, const cache::snapshot& state) {
  bool unknown = false;
  for (auto& attempt : job->doubts) {
    landed_write found;
    const auto outcome = find_fate(*job, attempt, state, found);
    unknown |= outcome == fate::unknown;
    if (outcome != fate::landed)
      continue;
    job->plan = std::move(attempt.plan);
    if (found.present != nullptr) { // changed by somebody else since: answered as it is now
      job->plan.packed = found.present->bytes();
      job->plan.answer = verbs::current_draft(*job->request.kind, *found.present);
      found.revision = found.present->revision();
    }
    if (found.revision > 0)
      note_written(*job, found.revision);
    answer(job, found.revision);
    return true;
  }
  if (unknown)
    fail(job, outcome_unknown());
  return unknown;
}

} // namespace actors::apiserver
