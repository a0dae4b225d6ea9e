// How a batch of events reaches a cache. Only for api_client.
#pragma once

#include "actors/client/api_client.hpp"

namespace actors::client {

inline void feed(object_cache& cache, const protocol::watch_batch& batch) {
  if (const auto* events = batch->events())
    for (const auto* event : *events)
      cache.apply(event->type(), batch.at(event->object()).object, event->revision());
  if (batch->synced())
    cache.mark_synced(batch->revision());
}

} // namespace actors::client
