// The messages that watchers are sent, made from the engine's change log. Watchers that are equally far share
// one message, so that a change is read and built once. Owned by the shard actor.
#pragma once

#include "actors/store/conversion.hpp"
#include "actors/store/limits.hpp"

#include <deque>

namespace actors::store {

class change_feed {
public:
  change_feed(std::string shard, const limits& bounds) : shard_(std::move(shard)), bounds_(bounds) {}

  // The changes that follow `after`, which is older than the engine's newest revision.
  // Throws storage::compacted and storage::error.
  protocol::shard_changes next(storage::engine& engine, storage::revision after) {
    for (const auto& kept : kept_)
      if (kept->after() == after)
        return kept;
    auto message = to_message(shard_, after, engine.changes(after, bounds_.message_changes_max));
    kept_.push_back(message);
    if (kept_.size() > bounds_.kept_messages_max)
      kept_.pop_front();
    return message;
  }

  // Every watcher has been sent the changes up to `sent`.
  void forget(storage::revision sent) {
    while (!kept_.empty() && kept_.front()->to() <= sent)
      kept_.pop_front();
  }

  void clear() { kept_.clear(); }

private:
  std::string shard_;
  limits bounds_;
  std::deque<protocol::shard_changes> kept_;
};

} // namespace actors::store
