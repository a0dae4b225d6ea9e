// How a controller's actor takes another version of its controller: it is started on caches of its own, which are filled
// beside those in use; when they are complete, work and state change hands between two messages. The old version works
// until then, and nothing of it is touched when the new one is refused.
#include "actors/controllers/framework/controller_actor.hpp"

#include <fmt/format.h>

namespace actors::controllers::framework {

using runtime::hotswap::swap_order;
using runtime::hotswap::swap_outcome;

namespace {

constexpr std::chrono::milliseconds sync_poll{5}; // while only apiservers are waited for

/// Runs `step`; what it throws, as text.
template <class F>
std::string text_of_failure(F step) {
  try {
    step();
    return {};
  } catch (const std::exception& error) {
    return *error.what() == 0 ? "an exception without a text" : error.what();
  } catch (...) {
    return "something that is no std::exception";
  }
}

} // namespace

/// A version's keys go to the queue when it works, aside while it is made ready, and nowhere after its end.
setup controller_actor::tools_of(uint64_t set) {
  return {
    api_,
    [this, set](const std::string& key) {
      if (set == set_)
        enqueue(key);
      else if (candidate_ && candidate_->set == set)
        candidate_->keys.insert(key);
    },
    [this, set](const std::string& key, std::chrono::milliseconds delay) {
      if (set == set_)
        enqueue(key, delay);
      else if (candidate_ && candidate_->set == set)
        candidate_->later.emplace_back(key, now_us() + std::chrono::microseconds{delay}.count());
    },
    [this] { return api_.connected(); },
  };
}

controller_actor::outcome_promise controller_actor::on_swap(const swap_order& order) {
  auto promise = make_response_promise<swap_outcome>();
  if (candidate_)
    promise.deliver(swap_outcome{.refused = "another version is being made ready"});
  else if (seat_.on_trial() && !order.back)
    promise.deliver(swap_outcome{.refused = seat_.running().name + " is still on probation"});
  else
    begin_candidate(order, promise);
  return promise;
}

void controller_actor::begin_candidate(const swap_order& order, std::optional<outcome_promise> promise) {
  candidate_ = std::make_unique<candidate>();
  candidate_->order = order;
  candidate_->promise = std::move(promise);
  candidate_->set = ++sets_;
  candidate_->begun_us = now_us();
  candidate_->object = std::dynamic_pointer_cast<controller>(order.object);
  if (!candidate_->object) {
    refuse_candidate("what " + order.what->name + " makes is no controller");
    return;
  }
  api_.begin_second_set();
  auto tools = tools_of(candidate_->set);
  const auto failure = text_of_failure([&] { candidate_->object->start(tools); });
  api_.declared();
  if (!failure.empty()) {
    refuse_candidate("its start failed: " + failure);
    return;
  }
  candidate_->turn_us_max = now_us() - candidate_->begun_us;
  fill_candidate();
}

void controller_actor::fill_candidate() {
  if (!candidate_)
    return;
  const int64_t begun = now_us();
  bool filled = false;
  auto failure = text_of_failure([&] { filled = api_.fill_second_set(objects_copied_per_turn); });
  if (failure.empty())
    failure = api_.second_set_failure();
  candidate_->turn_us_max = std::max(candidate_->turn_us_max, now_us() - begun);
  if (!failure.empty())
    refuse_candidate("it failed on an object: " + failure);
  else if (candidate_->order.until_us > 0 && begun > candidate_->order.until_us)
    refuse_candidate("its caches were not complete in time: is an apiserver up?");
  else if (filled)
    switch_over();
  else
    api_.after(api_.second_set_copying() ? std::chrono::milliseconds{0} : sync_poll,
               [this, set = candidate_->set] {
                 if (candidate_ && candidate_->set == set)
                   fill_candidate();
               });
}

/// The state that the next version takes; false: it takes none. On the way back a refusal is overruled: the former version
/// gets what it handed over itself, or begins without.
bool controller_actor::hand_state_to(controller& next, const swap_order& order, std::string& state, std::string& why) {
  auto handed = export_work(queue_, own_writes_, now_us());
  handed.role = context_.id;
  handed.from_version = seat_.running().name;
  const auto exported = text_of_failure([&] {
    const auto own = held_ ? std::string{} : controller_->export_state();
    handed.private_state.assign(own.begin(), own.end());
  });
  if (!exported.empty() && !order.back) {
    why = seat_.running().name + " cannot export its state: " + exported;
    return false;
  }
  state = runtime::hotswap::pack(handed);
  const auto read = runtime::hotswap::unpack(state, why);
  if (!read)
    return false;
  const auto take = [&](const std::string& bytes) {
    bool taken = false;
    why = text_of_failure([&] { taken = next.import_state(bytes); });
    if (!taken && why.empty())
      why = fmt::format("it rejects the state of {} ({} bytes)", seat_.running().name, bytes.size());
    if (taken || order.back) {
      queue_ = import_queue(*read, now_us());
      own_writes_ = import_own_writes(*read, now_us());
    }
    return taken;
  };
  if (!held_ && take({read->private_state.begin(), read->private_state.end()}))
    return true;
  if (!order.back)
    return false;
  if (std::string ignored; const auto former = runtime::hotswap::unpack(seat_.former_state(), ignored))
    if (take({former->private_state.begin(), former->private_state.end()}))
      return true;
  take({});
  return true;
}

void controller_actor::switch_over() {
  const int64_t begun = now_us();
  std::string state, why;
  if (!hand_state_to(*candidate_->object, candidate_->order, state, why)) {
    refuse_candidate(why);
    return;
  }
  const auto before = work_now();
  const auto next = std::move(candidate_);
  api_.adopt_second_set();
  caches_ = api_.caches();
  set_ = next->set;
  controller_ = next->object;
  held_ = false;
  const auto keys = queue_.size() + queue_.syncing();
  // Every object is new to it, but what has just changed comes first. Keys of an earlier look that is not over are among them.
  // In standby nothing is remembered, see enqueue().
  second_look_.clear();
  if (api_.active()) {
    second_look_.assign(next->keys.begin(), next->keys.end());
    for (const auto& [key, due_us] : next->later)
      queue_.add_at(key, due_us);
  }
  const int64_t pause = std::max(now_us() - begun, next->turn_us_max);
  const auto former = seat_.running().name;
  seat_.take_over(next->order, state, before, pause);
  trial_.tell_swapped(former, next->order);
  if (next->promise)
    next->promise->deliver(swap_outcome{
      .prepare_us = begun - next->begun_us, .pause_us = pause, .keys = keys, .state_bytes = state.size()});
  pump();
}

void controller_actor::refuse_candidate(const std::string& why) {
  const auto gone = std::move(candidate_);
  api_.drop_second_set();
  if (gone->promise)
    gone->promise->deliver(swap_outcome{.refused = why});
  else // the version that works is known to be bad: the supervisor starts the actor anew with the former one
    quit(runtime::telemetry::make_failure("rolling back: " + why));
}

runtime::hotswap::work_done controller_actor::work_now() const { return trial_.work(*counters(), queue_.ready()); }

void controller_actor::check_trial() {
  if (held_ || candidate_ || !seat_.on_trial())
    return;
  if (const auto why = trial_.check(work_now()))
    roll_back(*why);
}

void controller_actor::roll_back(const std::string& reason) {
  held_ = true;
  context_.log.error("rolling back", {{"version", seat_.running().name}, {"why", reason}});
  swap_order order;
  const auto failure = text_of_failure([&] { order = seat_.make_former(reason); });
  if (failure.empty())
    begin_candidate(order, std::nullopt);
  else
    quit(runtime::telemetry::make_failure("rolling back: " + failure));
}

} // namespace actors::controllers::framework
