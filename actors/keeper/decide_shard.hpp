// What a host's keeper does about a store shard: pure, of where the placement wants it, what is here, and who serves it. The shard's own
// durable record decides who has the data (actors/store/README.md, "Moving"); this only starts what is missing and ends what is over.
#pragma once

#include <cstdint>

namespace actors::keeper {

/// What the instance here is.
enum class shard_state : uint8_t {
  absent,      ///< nothing runs
  unknown,     ///< it runs, and has not answered yet
  serving,     ///< it has the data
  copying,     ///< a copy that may be given up
  asking,      ///< a copy that may have been given the data already: it goes on until it serves
  handed_over, ///< another host has the data
};

struct shard_here {
  shard_state state = shard_state::absent;
  bool folder = false; ///< there is data, of whatever state
};

enum class shard_action : uint8_t {
  none,
  start,
  end_for_good, ///< what is left is set aside or removed
};

/// `placed_here`: the placement has it on this host. `served_elsewhere`: another host serves it.
inline shard_action decide_shard(bool placed_here, shard_here here, bool served_elsewhere) {
  switch (here.state) {
    case shard_state::absent:
      return placed_here || here.folder ? shard_action::start : shard_action::none;
    case shard_state::copying:
      return placed_here ? shard_action::none : shard_action::end_for_good;
    case shard_state::handed_over:
      // Placed here again it comes back as a copy, into an empty folder.
      return served_elsewhere ? shard_action::end_for_good : shard_action::none;
    case shard_state::unknown:
    case shard_state::serving:
    case shard_state::asking:
      return shard_action::none;
  }
  return shard_action::none;
}

} // namespace actors::keeper
