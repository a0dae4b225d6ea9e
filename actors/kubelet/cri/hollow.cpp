#include "actors/kubelet/cri/hollow.hpp"
#include <algorithm>
#include <charconv>
#include <mutex>
#include <set>

namespace actors::kubelet::cri {
namespace {

bool has_labels(const string_map& have, const string_map& want) {
  for (const auto& [key, value] : want) {
    auto it = have.find(key);
    if (it == have.end() || it->second != value)
      return false;
  }
  return true;
}

std::string dotted(uint32_t ip) {
  return std::to_string(ip >> 24) + "." + std::to_string(ip >> 16 & 255) + "." +
         std::to_string(ip >> 8 & 255) + "." + std::to_string(ip & 255);
}

class hollow final : public container_runtime {
public:
  explicit hollow(hollow_options options) : options_(std::move(options)) {}

  runtime_version version() override { return {"hollow", "1.0", "v1"}; }
  std::vector<runtime_condition> conditions() override {
    if (has_network())
      return {{"RuntimeReady", true, "", ""}, {"NetworkReady", true, "", ""}};
    return {{"RuntimeReady", true, "", ""}, {"NetworkReady", false, "NetworkPluginNotReady", no_network}};
  }

  std::string run_sandbox(const sandbox_config& config) override {
    std::lock_guard lock(mutex_);
    for (const auto& [id, s] : sandboxes_)
      if (s.data.uid == config.uid && s.data.attempt == config.attempt)
        throw error(error_code::already_exists, "name is reserved for " + id);
    if (!config.host_network && !has_network())
      throw error(error_code::failed, std::string("failed to setup network for sandbox: ") + no_network);
    entry e;
    e.data = {next_id("sandbox"), config.name,   config.ns,          config.uid, config.attempt, true,
              options_.now_us(),  config.labels, config.annotations, {}};
    if (!config.host_network) {
      e.ip = take_ip();
      e.data.ips.push_back(dotted(e.ip));
    }
    auto id = e.data.id;
    ++changes_;
    sandboxes_.emplace(id, std::move(e));
    return id;
  }

  void stop_sandbox(const std::string& id) override {
    std::lock_guard lock(mutex_);
    auto it = sandboxes_.find(id);
    if (it == sandboxes_.end())
      return;
    ++changes_;
    for (auto& [_, c] : containers_)
      if (c.sandbox_id == id)
        end(c, 137);
    it->second.data.ready = false;
    used_ips_.erase(it->second.ip);
  }

  void remove_sandbox(const std::string& id) override {
    stop_sandbox(id);
    std::lock_guard lock(mutex_);
    ++changes_;
    std::erase_if(containers_, [&](const auto& entry) { return entry.second.sandbox_id == id; });
    sandboxes_.erase(id);
  }

  sandbox sandbox_status(const std::string& id) override {
    std::lock_guard lock(mutex_);
    auto it = sandboxes_.find(id);
    if (it == sandboxes_.end())
      throw error(error_code::not_found, "no sandbox " + id);
    return it->second.data;
  }

  std::vector<sandbox> list_sandboxes(const string_map& labels) override {
    std::lock_guard lock(mutex_);
    std::vector<sandbox> result;
    for (const auto& [_, s] : sandboxes_)
      if (has_labels(s.data.labels, labels))
        result.push_back(s.data);
    return result;
  }

  std::string create_container(const std::string& sandbox_id, const container_config& config,
                               const sandbox_config&) override {
    std::lock_guard lock(mutex_);
    if (!sandboxes_.count(sandbox_id))
      throw error(error_code::not_found, "no sandbox " + sandbox_id);
    container c;
    c.id = next_id("container");
    c.sandbox_id = sandbox_id;
    c.name = config.name;
    c.attempt = config.attempt;
    c.image = config.image;
    c.image_ref = "hollow/" + config.image;
    c.state = container_state::created;
    c.created_us = options_.now_us();
    c.labels = config.labels;
    c.annotations = config.annotations;
    auto id = c.id;
    ++changes_;
    containers_.emplace(id, std::move(c));
    return id;
  }

  void start_container(const std::string& id) override {
    std::lock_guard lock(mutex_);
    auto& c = find(id);
    if (c.started_us == 0)
      c.started_us = options_.now_us() + options_.start_delay_us;
    due_us_ = std::min(due_us_, c.started_us);
  }

  void stop_container(const std::string& id, int64_t) override {
    std::lock_guard lock(mutex_);
    if (auto it = containers_.find(id); it != containers_.end())
      end(it->second, 143);
  }

  void remove_container(const std::string& id) override {
    std::lock_guard lock(mutex_);
    ++changes_;
    containers_.erase(id);
  }

  container container_status(const std::string& id) override {
    std::lock_guard lock(mutex_);
    return advance(find(id));
  }

  std::vector<container> list_containers(const string_map& labels) override {
    std::lock_guard lock(mutex_);
    std::vector<container> result;
    for (auto& [_, c] : containers_)
      if (has_labels(c.labels, labels))
        result.push_back(advance(c));
    return result;
  }

  std::optional<activity> recent_activity() override {
    std::lock_guard lock(mutex_);
    if (options_.now_us() >= due_us_) {
      due_us_ = activity::never;
      for (auto& [_, c] : containers_)
        advance(c);
    }
    return activity{changes_, due_us_};
  }

  void reopen_log(const std::string&) override {}

  exec_result exec_sync(const std::string& id, const std::vector<std::string>&, int64_t) override {
    std::lock_guard lock(mutex_);
    if (advance(find(id)).state != container_state::running)
      throw error(error_code::failed, "container is not running");
    return {};
  }

  std::optional<image> image_status(const std::string& name) override {
    return image{"hollow/" + name, {name}, {}, 1, {}, {}};
  }
  std::string pull_image(const std::string& name) override { return "hollow/" + name; }
  std::vector<image> list_images() override { return {}; }
  void remove_image(const std::string&) override {}

private:
  struct entry {
    sandbox data;
    uint32_t ip = 0;
  };

  static constexpr const char* no_network = "Network plugin returns error: cni plugin not initialized";

  hollow_subnet subnet() const {
    return options_.subnet ? options_.subnet() : hollow_subnet{options_.ip_base, options_.ip_count};
  }
  bool has_network() const { return subnet().count > 0; }

  std::string next_id(const char* kind) {
    return options_.node + "-" + kind + "-" + std::to_string(++counter_);
  }

  uint32_t take_ip() {
    // Addresses are handed out in a ring, so that one is not reused right after its pod has gone.
    const auto range = subnet();
    for (uint32_t tried = 0; tried + 2 < range.count; ++tried) {
      uint32_t ip = range.base + 2 + next_ip_++ % (range.count - 2);
      if (used_ips_.insert(ip).second)
        return ip;
    }
    throw error(error_code::failed, "no addresses left in the pod subnet");
  }

  container& find(const std::string& id) {
    auto it = containers_.find(id);
    if (it == containers_.end())
      throw error(error_code::not_found, "no container " + id);
    return it->second;
  }

  void end(container& c, int32_t exit_code) {
    if (advance(c).state == container_state::exited)
      return;
    ++changes_;
    c.state = container_state::exited;
    c.finished_us = options_.now_us();
    if (c.started_us > c.finished_us)
      c.started_us = c.finished_us;
    c.exit_code = exit_code;
    c.reason = exit_code ? "Error" : "Completed";
  }

  /// Lets the virtual time act on a container, and notes when it will act next.
  container& advance(container& c) {
    auto now = options_.now_us();
    if (c.state == container_state::created && c.started_us) {
      if (now < c.started_us) {
        due_us_ = std::min(due_us_, c.started_us);
        return c;
      }
      c.state = container_state::running;
      ++changes_;
    }
    auto sandbox = sandboxes_.find(c.sandbox_id);
    if (c.state != container_state::running || sandbox == sandboxes_.end())
      return c;
    auto limit = sandbox->second.data.annotations.find("troupe.dev/hollow-run-seconds");
    if (limit == sandbox->second.data.annotations.end())
      return c;
    int64_t seconds = 0;
    const auto& text = limit->second;
    if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec != std::errc{})
      return c;
    if (now < c.started_us + seconds * 1'000'000) {
      due_us_ = std::min(due_us_, c.started_us + seconds * 1'000'000);
      return c;
    }
    ++changes_;
    c.state = container_state::exited;
    c.finished_us = c.started_us + seconds * 1'000'000;
    c.reason = "Completed";
    return c;
  }

  hollow_options options_;
  std::mutex mutex_;
  uint64_t counter_ = 0;
  uint64_t changes_ = 0;
  int64_t due_us_ = activity::never; // when a container changes by itself next
  uint32_t next_ip_ = 0;
  std::set<uint32_t> used_ips_;
  std::map<std::string, entry> sandboxes_;
  std::map<std::string, container> containers_;
};

} // namespace

std::unique_ptr<container_runtime> make_hollow(hollow_options options) {
  return std::make_unique<hollow>(std::move(options));
}

} // namespace actors::kubelet::cri
