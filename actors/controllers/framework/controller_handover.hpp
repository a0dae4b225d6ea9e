// What a controller's actor carries from one version of the controller to the next, as a FlatBuffer. Pure.
#pragma once

#include <map>
#include <string>

#include "actors/client/resources.hpp"
#include "actors/controllers/framework/work_queue.hpp"
#include "runtime/hotswap/handover.hpp"

namespace actors::controllers::framework {

/// What a key's last plan wrote and the caches do not show yet.
struct own_writes {
  struct write {
    std::string group, version, plural;
    int64_t revision = 0;
    bool is_of(const client::resource& what) const { return what.group == group && what.version == version && what.plural == plural; }
  };
  std::vector<write> writes; // one per resource
  int64_t give_up_us = 0;

  void add(const client::resource& what, int64_t revision);
};
using own_writes_map = std::map<std::string, own_writes>;

messages::handover::HandoverT export_work(const work_queue& queue, const own_writes_map& writes, int64_t now_us);
work_queue import_queue(const messages::handover::HandoverT& from, int64_t now_us);
own_writes_map import_own_writes(const messages::handover::HandoverT& from, int64_t now_us);

} // namespace actors::controllers::framework
