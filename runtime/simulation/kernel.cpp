// The loop that owns order and time.
#include "runtime/simulation/kernel.hpp"

#include "runtime/protocols/register.hpp"

#include <algorithm>

namespace runtime::simulation {

namespace {

constexpr uint64_t order_purpose = 1;
constexpr size_t none = SIZE_MAX;

const caf::scheduled_actor* actor_of(const caf::resumable* job) {
  return job->subtype() == caf::resumable::scheduled_actor ? static_cast<const caf::scheduled_actor*>(job) : nullptr;
}

} // namespace

kernel::config::config() {
  set("scheduler.policy", caf::atom("testing"));
  set("logger.console", caf::atom("none"));
  protocols::register_messages(*this);
}

kernel::kernel(uint64_t seed)
  : seed_(seed), coordinator_(&dynamic_cast<caf::scheduler::test_coordinator&>(system_.scheduler())),
    order_(seed, order_purpose), start_(coordinator_->clock().now()) {
  host_by_actor_.resize(system_.latest_actor_id() + 1, nowhere);
}

/// Everything that still lives is ended, so that the actor system can end.
kernel::~kernel() {
  hook_ = nullptr;
  calendar_.clear();
  coordinator().clock().cancel_all();
  kill_met(nowhere, true);
  while (coordinator().has_job())
    coordinator().run_once();
  coordinator().clock().cancel_all();
}

void kernel::kill_met(host_id host, bool all) {
  for (const auto& [id, address] : met_)
    if (all || host_of(id) == host)
      if (auto actor = caf::actor_cast<caf::actor>(address))
        caf::anon_send_exit(actor, caf::exit_reason::kill);
}

void kernel::end_actors(host_id host) {
  kill_met(host, false);
  drain(host);
  std::erase_if(met_, [&](const auto& item) { return host_of(item.first) == host; });
}

// ---- time and order --------------------------------------------------------------------------------------

void kernel::after(duration delay, event what) {
  calendar_.emplace(now() + std::max(delay, duration::zero()), std::move(what));
}

bool kernel::runnable(const caf::resumable* job) const {
  const auto* actor = actor_of(job);
  if (actor == nullptr)
    return true;
  return !frozen(host_of(actor->id())) && busy_.count(actor->id()) == 0;
}

size_t kernel::choose() {
  auto& jobs = coordinator().jobs;
  if (jobs.empty())
    return none;
  if (frozen_count_ == 0 && busy_.empty())
    return jobs.size() == 1 ? 0 : order_.below(jobs.size());
  std::vector<size_t> candidates;
  for (size_t i = 0; i < jobs.size(); ++i)
    if (runnable(jobs[i]))
      candidates.push_back(i);
  return candidates.empty() ? none : candidates[order_.below(candidates.size())];
}

void kernel::run(size_t index) {
  auto& jobs = coordinator().jobs;
  std::swap(jobs[0], jobs[index]);
  const auto* actor = actor_of(jobs[0]);
  const auto id = actor == nullptr ? caf::actor_id{0} : actor->id();
  const auto host = host_of(id);
  if (hook_ && actor != nullptr)
    hook_({const_cast<caf::scheduled_actor*>(actor), host});
  if (actor != nullptr)
    meet(*actor);
  mix(id);
  mix(static_cast<uint64_t>(now().time_since_epoch().count()));
  if (!pace_.empty())
    if (const auto pace = pace_.find(id); pace != pace_.end())
      busy_[id] = now() + pace->second;
  coordinator().run_once();
  adopt_new_actors(host);
  ++steps_;
}

void kernel::meet(const caf::scheduled_actor& actor) {
  const auto id = actor.id();
  if (id >= is_met_.size())
    is_met_.resize(id + 1'000, false);
  if (is_met_[id])
    return;
  is_met_[id] = true;
  met_.emplace(id, actor.address());
  if (met_.size() > met_looked_) {
    std::erase_if(met_, [](const auto& item) { return !caf::actor_cast<caf::strong_actor_ptr>(item.second); });
    met_looked_ = met_.size() * 2;
  }
}

/// To the next timer, event or end of a pause.
bool kernel::pass_time(time_point until) {
  auto& clock = coordinator().clock();
  auto next = until;
  if (!clock.schedule().empty())
    next = std::min(next, clock.schedule().begin()->first);
  if (!calendar_.empty())
    next = std::min(next, calendar_.begin()->first);
  for (const auto& [actor, end] : busy_)
    next = std::min(next, end);
  const bool something = next < until || (!clock.schedule().empty() && clock.schedule().begin()->first <= until) ||
                         (!calendar_.empty() && calendar_.begin()->first <= until) || !busy_.empty();
  if (next > clock.current_time)
    clock.current_time = next;
  std::erase_if(busy_, [&](const auto& item) { return item.second <= clock.current_time; });
  clock.trigger_expired_timeouts();
  while (!calendar_.empty() && calendar_.begin()->first <= clock.current_time) {
    const auto what = std::move(calendar_.extract(calendar_.begin()).mapped());
    what();
  }
  return something;
}

bool kernel::step(time_point until) {
  const auto index = choose();
  if (index != none) {
    run(index);
    return true;
  }
  return pass_time(until) && now() < until;
}

bool kernel::run_until(const std::function<bool()>& done, duration limit) {
  const auto until = now() + limit;
  while (!done())
    if (!step(until))
      return done();
  return true;
}

void kernel::run_for(duration time) {
  run_until([] { return false; }, time);
}

// ---- hosts -----------------------------------------------------------------------------------------------

host_id kernel::add_host() {
  frozen_.push_back(false);
  return static_cast<host_id>(frozen_.size() - 1);
}

void kernel::adopt_new_actors(host_id host) {
  const auto latest = system_.latest_actor_id();
  if (latest >= host_by_actor_.size())
    host_by_actor_.resize(latest + 1, host);
}

void kernel::on_host(host_id host, const std::function<void()>& what) {
  adopt_new_actors(nowhere);
  what();
  adopt_new_actors(host);
}

host_id kernel::host_of(caf::actor_id actor) const {
  return actor < host_by_actor_.size() ? host_by_actor_[actor] : nowhere;
}

void kernel::freeze(host_id host) {
  if (!frozen_[host])
    ++frozen_count_;
  frozen_[host] = true;
}

void kernel::thaw(host_id host) {
  if (frozen_[host])
    --frozen_count_;
  frozen_[host] = false;
}

void kernel::drain(host_id host) {
  auto& jobs = coordinator().jobs;
  for (;;) {
    const auto mine = std::find_if(jobs.begin(), jobs.end(), [&](const caf::resumable* job) {
      const auto* actor = actor_of(job);
      return actor != nullptr && host_of(actor->id()) == host;
    });
    if (mine == jobs.end())
      return;
    run(static_cast<size_t>(mine - jobs.begin()));
  }
}

void kernel::slow_down(caf::actor_id actor, duration per_message) {
  if (per_message > duration::zero()) {
    pace_[actor] = per_message;
  } else {
    pace_.erase(actor);
    busy_.erase(actor);
  }
}

} // namespace runtime::simulation
