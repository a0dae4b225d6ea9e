#include "runtime/host/local_roles.hpp"

#include <caf/all.hpp>

#include <algorithm>
#include <optional>
#include <utility>

namespace runtime::host {

void local_roles::start(const placement::role_instance& role, tenure_ptr tenure) {
  auto child = describe_(role, tenure);
  auto phase = phase_of_(role.role);
  caf::actor supervisor;
  {
    std::lock_guard guard{mutex_};
    if (entries_.count(role.id))
      return;
    entries_.emplace(role.id, entry{role, std::move(tenure), phase, child, next_order_++, false});
    if (auto found = supervisors_.find(phase); found != supervisors_.end()) {
      supervisor = found->second;
      entries_.at(role.id).handed_over = true;
    }
  }
  // Without a supervisor (it is being restarted) the entry is among the children of the next one.
  if (supervisor)
    caf::anon_send(supervisor, supervision::add_child{std::move(child)});
}

void local_roles::stop(const std::string& id, bool for_good, std::function<void()> ended) {
  caf::actor supervisor;
  std::optional<placement::role_instance> left;
  {
    std::lock_guard guard{mutex_};
    auto found = entries_.find(id);
    if (found != entries_.end()) {
      if (found->second.tenure)
        found->second.tenure->revoke();
      if (auto up = supervisors_.find(found->second.phase); up != supervisors_.end())
        supervisor = up->second;
      if (for_good)
        left = found->second.role;
      entries_.erase(found);
    }
  }
  if (!supervisor) {
    ended();
    return;
  }
  supervisor->home_system().spawn([=, back = take_back_](caf::event_based_actor* self) {
    auto finish = [=, &system = self->system()] {
      const auto [job, quick] = left ? back(*left) : way_back{};
      if (quick)
        job();
      if (!job || quick) {
        ended();
        return;
      }
      // Of its own thread: taking back may talk to the kernel.
      system.spawn<caf::detached>([job = job, ended](caf::event_based_actor*) {
        job();
        ended();
      });
    };
    self->request(supervisor, stop_time_max, supervision::remove_child{id})
      .then([finish](const supervision::child_removed&) { finish(); }, [ended](caf::error&) { ended(); });
  });
}

void local_roles::grant(const std::string& id, int64_t epoch, const directory::handle& directory) {
  tenure_ptr tenure;
  {
    std::lock_guard guard{mutex_};
    if (auto found = entries_.find(id); found != entries_.end())
      tenure = found->second.tenure;
  }
  auto actor = tenure ? tenure->grant(epoch) : nullptr;
  if (!actor)
    return;
  caf::anon_send(directory, directory::register_role{id, actor, {}, epoch});
  caf::anon_send(caf::actor_cast<caf::actor>(actor), tenure_changed{epoch});
}

std::vector<local_roles::instance> local_roles::running() const {
  std::lock_guard guard{mutex_};
  std::vector<instance> result;
  for (auto& [id, item] : entries_)
    result.push_back({item.role, item.tenure});
  return result;
}

void local_roles::add_at_start(const placement::role_instance& role) {
  auto child = describe_(role, nullptr);
  auto phase = phase_of_(role.role);
  std::lock_guard guard{mutex_};
  entries_.emplace(role.id, entry{role, nullptr, phase, std::move(child), next_order_++, false});
}

std::vector<supervision::child_spec> local_roles::children(start_phase phase) {
  std::lock_guard guard{mutex_};
  supervisors_.erase(phase);
  std::vector<entry*> chosen;
  for (auto& [id, item] : entries_)
    if (item.phase == phase)
      chosen.push_back(&item);
  for (auto* item : chosen)
    item->handed_over = true;
  std::sort(chosen.begin(), chosen.end(), [](auto* a, auto* b) { return a->order < b->order; });
  std::vector<supervision::child_spec> result;
  for (auto* item : chosen)
    result.push_back(item->child);
  return result;
}

void local_roles::supervisor_started(start_phase phase, caf::actor supervisor) {
  std::lock_guard guard{mutex_};
  for (auto& [id, item] : entries_)
    if (item.phase == phase && !std::exchange(item.handed_over, true))
      caf::anon_send(supervisor, supervision::add_child{item.child});
  supervisors_[phase] = std::move(supervisor);
}

} // namespace runtime::host
