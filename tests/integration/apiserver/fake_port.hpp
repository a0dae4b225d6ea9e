// The apiserver's actor as the front sees it, reduced to a real watch cache that tests write to, and a server
// on a free port in a temporary folder.
#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "actors/apiserver/auth/page_sessions.hpp"
#include "actors/apiserver/cluster_port.hpp"
#include "actors/apiserver/front_port.hpp"
#include "actors/apiserver/http/server.hpp"
#include "tests/integration/apiserver/https_client.hpp"

namespace tests {

namespace api = actors::apiserver;

class fake_port final : public api::front_port {
public:
  fake_port();
  api::cache::watch_cache& cache() override { return cache_; }
  bool is_fresh(std::string_view) const override { return fresh_; }
  void barrier(std::string_view prefix, std::function<void(api::status::api_error)> done) override;
  void write(runtime::protocols::apiserver::write_request request,
             std::function<void(const runtime::protocols::apiserver::write_reply&)> done) override;
  void read_log(
    std::string_view node, runtime::protocols::kubelet::read_log_request request,
    std::function<void(api::status::api_error, const runtime::protocols::kubelet::read_log_reply&)> done)
    override;
  bool ready() const override { return ready_; }

  /// `json` with apiVersion and kind; gives the revision.
  int64_t put(std::string_view json);
  int64_t erase(const std::string& key);
  /// Restarts the shard that holds `prefix`, whose history begins at `oldest` then.
  void reload(const std::string& prefix, int64_t oldest);

  std::atomic<bool> ready_{true};
  std::atomic<bool> fresh_{false}; // whether the cache is known to be as new as the store
  std::atomic<bool> barrier_works_{true};
  std::atomic<bool> answers_{true};
  /// Gets what answers a write, instead of its being answered at once.
  std::function<void(std::function<void()>)> on_answer_;
  std::atomic<size_t> barriers_{0};
  std::function<runtime::protocols::kubelet::ReadLogReplyT(
    const runtime::protocols::kubelet::ReadLogRequestT&)>
    on_log_;
  std::vector<runtime::protocols::apiserver::WriteRequestT> writes() const;

private:
  int64_t apply(const std::string& key, api::cache::object_ptr after);
  api::cache::watch_cache cache_;
  mutable std::mutex mutex_;
  int64_t revision_ = 100;
  std::vector<runtime::protocols::apiserver::WriteRequestT> writes_;
};

/// One host with one actor; commands are remembered, and refused for actors that are named "nobody".
class fake_cluster final : public api::cluster_port {
public:
  void measure(std::function<void(samples)> done) override;
  void command(runtime::control::words request, std::function<void(runtime::control::reply)> done) override;
  std::vector<runtime::control::words> commands() const;

private:
  mutable std::mutex mutex_;
  std::vector<runtime::control::words> commands_;
};

/// A server with a fake port behind it. Everything is gone when it ends.
struct served_api {
  explicit served_api(std::string_view tokens = {});
  ~served_api();
  https_client admin() const;
  https_client anonymous() const { return https_client{server->port()}; }

  std::filesystem::path data;
  std::shared_ptr<fake_port> port = std::make_shared<fake_port>();
  std::shared_ptr<fake_cluster> cluster = std::make_shared<fake_cluster>();
  std::shared_ptr<api::auth::page_sessions> sessions =
    std::make_shared<api::auth::page_sessions>(std::make_shared<runtime::seams::system_random>());
  std::shared_ptr<api::http::server> server;
};

std::string pod_json(std::string_view name_space, std::string_view name, std::string_view labels = "{}",
                     std::string_view node = "");

} // namespace tests
