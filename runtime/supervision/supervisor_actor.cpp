#include "runtime/supervision/supervisor_actor.hpp"

#include <caf/all.hpp>

#include <algorithm>

namespace runtime::supervision {

namespace {

/// Timers of the supervisor, to itself.
struct backoff_over {
  size_t index;
  uint64_t step;
};

struct stop_timeout {
  size_t index;
  uint64_t step;
};

struct begin {};

} // namespace

} // namespace runtime::supervision

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::supervision::backoff_over)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::supervision::stop_timeout)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::supervision::begin)

namespace runtime::supervision {

using telemetry::actor_state;

supervisor_actor::supervisor_actor(caf::actor_config& cfg, supervisor_spec spec)
  : metered(cfg), spec_(std::move(spec)) {
  for (auto& child_spec : spec_.children) {
    if (spec_.table)
      spec_.table->add(child_spec.id, child_spec.role, spec_.host, spec_.id);
    children_.push_back({.spec = child_spec, .must_start = true});
  }
  show_limit();
}

const char* supervisor_actor::name() const {
  return "supervisor";
}

caf::behavior supervisor_actor::make_behavior() {
  set_down_handler([this](const caf::down_msg& down) {
    auto i = by_address_.find(down.source);
    if (i == by_address_.end())
      return;
    auto index = i->second;
    by_address_.erase(i);
    on_child_end(index, down.reason);
  });
  set_exit_handler([this](const caf::exit_msg& exit) { on_stop(exit.reason); });
  // Children are started by a message, so that a start that fails finds this actor complete.
  send(this, begin{});
  return {
    [this](begin) { advance(); },
    [this](const backoff_over& timer) {
      auto& child = children_[timer.index];
      if (child.step == timer.step && child.state == phase::waiting) {
        child.due = true;
        advance();
      }
    },
    [this](const stop_timeout& timer) { on_stop_timeout(timer.index, timer.step); },
    [this](const add_child& order) { on_add(order); },
    [this](const remove_child& order) { return on_remove(order); },
  };
}

void supervisor_actor::on_exit() {
  // Whatever ended this supervisor, nothing of it stays behind unsupervised.
  for (auto i = children_.rbegin(); i != children_.rend(); ++i) {
    if (i->handle)
      caf::anon_send_exit(i->handle, caf::exit_reason::kill);
    note_end(*i, actor_state::stopped, {});
  }
  by_address_.clear();
}

// -- events ---------------------------------------------------------------------------------------------

void supervisor_actor::on_child_end(size_t index, const caf::error& reason) {
  auto& child = children_[index];
  auto was = child.state;
  child.handle = nullptr;
  child.state = phase::down;
  ++child.step;
  if (was == phase::stopping) {
    child.must_stop = false;
    if (child.killed)
      spec_.log.warning("child had to be killed", {{"id", child.spec.id}});
    note_end(child, actor_state::stopped, {});
    finish_removal(child);
  } else {
    handle_failure(index, telemetry::is_orderly(reason), telemetry::failure_text(reason));
  }
  advance();
}

void supervisor_actor::on_stop_timeout(size_t index, uint64_t step) {
  auto& child = children_[index];
  if (child.step != step || child.state != phase::stopping)
    return;
  if (!child.killed) {
    child.killed = true;
    caf::anon_send_exit(child.handle, caf::exit_reason::kill);
    delayed_send(this, kill_wait, stop_timeout{index, step});
    return;
  }
  auto text = child.spec.id + " does not end: one of its handlers runs without return";
  spec_.log.error("child does not end", {{"id", child.spec.id}});
  note_end(child, actor_state::failed, text);
  quit(telemetry::make_failure(text));
}

void supervisor_actor::on_stop(const caf::error& reason) {
  if (ending_)
    return;
  ending_ = true;
  end_reason_ = reason;
  for (auto& child : children_) {
    child.must_start = false;
    child.must_stop = child.state == phase::up || child.state == phase::stopping;
    if (child.state == phase::waiting)
      child.state = phase::down;
  }
  advance();
}

void supervisor_actor::on_add(const add_child& order) {
  if (ending_)
    return;
  auto found = std::find_if(children_.begin(), children_.end(),
                            [&](const child& item) { return item.spec.id == order.spec.id; });
  auto known = found != children_.end();
  if (known && (found->state == phase::up || found->state == phase::waiting || found->must_start) && !found->removed)
    return;
  if (spec_.table)
    spec_.table->add(order.spec.id, order.spec.role, spec_.host, spec_.id);
  if (!known) {
    children_.push_back({.spec = order.spec, .must_start = true});
  } else {
    // One that is still stopping is started when it has ended.
    found->spec = order.spec;
    found->removed = false;
    found->must_start = found->due = true;
    found->streak = 0;
    found->history = {};
  }
  show_limit();
  advance();
}

caf::result<child_removed> supervisor_actor::on_remove(const remove_child& order) {
  auto found = std::find_if(children_.begin(), children_.end(),
                            [&](const child& item) { return item.spec.id == order.id; });
  if (found == children_.end() || found->removed)
    return child_removed{order.id};
  found->removed = true;
  found->must_start = false;
  show_limit();
  if (found->state == phase::waiting) {
    found->state = phase::down;
    ++found->step;
  }
  if (found->state == phase::down) {
    finish_removal(*found);
    return child_removed{order.id};
  }
  auto promise = make_response_promise();
  found->removals.push_back(promise);
  found->must_stop = true;
  advance();
  return caf::delegated<child_removed>{};
}

/// After the end of a child that was to be removed; one that was added again meanwhile keeps its row.
void supervisor_actor::finish_removal(child& child) {
  for (auto& promise : child.removals)
    promise.deliver(child_removed{child.spec.id});
  child.removals.clear();
  if (child.removed && spec_.table)
    spec_.table->remove(child.spec.id);
}

// -- steps ----------------------------------------------------------------------------------------------

void supervisor_actor::advance() {
  if (advancing_)
    return; // a start that failed: the loop below goes on
  advancing_ = true;
  auto stopping = stop_some();
  if (ending_ && !stopping)
    quit(end_reason_);
  // Children that do not depend on each other do not wait for one that takes its time to stop.
  else if (!ending_ && (!stopping || spec_.how == strategy::one_for_one))
    start_some();
  advancing_ = false;
}

/// Stops what must be stopped, latest first. True while something is left to wait for.
bool supervisor_actor::stop_some() {
  bool waiting = false;
  for (auto i = children_.size(); i-- > 0;) {
    auto& child = children_[i];
    if (!child.must_stop)
      continue;
    if (child.state == phase::up)
      begin_stop(i);
    if (child.state != phase::stopping) {
      child.must_stop = false;
      continue;
    }
    waiting = true;
    if (!spec_.stop_together)
      return true;
  }
  return waiting;
}

void supervisor_actor::begin_stop(size_t index) {
  auto& child = children_[index];
  child.state = phase::stopping;
  child.killed = false;
  ++child.step;
  spec_.log.debug("stopping", {{"id", child.spec.id}});
  caf::anon_send_exit(child.handle, caf::exit_reason::user_shutdown);
  delayed_send(this, child.spec.shutdown, stop_timeout{index, child.step});
}

/// Starts what is due. Unless children are independent, none is started before those ahead of it.
void supervisor_actor::start_some() {
  for (size_t i = 0; i < children_.size() && !ending_; ++i) {
    auto& child = children_[i];
    if (!child.must_start)
      continue;
    if (child.due && child.state != phase::up && child.state != phase::stopping)
      start(child);
    if (child.must_start && spec_.how != strategy::one_for_one)
      return;
  }
  // A failed start may have asked for stops (one_for_all) or for giving up.
  if (ending_ && !stop_some())
    quit(end_reason_);
}

void supervisor_actor::start(child& child) {
  auto index = static_cast<size_t>(&child - children_.data());
  child.must_start = false;
  ++child.step;
  child.started = clock().now();
  try {
    child.handle = child.spec.start();
    if (!child.handle)
      throw std::runtime_error("its start function made no actor");
  } catch (...) {
    child.handle = nullptr;
    child.state = phase::down;
    handle_failure(index, false, telemetry::exception_text(std::current_exception()));
    return;
  }
  child.state = phase::up;
  by_address_[caf::actor_cast<caf::actor_addr>(child.handle)] = index;
  monitor(child.handle);
  if (spec_.table)
    spec_.table->started(child.spec.id, child.handle,
                         child.spec.ready_when_started ? actor_state::running : actor_state::starting);
}

void supervisor_actor::handle_failure(size_t index, bool orderly, const std::string& text) {
  auto& child = children_[index];
  auto now = clock().now();
  if (now - child.started >= child.spec.backoff.forgive_after)
    child.streak = 0;
  auto restarts = wants_restart(child.spec.restart, orderly) && !ending_;
  ended_child ended{.index = index,
                    .children = children_.size(),
                    .orderly = orderly,
                    .streak = child.streak++,
                    .too_many = restarts && is_too_many(child)};
  auto chance = spec_.random ? spec_.random->unit() : 0.5;
  auto decision = restarts ? decide_restart(ended, child.spec, spec_.how, chance) : restart_decision{};
  if (orderly)
    spec_.log.info("child ended", {{"id", child.spec.id}});
  else
    spec_.log.error("child failed", {{"id", child.spec.id}, {"failure", text}, {"delay_ms", decision.delay.count()}});
  if (!orderly && spec_.on_failure)
    spec_.on_failure(child.spec, text);
  if (!orderly)
    failures_.add(child.spec.id, text);
  note_end(child,
           decision.what == verdict::restart ? actor_state::restarting
           : orderly                         ? actor_state::stopped
                                             : actor_state::failed,
           orderly ? std::string{} : text);
  if (decision.what == verdict::escalate)
    return give_up(child);
  for (auto i : decision.affected) {
    auto& affected = children_[i];
    // A sibling that was to stay down (temporary, or transient and done) stays down.
    if (i != index && affected.state == phase::down && !affected.must_start)
      continue;
    affected.must_start = true;
    affected.must_stop = affected.state == phase::up || affected.state == phase::stopping;
    affected.due = i != index || decision.delay.count() == 0;
  }
  if (decision.what != verdict::restart)
    return;
  if (!child.due) {
    child.state = phase::waiting;
    delayed_send(this, decision.delay, backoff_over{index, child.step});
  }
  // By a message: a child that fails while it is started must not keep this actor from its mailbox.
  send(this, begin{});
}

/// The supervisor's own limit, for the children of the moment.
restart_intensity supervisor_actor::limit() const {
  auto result = spec_.intensity;
  for (auto& child : children_)
    result.restarts_max += child.removed ? 0 : spec_.restarts_per_child;
  return result;
}

void supervisor_actor::show_limit() const {
  auto now = limit();
  if (spec_.table)
    spec_.table->supervises(spec_.id, to_string(spec_.how), now.restarts_max, now.period);
}

/// Records a restart, in the child's history and in the supervisor's.
bool supervisor_actor::is_too_many(child& child) {
  auto now = clock().now();
  auto own = child.spec.intensity && child.history.add(now, *child.spec.intensity);
  auto all = history_.add(now, limit());
  child.over_its_own = own && !all;
  return own || all;
}

void supervisor_actor::give_up(const child& last) {
  exhaustion what{.supervisor = spec_.id,
                  .child = last.spec.id,
                  .limit = last.over_its_own ? *last.spec.intensity : limit(),
                  .of_child_alone = last.over_its_own,
                  .failures = failures_.entries()};
  auto text = describe(what);
  spec_.log.error("giving up", {{"supervisor", spec_.id}, {"failure", text}});
  if (spec_.on_exhausted)
    spec_.on_exhausted(what);
  on_stop(telemetry::make_failure(text));
}

void supervisor_actor::note_end(child& child, actor_state state, const std::string& failure) {
  if (spec_.table)
    spec_.table->ended(child.spec.id, state, failure);
}

} // namespace runtime::supervision
