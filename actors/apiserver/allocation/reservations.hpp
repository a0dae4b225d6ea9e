// The records in the store that say which Service has which cluster IP and node port. They are written in one group with
// the Service (all or nothing), so that two apiservers cannot give one number away twice, and none is left
// behind. Pure.
//
// Keys: "/serviceips/10.96.0.7", "/servicenodeports/30080", in the Services' shard; values: v1 ObjectReference.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/apiserver/cache/watch_cache.hpp"
#include "messages/codec/draft.hpp"

namespace actors::apiserver::allocation {

struct reservation_write {
  std::string key;
  bool erase = false;
  int64_t expected = 0;
  messages::codec::object_buffer value; // put
};

using object_lookup = std::function<cache::object_ptr(const std::string& key)>;

/// What has to be written together with a Service that changes from `before` to `after` (null: there is none), given the
/// records and the Services of one snapshot. A record whose Service is gone, or does not have the number any
/// more (it was written by hand, or by a version that kept no records), is taken over.
std::vector<reservation_write> plan_reservations(const messages::codec::draft& before, const messages::codec::draft& after,
                                                 const object_lookup& find);

/// Of the values.
const messages::codec::type& reservation_type();

} // namespace actors::apiserver::allocation
