#include "runtime/telemetry/actor_table.hpp"

#include "runtime/telemetry/trace.hpp"

#include <algorithm>

namespace runtime::telemetry {

std::string_view to_string(actor_state state) {
  switch (state) {
    case actor_state::starting:
      return "starting";
    case actor_state::running:
      return "running";
    case actor_state::restarting:
      return "restarting";
    case actor_state::stopped:
      return "stopped";
    case actor_state::failed:
      return "failed";
  }
  return "unknown";
}

void actor_table::add(const std::string& id, const std::string& role, const std::string& host,
                      const std::string& parent) {
  std::lock_guard guard{mutex_};
  auto& entry = entries_[id];
  entry.parent = parent;
  auto& row = entry.row;
  row.id = id;
  row.role = role;
  row.host = host;
  if (entry.order == 0)
    entry.order = ++added_;
  ++version_;
}

void actor_table::remove(const std::string& id) {
  std::lock_guard guard{mutex_};
  entries_.erase(id);
  std::erase_if(entries_, [&](const auto& item) { return item.second.parent == id; });
  ++version_;
  changed_.notify_all();
}

uint64_t actor_table::started(const std::string& id, const caf::strong_actor_ptr& handle, actor_state state) {
  std::lock_guard guard{mutex_};
  auto& entry = entries_[id];
  entry.row.id = id;
  entry.address = caf::actor_cast<caf::actor_addr>(handle);
  entry.row.state = entry.ready == entry.address ? actor_state::running : state;
  ++entry.row.starts;
  retire_counters(entry);
  entry.counters = counters_of(handle);
  entry.alive = true;
  entry.sampled_handled = 0;
  entry.row.messages_per_second = 0;
  ++version_;
  changed_.notify_all();
  if (tracing() && handle)
    trace_started(id, *handle->get());
  return entry.row.starts;
}

void actor_table::ready(const std::string& id, const caf::strong_actor_ptr& handle) {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(id);
  if (i == entries_.end())
    return;
  auto& entry = i->second;
  entry.ready = caf::actor_cast<caf::actor_addr>(handle);
  if (entry.alive && entry.address == entry.ready)
    entry.row.state = actor_state::running;
  ++version_;
}

void actor_table::ended(const std::string& id, actor_state state, const std::string& failure) {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(id);
  if (i != entries_.end())
    end(i->second, state, failure);
}

void actor_table::start_ended(const std::string& id, uint64_t start, actor_state state, const std::string& failure) {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(id);
  if (i != entries_.end() && i->second.row.starts == start)
    end(i->second, state, failure);
}

void actor_table::end(entry& entry, actor_state state, const std::string& failure) {
  entry.row.state = state;
  if (!failure.empty())
    entry.row.last_failure = failure;
  entry.address = nullptr;
  entry.ready = nullptr;
  retire_counters(entry);
  entry.alive = false;
  entry.row.messages_per_second = 0;
  ++version_;
  changed_.notify_all();
}

namespace {

void add_times(std::vector<handler_times>& sum, const std::vector<handler_times>& more) {
  for (auto& item : more) {
    // Types of the same name are one: a library that was swapped in has its own copy of each.
    auto same = std::find_if(sum.begin(), sum.end(), [&](auto& known) { return known.message == item.message; });
    if (same == sum.end())
      sum.push_back(item);
    else
      *same += item;
  }
}

} // namespace

void actor_table::retire_counters(entry& entry) {
  if (!entry.counters)
    return;
  entry.handled_before += entry.counters->handled.load(std::memory_order_relaxed);
  add_times(entry.times_before, entry.counters->times());
  entry.counters = nullptr;
}

std::vector<actor_sample> actor_table::samples() const {
  std::lock_guard guard{mutex_};
  std::vector<actor_sample> result;
  result.reserve(entries_.size());
  for (auto& [id, entry] : entries_) {
    actor_sample sample{.row = shown(entry),
                        .parent = entry.parent,
                        .handled = entry.handled_before,
                        .epoch = entry.epoch,
                        .takeovers = entry.takeovers,
                        .swaps = entry.swaps,
                        .times = entry.times_before};
    if (entry.counters) {
      sample.handled += entry.counters->handled.load(std::memory_order_relaxed);
      add_times(sample.times, entry.counters->times());
    }
    result.push_back(std::move(sample));
  }
  return result;
}

std::string actor_table::id_of(const caf::actor_addr& address) const {
  std::lock_guard guard{mutex_};
  for (auto& [id, entry] : entries_)
    if (entry.alive && entry.address == address)
      return id;
  return {};
}

void actor_table::note_epoch(const std::string& id, int64_t epoch) {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(id);
  if (i == entries_.end() || i->second.epoch == epoch)
    return;
  if (epoch > i->second.epoch)
    ++i->second.takeovers;
  i->second.epoch = epoch;
}

std::vector<std::pair<std::string, int64_t>> actor_table::epochs() const {
  std::lock_guard guard{mutex_};
  std::vector<std::pair<std::string, int64_t>> result;
  for (const auto& [id, entry] : entries_)
    if (entry.epoch > 0)
      result.emplace_back(id, entry.epoch);
  return result;
}

void actor_table::note_swap(const std::string& id) {
  std::lock_guard guard{mutex_};
  if (auto i = entries_.find(id); i != entries_.end())
    ++i->second.swaps;
}

actor_row actor_table::shown(const entry& entry) {
  auto row = entry.row;
  if (entry.counters) {
    // Read in this order: `handled` never passes `received`, so the depth cannot become negative.
    auto handled = entry.counters->handled.load(std::memory_order_relaxed);
    auto received = entry.counters->received.load(std::memory_order_relaxed);
    row.mailbox_depth = received > handled ? received - handled : 0;
  }
  return row;
}

std::vector<actor_row> actor_table::rows() const {
  std::lock_guard guard{mutex_};
  std::vector<actor_row> result;
  result.reserve(entries_.size());
  for (auto& [id, entry] : entries_)
    result.push_back(shown(entry));
  return result;
}

std::vector<tree_row> actor_table::tree() const {
  std::lock_guard guard{mutex_};
  std::vector<const entry*> in_order;
  for (auto& [id, entry] : entries_)
    in_order.push_back(&entry);
  std::sort(in_order.begin(), in_order.end(), [](auto* a, auto* b) { return a->order < b->order; });
  std::vector<tree_row> result;
  result.reserve(in_order.size());
  for (auto* entry : in_order)
    result.push_back({shown(*entry), entry->parent, entry->strategy, entry->restarts_max, entry->period});
  return result;
}

void actor_table::supervises(const std::string& id, std::string_view strategy, uint64_t restarts_max,
                             std::chrono::milliseconds period) {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(id);
  if (i == entries_.end())
    return; // a supervisor that nobody lists
  i->second.strategy = strategy;
  i->second.restarts_max = restarts_max;
  i->second.period = period;
}

std::optional<actor_row> actor_table::find(const std::string& id) const {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(id);
  if (i == entries_.end())
    return std::nullopt;
  return shown(i->second);
}

caf::strong_actor_ptr actor_table::handle_of(const std::string& id) const {
  std::lock_guard guard{mutex_};
  auto i = entries_.find(id);
  if (i == entries_.end() || !i->second.alive)
    return nullptr;
  return caf::actor_cast<caf::strong_actor_ptr>(i->second.address);
}

void actor_table::sample(int64_t monotonic_us) {
  std::lock_guard guard{mutex_};
  for (auto& [id, entry] : entries_) {
    if (!entry.counters)
      continue;
    auto handled = entry.counters->handled.load(std::memory_order_relaxed);
    auto elapsed_us = monotonic_us - entry.sampled_us;
    if (entry.sampled_us > 0 && elapsed_us > 0)
      entry.row.messages_per_second = static_cast<double>(handled - entry.sampled_handled) * 1e6
                                      / static_cast<double>(elapsed_us);
    entry.sampled_handled = handled;
    entry.sampled_us = monotonic_us;
  }
}

bool actor_table::wait_for_end(const std::string& id, uint64_t start, std::chrono::milliseconds timeout) const {
  std::unique_lock guard{mutex_};
  return changed_.wait_for(guard, timeout, [&] {
    auto i = entries_.find(id);
    return i == entries_.end() || i->second.row.starts != start || !i->second.alive;
  });
}

void enroll(const std::shared_ptr<actor_table>& table, const std::string& id, const std::string& role,
            const std::string& host, const caf::strong_actor_ptr& handle, const std::string& parent) {
  if (!table || !handle)
    return;
  table->add(id, role, host, parent);
  auto start = table->started(id, handle, actor_state::running);
  handle->get()->attach_functor([weak = std::weak_ptr{table}, id, start](const caf::error& reason) {
    auto orderly = is_orderly(reason);
    if (auto table = weak.lock())
      table->start_ended(id, start, orderly ? actor_state::stopped : actor_state::failed,
                         orderly ? std::string{} : failure_text(reason));
  });
}

} // namespace runtime::telemetry
