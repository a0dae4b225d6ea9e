// Passes, and the two writes of a deletion.
#include "actors/controllers/podgc/podgc_controller.hpp"

#include <algorithm>

namespace actors::controllers::podgc {

using client::api_result;
using client::entry;
using framework::operation;
using framework::sync_plan;
using framework::text;

namespace {

constexpr const char* pass_key = "pass";
constexpr std::string_view pod_prefix = "pod/";

std::string sync_key(const std::string& pod) {
  return std::string{pod_prefix} + pod;
}

void look_again(sync_plan& plan, std::chrono::milliseconds delay) {
  plan.again_after = std::min(plan.again_after.value_or(delay), delay);
}

} // namespace

void podgc_controller::start(framework::setup& tools) {
  enqueue_ = tools.enqueue;
  enqueue_after_ = tools.enqueue_after;
  nodes_ = &tools.api.watch(client::nodes);
  pods_ = &tools.api.watch(client::pods);
  nodes_->on_change([this](const std::string& name, const entry*, const entry* after) { on_node(name, after); });
  pods_->on_change([this](const std::string& key, const entry* before, const entry* after) { on_pod(key, before, after); });
}

node_standing podgc_controller::standing(std::string_view node) const {
  const entry* found = nodes_->find(node);
  return standing_of(found == nullptr ? nullptr : &found->as<Node>());
}

bool podgc_controller::may_be_garbage(const pod_facts& pod) const {
  return podgc::may_be_garbage(pod, !pod.node.empty() && nodes_->find(pod.node) == nullptr);
}

void podgc_controller::on_pod(const std::string& key, const entry*, const entry* after) {
  if (!begun_) {
    enqueue_(pass_key); // runs once the caches are complete; before that every node seems to be missing
    return;
  }
  if (in_work_.contains(key))
    enqueue_(sync_key(key));
  if (after != nullptr) {
    if (may_be_garbage(facts_of(key, after->as<Pod>()))) {
      candidates_.insert(key);
      enqueue_after_(pass_key, check_period);
      return;
    }
  }
  candidates_.erase(key);
}

void podgc_controller::on_node(const std::string& name, const entry* after) {
  if (after != nullptr) {
    quarantine_.release(name);
    return;
  }
  look_at_all_ = true;
  enqueue_after_(pass_key, check_period);
}

sync_plan podgc_controller::sync(const std::string& key) {
  return key.starts_with(pod_prefix) ? delete_pod(key.substr(pod_prefix.size())) : look_over();
}

/// What is left of the candidates, which is what they are afterwards.
std::vector<pod_facts> podgc_controller::look_at_candidates() {
  std::vector<pod_facts> result;
  if (std::exchange(look_at_all_, false)) {
    candidates_.clear();
    for (const auto& [key, item] : pods_->entries())
      if (may_be_garbage(facts_of({}, item.as<Pod>())))
        candidates_.emplace(key.text());
  }
  std::erase_if(candidates_, [&](const std::string& key) {
    const entry* item = pods_->find(key);
    if (item == nullptr)
      return true;
    const auto pod = facts_of(key, item->as<Pod>());
    if (!may_be_garbage(pod))
      return true;
    result.push_back(pod);
    return false;
  });
  for (auto& pod : result)
    pod.settled = pod.settled || in_work_.contains(std::string{pod.key});
  return result;
}

size_t podgc_controller::terminated_in_work() const {
  return static_cast<size_t>(
    std::count_if(in_work_.begin(), in_work_.end(), [](const auto& item) { return item.second.why == reason::terminated; }));
}

sync_plan podgc_controller::look_over() {
  sync_plan plan;
  begun_ = true;
  const auto pods = look_at_candidates();
  auto found = find_garbage(pods, [this](std::string_view node) { return standing(node); },
                            {.terminated_threshold = terminated_threshold_,
                             .found_max = in_work_max - in_work_.size(),
                             .terminated_max = terminated_in_work_max - std::min(terminated_in_work_max, terminated_in_work())});
  for (const auto& pod : found.now)
    begin(pod);
  const int64_t now = clock_->monotonic_us();
  quarantine_.look(found.orphans, now);
  for (const auto& node : quarantine_.due(now)) {
    auto& orphans = found.orphans.at(node);
    if (orphans.empty())
      continue;
    if (plan.operations.size() == nodes_asked_max) {
      found.more = true;
      break;
    }
    plan.operations.push_back(ask_for(node, std::move(orphans)));
  }
  if (!candidates_.empty())
    look_again(plan, found.more ? check_period_when_full : check_period);
  if (const auto due = quarantine_.next_due(now))
    look_again(plan, std::chrono::milliseconds{(*due - now + 999) / 1000});
  return plan;
}

/// The answer is later than the pods' being in the cache: a node that comes back after it has never heard of them.
operation podgc_controller::ask_for(const std::string& node, std::vector<garbage> orphans) {
  return operation::get(client::nodes, "", node, [this, node, orphans = std::move(orphans)](const api_result& answer) {
    if (answer.ok())
      quarantine_.release(node); // the cache is behind
    if (!answer.not_found())
      return;
    for (const auto& pod : orphans) {
      if (in_work_.size() == in_work_max) {
        enqueue_after_(pass_key, check_period_when_full);
        return;
      }
      begin(pod);
    }
  });
}

void podgc_controller::begin(const garbage& pod) {
  in_work_.try_emplace(pod.key, work{.uid = pod.uid, .why = pod.why});
  enqueue_(sync_key(pod.key));
}

sync_plan podgc_controller::delete_pod(const std::string& key) {
  sync_plan plan;
  const auto found = in_work_.find(key);
  if (found == in_work_.end())
    return plan;
  const entry* item = pods_->find(key);
  const auto& doing = found->second;
  if (item == nullptr || text(item->metadata->uid()) != doing.uid) {
    in_work_.erase(found);
    return plan;
  }
  const auto& pod = item->as<Pod>();
  const auto facts = facts_of(key, pod);
  if (!is_garbage(facts, standing(facts.node), doing.why)) {
    in_work_.erase(found);
    return plan;
  }
  plan.operations.push_back(facts.terminated || doing.failed ? remove(key, pod, doing) : make_failed(key, pod, doing));
  return plan;
}

operation podgc_controller::make_failed(const std::string& key, const Pod& pod, const work& doing) {
  auto write = operation::patch(client::pods, std::string{text(pod.metadata()->namespace_())}, std::string{text(pod.metadata()->name())},
                                client::protocol::PatchKind::strategic_merge, failed_patch(pod, doing.why, clock_->wall_seconds()));
  write.what = operation::verb::patch_status;
  write.tolerated = {404, 409}; // gone, or another pod of that name
  write.on_result = [this, key](const api_result& answer) {
    const auto found = in_work_.find(key);
    if (found == in_work_.end())
      return;
    if (!answer.ok()) {
      give_up(key, answer);
      return;
    }
    found->second.failed = true;
    enqueue_(sync_key(key));
  };
  return write;
}

operation podgc_controller::remove(const std::string& key, const Pod& pod, const work& doing) {
  auto write = operation::remove(client::pods, std::string{text(pod.metadata()->namespace_())}, std::string{text(pod.metadata()->name())},
                                 {.uid = doing.uid, .grace_seconds = 0});
  write.tolerated = {404, 409};
  const std::string node{pod.spec() == nullptr ? std::string_view{} : text(pod.spec()->nodeName())};
  write.on_result = [this, key, node, why = doing.why](const api_result& answer) {
    if (!answer.ok()) {
      give_up(key, answer);
      return;
    }
    in_work_.erase(key);
    log_.info("force-deleted a pod", {{"pod", key}, {"node", node}, {"reason", name_of(why)}});
  };
  return write;
}

/// As upstream, the next pass begins anew with what is still garbage then.
void podgc_controller::give_up(const std::string& key, const api_result& why) {
  in_work_.erase(key);
  enqueue_after_(pass_key, check_period);
  if (!why.not_found() && why.code != 409)
    log_.warning("cannot delete a pod that is garbage", {{"pod", key}, {"code", why.code}, {"why", why.message}});
}

} // namespace actors::controllers::podgc
