// Who wrote what, when, and on account of what: the newest writes that an apiserver committed, for `troupe why`. In memory and
// bounded, so that what is older is not known any more. Thread-safe.
#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace runtime::telemetry {

struct written_entry {
  std::string object; ///< "pods/default/web", "deployments.apps/default/web", "nodes/node-a"
  int64_t revision = 0;
  int64_t previous = 0; ///< the revision that it replaced; 0: none
  int64_t wall_us = 0;
  std::string verb; ///< create, update, patch, delete
  std::string subresource;
  std::string user;
  bool by_role = false; ///< a role of ours, by message; else a client, over HTTP
  std::string agent;    ///< the role's id, or the client's User-Agent
  std::string origin;   ///< the role's host, or the client's address
  int64_t epoch = 0;    ///< of a singleton's tenure
  std::string cause_object; ///< what the writer acted upon; empty: it did not say
  int64_t cause_revision = 0;
};

class provenance_log {
public:
  static constexpr size_t entries_max = 16'384;
  static constexpr size_t answer_max = 64; ///< entries of one object that are told

  void add(written_entry entry);
  /// Of one object, the newest first, at most `answer_max`.
  std::vector<written_entry> of(std::string_view object) const;
  size_t size() const;
  /// When the oldest entry was written; 0: the log has never been full, so that it has everything since its start.
  int64_t complete_since_us() const;

private:
  struct shared_name {
    uint32_t uses = 0;        // by entries, in whatever role
    uint64_t newest = 0;      // the number of the newest entry of the object with this name, +1; 0: none
  };
  struct hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  using names = std::unordered_map<std::string, shared_name, hash, std::equal_to<>>;
  using name = names::value_type*;

  /// The texts are few and repeat: each is kept once.
  struct stored_entry {
    name object, verb, subresource, user, agent, origin, cause_object;
    uint64_t before; // of the same object, as in shared_name
    int64_t revision, previous, wall_us, epoch, cause_revision;
    bool by_role;
  };
  name keep(std::string_view text);
  void let_go(name used);
  void forget_oldest();
  static written_entry told(const stored_entry& entry);

  mutable std::mutex mutex_;
  names names_;
  std::deque<stored_entry> entries_;
  uint64_t first_ = 0; // number of entries_.front()
};

} // namespace runtime::telemetry
