// A user of a simulated cluster: an actor whose api_client the simulation uses between steps, and whose caches it reads. What
// it asks for is tried again until it is acknowledged, and what was acknowledged is noted.
#pragma once

#include "actors/client/api_client.hpp"

#include <functional>
#include <string>
#include <vector>

namespace actors::host::simulation {

using client::draft;

/// A write that was acknowledged.
struct acknowledged {
  std::string key; ///< "/pods/default/web", as in the store
  int64_t revision = 0;
  bool removal = false; ///< of an object; it may still be there, ending
};

class user_actor : public client::consumer_actor::base {
public:
  user_actor(caf::actor_config& config, runtime::host::role_context context, std::vector<const client::resource*> watched);

  behavior_type make_behavior() override;
  void on_exit() override;

  client::api_client api;
  const client::object_cache& cache(const client::resource& what) const;

  // -- until it is done; `done` may be empty
  using finished = std::function<void()>;
  void create(const client::resource& what, draft object, finished done = {});
  void merge(const client::resource& what, std::string name_space, std::string name, draft patch, finished done = {});
  void remove(const client::resource& what, std::string name_space, std::string name, std::string uid, finished done = {});
  /// What was asked for and is not done yet.
  size_t open() const {
    return open_;
  }
  const std::vector<acknowledged>& acknowledged_writes() const {
    return acknowledged_;
  }
  /// Refusals that no further attempt changes: what was asked for is wrong.
  const std::vector<std::string>& refused() const {
    return refused_;
  }

private:
  using attempt = std::function<void(client::api_callback)>;
  void insist(std::string key, bool removal, attempt how, finished done);

  runtime::host::role_context context_;
  std::map<std::string_view, client::object_cache*> caches_; // by plural
  size_t open_ = 0;
  int64_t attempts_ = 0;
  std::vector<acknowledged> acknowledged_;
  std::vector<std::string> refused_;
};

/// How the keys of a resource begin in the store: "/pods/".
std::string store_prefix(const client::resource& what);
/// The key under which the store has it.
std::string store_key(const client::resource& what, std::string_view name_space, std::string_view name);

} // namespace actors::host::simulation
