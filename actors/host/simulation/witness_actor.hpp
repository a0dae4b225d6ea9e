// A client that speaks the apiservers' protocol itself, without actors/client: it notes every event of its watches, so that
// they can be compared with the shards' history, and it writes under a singleton's name and epoch, to see who is refused.
#pragma once

#include "actors/client/resources.hpp"
#include "runtime/directory/directory.hpp"
#include "runtime/host/role.hpp"
#include "runtime/protocols/apiserver.hpp"

#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace actors::host::simulation {

namespace protocol = runtime::protocols::apiserver;

/// Events of one watch from one complete view on, over as many apiservers as it took.
struct witnessed {
  const client::resource* what = nullptr;
  int64_t base = -1; ///< the revision of the complete view; negative: it was never complete
  int64_t last = 0; ///< everything up to here was seen
  struct event {
    int64_t revision = 0;
    std::string key; ///< as in the store
    bool deleted = false;
  };
  std::vector<event> events; ///< after `base`
};

struct pause_over {
  size_t watch = 0;
  uint64_t attempt = 0;
};

using witness_interface =
  caf::typed_actor<caf::reacts_to<protocol::watch_batch>, caf::reacts_to<runtime::directory::role_up>,
                   caf::reacts_to<runtime::directory::role_down>, caf::reacts_to<pause_over>>;

class witness_actor : public witness_interface::base {
public:
  witness_actor(caf::actor_config& config, runtime::host::role_context context, std::vector<const client::resource*> watched);
  behavior_type make_behavior() override;

  const std::deque<witnessed>& seen() const {
    return seen_;
  }
  /// Creates an object of that kind and name in namespace default as the singleton `role` with `epoch` would. `content`: its fields
  /// beside metadata. `told`: the answer's code, whether it says that the writer is fenced, and why; 503: no answer. Call it
  /// between steps.
  void write_as(const std::string& role, int64_t epoch, const client::resource& what, const std::string& name,
                client::draft content, std::function<void(int code, bool fenced, const std::string& why)> told);

private:
  struct watch {
    const client::resource* what = nullptr;
    uint64_t id = 0;
    witnessed* into = nullptr;
    bool complete = false;
  };
  void begin(size_t index);
  void again(size_t index);
  void choose();
  void lose();

  runtime::host::role_context context_;
  std::map<std::string, runtime::protocols::apiserver_actor> apiservers_;
  std::string chosen_;
  std::vector<watch> watches_;
  std::deque<witnessed> seen_;
  uint64_t next_id_ = 1;
};

} // namespace actors::host::simulation

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(actors::host::simulation::pause_over)
