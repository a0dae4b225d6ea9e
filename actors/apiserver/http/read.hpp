// What get, list and watch share: keys, and how new the cache must be before it is read.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "actors/apiserver/http/call.hpp"

namespace actors::apiserver::http {

/// "/pods/default/web"
std::string object_key(const route& where);
/// "/pods/default/" or "/pods/"
std::string collection_prefix(const route& where);

/// Goes on when the cache satisfies the request: nullopt: as new as the store is now; 0: whatever is there;
/// N: at least N. Otherwise answers upstream's error for a revision from the future.
void when_fresh(const call_ptr& item, std::optional<int64_t> revision, std::function<void()> then);

} // namespace actors::apiserver::http
