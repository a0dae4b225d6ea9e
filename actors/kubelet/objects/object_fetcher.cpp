#include "actors/kubelet/objects/object_fetcher.hpp"
#include "actors/kubelet/objects/pod_reader.hpp"
#include "messages/api/core/v1/config_generated.h"

namespace actors::kubelet::objects {

using resources::object_kind;

object_fetcher::object_fetcher(client::api_client& client, std::function<void(const std::string&)> changed)
    : client_(&client), changed_(std::move(changed)) {}

void object_fetcher::start() {
  client_->after(refresh_period, [this] {
    refresh();
    start();
  });
}

std::optional<resources::object_table> object_fetcher::objects_of(const std::string& uid,
                                                                  const pods::pod_spec& pod) {
  resources::object_table table;
  bool complete = true;
  for (const auto& object : resources::referenced_objects(pod)) {
    key k{pod.ns, object};
    auto& e = entries_[k];
    e.users[uid] = true;
    if (!e.known) {
      complete = false;
      if (!e.under_way)
        fetch(k);
    } else {
      table[object] = e.data;
    }
  }
  if (!complete)
    return std::nullopt;
  return table;
}

void object_fetcher::forget(const std::string& uid) {
  for (auto it = entries_.begin(); it != entries_.end();) {
    it->second.users.erase(uid);
    it = it->second.users.empty() && !it->second.under_way ? entries_.erase(it) : std::next(it);
  }
}

void object_fetcher::fetch(const key& k) {
  entries_[k].under_way = true;
  const auto& what = k.object.kind == object_kind::config_map ? client::configmaps : client::secrets;
  client_->get(what, k.ns, k.object.name,
               [this, k](const client::api_result& result) { on_fetched(k, result); });
}

void object_fetcher::on_fetched(const key& k, const client::api_result& result) {
  auto it = entries_.find(k);
  if (it == entries_.end())
    return;
  auto& e = it->second;
  e.under_way = false;
  if (e.users.empty()) {
    entries_.erase(it);
    return;
  }
  std::shared_ptr<const resources::object_data> data;
  if (result.ok()) {
    data = std::make_shared<const resources::object_data>(
      k.object.kind == object_kind::config_map ? read_data(*result.object.root<core::ConfigMap>())
                                               : read_data(*result.object.root<core::Secret>()));
  } else if (!result.not_found()) {
    // Unknown is not absent: what was known stays, and an object never seen is asked for again.
    if (!e.known)
      client_->after(missing_period, [this, k] {
        if (auto again = entries_.find(k);
            again != entries_.end() && !again->second.known && !again->second.under_way)
          fetch(k);
      });
    return;
  }
  bool same = e.known && (!e.data) == (!data) && (!data || *e.data == *data);
  e.known = true;
  e.data = std::move(data);
  if (!e.data)
    client_->after(missing_period, [this, k] {
      if (auto again = entries_.find(k);
          again != entries_.end() && !again->second.data && !again->second.under_way)
        fetch(k);
    });
  if (same)
    return;
  auto users = e.users; // the callback may change the table
  for (const auto& [uid, _] : users)
    changed_(uid);
}

void object_fetcher::refresh() {
  std::vector<key> due;
  for (const auto& [k, e] : entries_)
    if (!e.under_way && e.data)
      due.push_back(k);
  for (const auto& k : due)
    fetch(k);
}

} // namespace actors::kubelet::objects
