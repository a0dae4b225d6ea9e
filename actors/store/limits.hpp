// Every bound of a store shard, in one place. Owned by nobody: a value that each shard copies.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace actors::store {

struct limits {
  // Writes that wait while a batch commits; above that, requests get `overloaded`.
  size_t pending_writes_max = 8'192;
  size_t pending_bytes_max = 64u << 20;
  // One transaction. A single request larger than this commits alone.
  size_t batch_writes_max = 512;
  size_t batch_bytes_max = 8u << 20;
  // A request with more writes is refused as invalid.
  size_t request_writes_max = 512;
  // Records of one range reply (its bytes: storage::page_bytes_max).
  size_t range_records_max = 1'000;

  // A shard is watched by apiservers only: one per front.
  size_t watchers_max = 256;
  // Changes of one message to a watcher (its bytes: storage::page_bytes_max).
  size_t message_changes_max = 512;
  // Messages to one watcher that it has not acknowledged; it acknowledges each so-manieth (runtime/protocols/store.hpp).
  size_t watch_window_max = 16;
  // So many changes without an acknowledgement: the watcher is told to subscribe again.
  int64_t watch_backlog_max = 200'000;
  // Messages kept for watchers that are a little behind the first.
  size_t kept_messages_max = 16;

  // History for watches and paginated lists: by age, and by count in case the wall clock jumps.
  int64_t history_seconds = 300;
  int64_t history_changes_max = 2'000'000;
  std::chrono::milliseconds compact_interval{5'000};
  // Changes forgotten in one transaction: bounds what a commit may have to wait for.
  size_t compact_changes_max = 2'000;
  // A step that takes longer is a warning in the log; no other one starts before it is done.
  std::chrono::milliseconds compact_step_max{30'000};

  // Moving to another host. One page is in flight; so large, the shard is busy with it for about a millisecond.
  size_t copy_page_bytes = 1u << 20;
  // Over a slow link: the copy asks for half after each failure, down to this.
  size_t copy_page_bytes_min = 16u << 10;
  // After a page the history is not forgotten for so long (but for history_changes_max), so that the copy can go on.
  std::chrono::milliseconds copy_hold{60'000};
  // A copy that is so close asks for the data; a source does not hand over to one that is farther behind.
  int64_t hand_over_lag_max = 256;
  std::chrono::milliseconds copy_deadline{10'000};
  std::chrono::milliseconds hand_over_deadline{5'000};
  // Until a copy asks again after a failure.
  std::chrono::milliseconds copy_retry{200};

  // After a restart the folder may still be held by the committer of the shard that failed, until its sync
  // returns.
  std::chrono::milliseconds open_retry{10};
  std::chrono::milliseconds open_wait_max{20'000};
};

} // namespace actors::store
