// What `troupe ps` shows: one row per supervised actor of this host. Supervisors write it, the control
// socket's thread reads it, so that it answers even while every worker is busy. Thread-safe.
#pragma once

#include "runtime/telemetry/actor_sample.hpp"
#include "runtime/telemetry/metered.hpp"

#include <caf/actor_addr.hpp>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace runtime::telemetry {

class actor_table {
public:
  /// Adds a row, or keeps the one that exists (its failure and its number of starts outlive the actor).
  /// `parent`: the id of its supervisor, or of the actor that it is a part of.
  void add(const std::string& id, const std::string& role, const std::string& host, const std::string& parent = {});
  /// With the parts of it.
  void remove(const std::string& id);

  /// The number of this start, from 1 on.
  uint64_t started(const std::string& id, const caf::strong_actor_ptr& handle, actor_state state);
  /// The actor serves from now on. May come before `started`: both are told from different actors.
  void ready(const std::string& id, const caf::strong_actor_ptr& handle);
  /// `failure` is empty for an orderly end.
  void ended(const std::string& id, actor_state state, const std::string& failure);
  /// The same, unless a later start has taken the row over.
  void start_ended(const std::string& id, uint64_t start, actor_state state, const std::string& failure);

  /// All rows in the order of their ids.
  std::vector<actor_row> rows() const;
  std::optional<actor_row> find(const std::string& id) const;
  /// Another number whenever an actor was added, removed, started, became ready or ended: else rows show the same but for their counters.
  uint64_t version() const {
    return version_.load(std::memory_order_acquire);
  }
  /// All rows as a tree, in the order in which they were added: children in the order of their start.
  std::vector<tree_row> tree() const;
  /// What a supervisor does about its children: "one_for_one", at most `restarts_max` restarts in `period`.
  void supervises(const std::string& id, std::string_view strategy, uint64_t restarts_max,
                  std::chrono::milliseconds period);
  /// All rows with their counters. Those of earlier starts of an actor are included, so that they never fall.
  std::vector<actor_sample> samples() const;
  /// The row whose live actor this is; empty when there is none.
  std::string id_of(const caf::actor_addr& address) const;

  /// A singleton's tenure on this host; 0: lost or given up. One that begins is counted as a takeover.
  void note_epoch(const std::string& id, int64_t epoch);
  /// Of the singletons that have one here, in the order of their ids.
  std::vector<std::pair<std::string, int64_t>> epochs() const;
  void note_swap(const std::string& id);

  /// The live actor behind a row; null when there is none.
  caf::strong_actor_ptr handle_of(const std::string& id) const;

  /// Updates messages per second; to be called about once a second.
  void sample(int64_t monotonic_us);

  /// Waits until the actor that was `id`'s `start`-th has ended. False when the time is over.
  bool wait_for_end(const std::string& id, uint64_t start, std::chrono::milliseconds timeout) const;

private:
  struct entry {
    actor_row row;
    std::string parent;
    caf::actor_addr address; // weak: the table keeps no actor alive
    caf::actor_addr ready;   // the actor that said so
    counters_ptr counters;
    bool alive = false;
    uint64_t sampled_handled = 0;
    int64_t sampled_us = 0;
    uint64_t order = 0; // of the first add
    std::string strategy;
    uint64_t restarts_max = 0;
    std::chrono::milliseconds period{0};
    int64_t epoch = 0;
    uint64_t takeovers = 0;
    uint64_t swaps = 0;
    uint64_t handled_before = 0;              // by earlier starts
    std::vector<handler_times> times_before; // the same
  };

  static actor_row shown(const entry& entry);
  static void retire_counters(entry& entry);
  void end(entry& entry, actor_state state, const std::string& failure);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::map<std::string, entry> entries_;
  uint64_t added_ = 0;
  std::atomic<uint64_t> version_{0};
};

/// Lists an actor that no supervisor watches, until it ends. `table` may be null.
void enroll(const std::shared_ptr<actor_table>& table, const std::string& id, const std::string& role,
            const std::string& host, const caf::strong_actor_ptr& handle, const std::string& parent = {});

} // namespace runtime::telemetry
