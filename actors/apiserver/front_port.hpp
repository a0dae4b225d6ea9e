// What the HTTP front may ask of the apiserver's actor. Every function can be called from any thread; callbacks run
// on the actor's side and must only hand the result over to the caller's own thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "actors/apiserver/cache/watch_cache.hpp"
#include "actors/apiserver/status/status.hpp"
#include "runtime/protocols/apiserver.hpp"
#include "runtime/protocols/kubelet.hpp"

namespace actors::apiserver {

class front_port {
public:
  virtual ~front_port() = default;

  /// The present state and the latest changes. Reading it takes no lock and asks nobody.
  virtual cache::watch_cache& cache() = 0;

  /// Whether the cache of the shard that holds `key_prefix` is known to be as new as the store is now, without asking anybody.
  virtual bool is_fresh(std::string_view key_prefix) const = 0;

  /// Calls back when the cache of the shard that holds `key_prefix` is at least as new as the store was at the time of the
  /// call, which makes a following read of the cache linearizable; or with an error after `read_deadline`.
  virtual void barrier(std::string_view key_prefix, std::function<void(status::api_error)> done) = 0;

  /// Runs the write chain: authorize, default, admit, validate, store. Exactly one call back.
  virtual void write(runtime::protocols::apiserver::write_request request,
                     std::function<void(const runtime::protocols::apiserver::write_reply&)> done) = 0;

  /// Asks the kubelet of `node`. An error when it is not there or does not answer in time.
  virtual void read_log(std::string_view node, runtime::protocols::kubelet::read_log_request request,
                        std::function<void(status::api_error, const runtime::protocols::kubelet::read_log_reply&)> done) = 0;

  /// All shards are loaded and followed: /readyz.
  virtual bool ready() const = 0;
};

/// The HTTP front as its actor sees it. Its end waits for nobody but for what it must.
class front {
public:
  virtual ~front() = default;
  /// Takes no connection any more, answers what was asked, and returns when the clients have gone or its time is over.
  /// Blocks; the port must answer meanwhile.
  virtual void drain() = 0;
};

} // namespace actors::apiserver
