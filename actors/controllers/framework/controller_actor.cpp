// Queue, plans, gates.
#include "actors/controllers/framework/controller_actor.hpp"

#include <fmt/format.h>

#include "messages/api/meta/v1/meta_generated.h"

namespace actors::controllers::framework {

controller_actor::controller_actor(caf::actor_config& config, runtime::host::role_context context,
                                   const controller_descriptor& descriptor)
    : super(config), context_(std::move(context)), syncs_max_(descriptor.syncs_max),
      api_(this, context_, client::controller_identity(descriptor.account)), events_(api_, descriptor.account),
      seat_(context_, {.make = [make = descriptor.make](const auto& context) { return make(context); }}),
      trial_(api_, events_, seat_),
      controller_(std::dynamic_pointer_cast<controller>(seat_.object())) {
  if (!controller_) // a plugin that lies about what it is; it was checked when it was swapped in
    throw std::logic_error(seat_.running().name + " is no controller");
}

controller_actor::behavior_type controller_actor::make_behavior() {
  auto tools = tools_of(set_);
  controller_->start(tools);
  caches_ = api_.caches();
  api_.on_active([this] {
    if (context_.tenure)
      for (auto* cache : caches_)
        cache->tell_all();
    pump();
  });
  api_.start();
  seat_.serves(caf::actor_cast<caf::strong_actor_ptr>(this));
  return {
    [this](const client::protocol::watch_batch& batch) {
      api_.receive(batch);
      pump();
    },
    [this](const runtime::directory::role_up& event) { api_.receive(event); },
    [this](const runtime::directory::role_down& event) { api_.receive(event); },
    [this](const runtime::host::tenure_changed& event) { api_.receive(event); },
    [this](const client::wake& event) {
      api_.receive(event);
      pump();
    },
    [this](const runtime::hotswap::swap_order& order) { return on_swap(order); },
  };
}

void controller_actor::on_exit() {
  if (candidate_ && candidate_->promise)
    candidate_->promise->deliver(runtime::hotswap::swap_outcome{.refused = "its actor ended"});
  candidate_.reset();
  controller_.reset();
  seat_.clear();
  super::on_exit();
}

/// In standby nothing is remembered: keys would gather for as long as it lasts. Once active, all objects are looked at, as
/// after a crash.
void controller_actor::enqueue(const std::string& key, std::chrono::milliseconds delay) {
  if (!api_.active())
    return;
  if (auto change = client::current_change())
    causes_[key] = std::move(*change);
  if (delay.count() > 0)
    queue_.add_at(key, now_us() + std::chrono::microseconds{delay}.count());
  else
    queue_.add(key);
}

void controller_actor::pump() {
  if (pumping_)
    return;
  check_trial();
  if (held_ || !api_.synced() || !api_.active())
    return;
  pumping_ = true;
  std::vector<std::string> waiting;
  size_t looks = 0;
  while (!held_ && queue_.syncing() < syncs_max_ + waiting.size()) {
    if (queue_.ready() == 0 && !second_look_.empty()) {
      if (looks++ == second_looks_per_turn) {
        if (!look_timer_)
          look_timer_ = api_.after(std::chrono::milliseconds{0}, [this] { look_timer_.reset(); });
        break;
      }
      queue_.add(second_look_.front());
      second_look_.pop_front();
    }
    const auto key = queue_.take(now_us());
    if (!key && second_look_.empty())
      break;
    if (!key)
      continue; // that one is being synced
    if (sees_own_writes(*key))
      begin(*key);
    else
      waiting.push_back(*key);
  }
  for (const auto& key : waiting)
    queue_.postpone(key, now_us() + 1); // the event that it waits for wakes the queue
  pumping_ = false;
  schedule();
}

/// Wakes up for the next delayed key.
void controller_actor::schedule() {
  const auto due = queue_.next_due();
  if (!due || queue_.syncing() >= syncs_max_)
    return;
  constexpr int64_t pause_min_us = 2'000; // a key that waits for its own write is not polled faster
  const int64_t at = std::max(*due, now_us() + pause_min_us);
  if (timer_ && timer_due_us_ <= at)
    return;
  if (timer_)
    api_.cancel(*timer_);
  timer_due_us_ = at;
  timer_ = api_.after(std::chrono::milliseconds{(at - now_us() + 999) / 1000}, [this] { timer_.reset(); });
}

bool controller_actor::sees_own_writes(const std::string& key) {
  const auto found = own_writes_.find(key);
  if (found == own_writes_.end())
    return true;
  if (now_us() < found->second.give_up_us)
    for (const auto& write : found->second.writes)
      for (const auto* cache : caches_)
        if (write.is_of(cache->what()) && cache->revision() < write.revision)
          return false;
  own_writes_.erase(found);
  return true;
}

void controller_actor::begin(const std::string& key) {
  forget_old_writes();
  auto plan = std::make_shared<running_plan>();
  plan->key = key;
  if (auto cause = causes_.extract(key))
    plan->cause = std::move(cause.mapped());
  plan->made_by = controller_;
  std::string failure;
  try {
    plan->plan = controller_->sync(key);
  } catch (const std::exception& error) {
    failure = error.what();
  } catch (...) {
    failure = "something that is no std::exception";
  }
  if (!failure.empty()) {
    const int64_t delay = queue_.failed(key, now_us());
    causes_.emplace(key, std::move(plan->cause)); // tried again for the same reason, unless there is a newer one
    context_.log.error("sync failed", {{"key", key}, {"why", failure}, {"retry_ms", delay / 1000}});
    seat_.count(true, failure);
    check_trial();
    return;
  }
  for (const auto& event : plan->plan.events)
    note(event, "");
  if (plan->plan.again_after)
    queue_.add_at(key, now_us() + std::chrono::microseconds{*plan->plan.again_after}.count());
  carry_out(plan);
}

/// Keys that never come back, such as those of deleted objects, must not stay.
void controller_actor::forget_old_writes() {
  if (own_writes_.size() < own_writes_purge_min || now_us() < own_writes_purge_us_)
    return;
  own_writes_purge_us_ = now_us() + std::chrono::microseconds{own_write_wait_max}.count();
  std::erase_if(own_writes_, [now = now_us()](const auto& item) { return item.second.give_up_us <= now; });
}

void controller_actor::carry_out(const plan_ptr& plan) {
  while (plan->next < plan->plan.operations.size() && plan->in_flight < operations_in_flight_max) {
    const operation& what = plan->plan.operations[plan->next++];
    ++plan->in_flight;
    const client::cause_scope cause{api_, plan->cause.object, plan->cause.revision};
    send(what, [this, plan, &what](const client::api_result& result) { finished(plan, what, result); });
  }
  if (plan->in_flight == 0 && plan->next == plan->plan.operations.size() && !std::exchange(plan->finished, true))
    finish_key(plan);
}

void controller_actor::send(const operation& what, client::api_callback done) {
  const auto& resource = *what.resource;
  switch (what.what) {
    case operation::verb::create: api_.create(resource, what.object, std::move(done)); return;
    case operation::verb::update: api_.update(resource, "", what.object, std::move(done)); return;
    case operation::verb::update_status: api_.update(resource, "status", what.object, std::move(done)); return;
    case operation::verb::update_finalize: api_.update(resource, "finalize", what.object, std::move(done)); return;
    case operation::verb::patch:
      api_.patch(resource, "", what.name_space, what.name, what.patch_kind, what.object, std::move(done));
      return;
    case operation::verb::patch_status:
      api_.patch(resource, "status", what.name_space, what.name, what.patch_kind, what.object, std::move(done));
      return;
    case operation::verb::remove:
      api_.remove(resource, what.name_space, what.name, what.options, std::move(done));
      return;
    case operation::verb::remove_collection:
      api_.remove_collection(resource, what.name_space, what.options, std::move(done));
      return;
    case operation::verb::get: api_.get(resource, what.name_space, what.name, std::move(done)); return;
  }
}

void controller_actor::note(const event_note& event, std::string_view detail) {
  std::string message = event.message;
  if (const auto at = message.find("{}"); at != std::string::npos)
    message.replace(at, 2, detail);
  if (event.warning)
    events_.warning(event.about, event.reason, message);
  else
    events_.normal(event.about, event.reason, message);
}

void controller_actor::finished(const plan_ptr& plan, const operation& what, const client::api_result& result) {
  --plan->in_flight;
  if (what.on_result)
    what.on_result(result);
  const bool tolerated = std::find(what.tolerated.begin(), what.tolerated.end(), result.code) != what.tolerated.end();
  if (result.ok()) {
    if (result.revision > 0 && what.what != operation::verb::get) {
      auto& own = own_writes_[plan->key];
      own.add(*what.resource, result.revision);
      own.give_up_us = now_us() + std::chrono::microseconds{own_write_wait_max}.count();
    }
    if (what.on_success) {
      // A removal may be answered with a Status instead of the object.
      const bool has_object = result.object && what.what != operation::verb::remove && what.what != operation::verb::remove_collection;
      const auto* metadata = has_object ? client::metadata_of(*what.resource, result.object) : nullptr;
      note(*what.on_success, metadata != nullptr ? metadata->name()->str() : what.name);
    }
  } else if (!tolerated) {
    if (plan->failure.empty())
      plan->failure = result.message.empty() ? fmt::format("code {}", result.code) : result.message;
    if (what.on_failure && !result.conflict())
      note(*what.on_failure, result.message);
  }
  carry_out(plan);
}

void controller_actor::finish_key(const plan_ptr& plan) {
  if (plan->made_by == controller_)
    seat_.count(!plan->failure.empty());
  if (plan->failure.empty()) {
    queue_.done(plan->key);
  } else {
    const int64_t delay = queue_.failed(plan->key, now_us());
    causes_.emplace(plan->key, plan->cause);
    context_.log.info("sync will be tried again", {{"key", plan->key}, {"why", plan->failure}, {"retry_ms", delay / 1000}});
  }
  pump();
}

runtime::host::role_descriptor describe(const controller_descriptor& descriptor,
                                        caf::strong_actor_ptr (*spawn)(caf::actor_system&, const runtime::host::role_context&)) {
  return {
    .spec = {.name = "controllers/" + descriptor.name, .summary = descriptor.summary},
    .phase = runtime::host::start_phase::controllers,
    .spawn = spawn,
  };
}

} // namespace actors::controllers::framework
