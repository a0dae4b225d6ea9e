#include "runtime/hotswap/seat.hpp"

#include "runtime/hotswap/version_table.hpp"

namespace runtime::hotswap {

seat::seat(host::role_context context, version built_in) : context_(std::move(context)) {
  built_in.role = context_.id;
  built_in.name = built_in_name;
  running_ = std::make_shared<const version>(std::move(built_in));
  if (context_.versions)
    running_ = context_.versions->role_started(context_, running_);
  if (!running_->built_in()) {
    try {
      object_ = running_->make(context_);
    } catch (const std::exception& error) {
      running_ = context_.versions->unfit(context_.id, error.what());
    }
  }
  if (!object_)
    object_ = running_->make(context_);
}

void seat::serves(const caf::strong_actor_ptr& self) {
  if (context_.versions)
    context_.versions->role_serves(context_.id, self);
}

void seat::count(bool failed, const std::string& exception) {
  if (!trial_) {
    counts_.add(now_us(), failed, !exception.empty());
    return;
  }
  ++trial_->decisions;
  trial_->failures += failed ? 1 : 0;
  if (!exception.empty() && trial_->exception.empty()) {
    trial_->exception = exception;
    trial_->next_us = now_us(); // at once
  }
}

void seat::take_over(const swap_order& order, std::string state, const work_done& now, int64_t pause_us) {
  running_ = order.what;
  object_ = order.object;
  former_state_ = std::move(state);
  trial_.reset();
  if (order.back) {
    counts_ = {};
    if (context_.versions)
      context_.versions->rolled_back(context_.id, order.reason, pause_us);
    return;
  }
  trial_.emplace();
  trial_->rules = order.rules;
  trial_->before = counts_.read(now_us());
  trial_->before.backlog = now.messages + now.keys;
  trial_->since_us = now_us();
  trial_->next_us = trial_->since_us + sample_period_us(order.rules);
  if (context_.versions)
    context_.versions->swapped(running_, order.rules, pause_us);
}

std::optional<int64_t> seat::next_check_us() const {
  if (!trial_ || trial_->judged)
    return std::nullopt;
  return trial_->next_us;
}

judgement seat::check(const work_done& now) {
  if (!trial_ || trial_->judged || now_us() < trial_->next_us)
    return {};
  auto& samples = trial_->samples;
  samples.push_back({.at_us = now_us() - trial_->since_us,
                     .backlog = now.messages + now.keys,
                     .keys = now.keys,
                     .decisions = trial_->decisions,
                     .failures = trial_->failures,
                     .able = now.able});
  if (samples.size() > samples_max(trial_->rules))
    samples.erase(samples.begin());
  trial_->next_us = now_us() + sample_period_us(trial_->rules);
  auto result = judge(trial_->rules, trial_->before, samples, trial_->exception);
  if (result.what == verdict::roll_back)
    trial_->judged = true;
  if (result.what == verdict::settle) {
    trial_.reset();
    counts_ = {};
    if (context_.versions)
      context_.versions->settled(context_.id);
  }
  return result;
}

swap_order seat::make_former(std::string reason) const {
  const auto former = context_.versions ? context_.versions->rollback_target(context_.id) : nullptr;
  if (!former)
    throw refused("there is no former version of `" + context_.id + "`");
  return {.what = former, .object = former->make(context_), .back = true, .reason = std::move(reason)};
}

} // namespace runtime::hotswap
