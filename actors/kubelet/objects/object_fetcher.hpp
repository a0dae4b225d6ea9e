// The ConfigMaps and Secrets that the node's pods name: fetched when a pod needs them, fetched again
// regularly. Owned by the kubelet's actor and used only in its handlers.
#pragma once
#include <map>
#include "actors/client/api_client.hpp"
#include "actors/kubelet/resources/environment.hpp"

namespace actors::kubelet::objects {

class object_fetcher {
public:
  static constexpr std::chrono::milliseconds refresh_period{
    20'000}; ///< how old a mounted ConfigMap may become
  static constexpr std::chrono::milliseconds missing_period{
    2'000}; ///< how often one that is not there is looked for

  /// `changed(uid)`: what the pod names has arrived or changed.
  object_fetcher(client::api_client& client, std::function<void(const std::string&)> changed);
  void start();

  /// The contents of all that the pod names, or nullopt while some are still on their way.
  std::optional<resources::object_table> objects_of(const std::string& uid, const pods::pod_spec& pod);
  void forget(const std::string& uid);

private:
  struct key {
    std::string ns;
    resources::object_key object;
    auto operator<=>(const key&) const = default;
  };
  struct entry {
    std::shared_ptr<const resources::object_data> data; ///< null: not there
    bool known = false, under_way = false;
    std::map<std::string, bool> users; ///< uids of pods
  };
  void fetch(const key& k);
  void on_fetched(const key& k, const client::api_result& result);
  void refresh();

  client::api_client* client_;
  std::function<void(const std::string&)> changed_;
  std::map<key, entry> entries_;
};

} // namespace actors::kubelet::objects
