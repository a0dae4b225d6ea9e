// Several apiservers over the same store shards under CAF's test coordinator: each has a directory of its own, as on a host
// of its own, so that a test can cut its way to a shard. Engines are in memory and outlive their shards.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "actors/apiserver/apiserver.hpp"
#include "actors/apiserver/apiserver_actor.hpp"
#include "actors/store/store.hpp"
#include "messages/codec/codec.hpp"
#include "runtime/protocols/register.hpp"
#include "runtime/seams/actor_clock.hpp"
#include "runtime/seams/random.hpp"
#include "storage/memory/memory_engine.hpp"
#include "tests/unit/runtime/test_system.hpp"

namespace apiserver_samples {

namespace protocol = runtime::protocols::apiserver;
using messages::codec::draft;
using namespace std::chrono_literals;

inline draft json(std::string_view text) {
  auto parsed = messages::codec::parse_json(text);
  if (parsed.error)
    throw std::runtime_error(parsed.error->message);
  return std::move(parsed.value);
}

/// An answer, unpacked.
struct result {
  int code = 0; // 0: an error instead of an answer, or none
  bool fenced = false;
  int64_t revision = 0;
  draft object; // or the Status
  std::string message() const { return std::string{object.get("message").str()}; }
  std::string reason() const { return std::string{object.get("reason").str()}; }
};

struct resource {
  std::string group, version, plural, kind;
};
inline const resource config_maps{"", "v1", "configmaps", "ConfigMap"};
inline const resource services{"", "v1", "services", "Service"};
inline const resource leases{"coordination.k8s.io", "v1", "leases", "Lease"};
inline const resource pods{"", "v1", "pods", "Pod"};
inline const resource roles{"troupe.dev", "v1", "roles", "Role"};

struct writer {
  std::string role;
  int64_t epoch = 0;
};

/// An engine whose disk can fail right after a commit: the batch is there, and nobody is told.
class failing_engine final : public storage::engine {
public:
  explicit failing_engine(std::shared_ptr<storage::engine> inner) : inner_(std::move(inner)) {}
  bool fail_after_next = false;

  std::vector<storage::write_result> commit(std::span<const storage::write> writes, int64_t second) override {
    auto results = inner_->commit(writes, second);
    if (std::exchange(fail_after_next, false))
      throw storage::error(storage::error_code::io, "as the test says");
    return results;
  }
  int64_t raise_fence(std::string_view role, int64_t epoch) override { return inner_->raise_fence(role, epoch); }
  int64_t fence(std::string_view role) override { return inner_->fence(role); }
  std::optional<storage::record> get(std::string_view key, storage::revision at = 0) override { return inner_->get(key, at); }
  storage::range_page range(std::string_view prefix, std::string_view after, size_t limit, storage::revision at = 0) override {
    return inner_->range(prefix, after, limit, at);
  }
  storage::change_page changes(storage::revision after, size_t limit) override { return inner_->changes(after, limit); }
  storage::revision current() override { return inner_->current(); }
  storage::revision oldest() override { return inner_->oldest(); }
  size_t compact(storage::revision before, size_t limit) override { return inner_->compact(before, limit); }
  storage::revision revision_before(int64_t second) override { return inner_->revision_before(second); }
  storage::owner_record owner() override { return inner_->owner(); }
  size_t stored() override { return inner_->stored(); }
  storage::copy_page copy(storage::revision after, size_t bytes_max) override { return inner_->copy(after, bytes_max); }
  std::vector<storage::fence_entry> fences() override { return inner_->fences(); }
  storage::owner_record hand_over(std::string_view copy, std::string_view host) override { return inner_->hand_over(copy, host); }

private:
  std::shared_ptr<storage::engine> inner_;
};

struct cluster : test_system {
  struct server {
    runtime::directory::handle directory;
    caf::strong_actor_ptr actor;
  };

  std::shared_ptr<runtime::seams::clock> clock = std::make_shared<runtime::seams::actor_clock>(sys, 1'767'225'600'000'000);
  std::map<std::string, std::shared_ptr<failing_engine>> engines;
  std::map<std::string, caf::strong_actor_ptr> shards;
  std::map<std::string, server> servers;

  explicit cluster(const std::vector<std::string>& hosts = {"a", "b"}) {
    for (const char* name : {"events", "leases", "main", "pods"})
      engines[name] = std::make_shared<failing_engine>(storage::memory::open());
    for (const auto& host : hosts)
      servers[host].directory = runtime::directory::spawn(sys, host, {});
    for (const auto& [name, engine] : engines)
      start_shard(name);
    for (const auto& host : hosts)
      start_server(host);
    settle();
  }

  ~cluster() {
    for (auto& [host, server] : servers) {
      kill(caf::actor_cast<caf::actor_addr>(server.actor));
      server.actor = nullptr;
    }
    for (auto& [name, shard] : shards)
      kill(caf::actor_cast<caf::actor_addr>(shard));
    shards.clear();
    for (auto& [host, server] : servers)
      kill(server.directory.address());
    servers.clear();
    run();
  }

  /// The reconnections and everything that follows.
  void settle() {
    run();
    for (int i = 0; i < 4; ++i)
      advance(100ms);
  }

  // ---- shards ----
  void start_shard(const std::string& name) {
    actors::store::shard_options options;
    options.shard = name;
    options.open = [engine = engines.at(name)] { return engine; };
    options.own_threads = false;
    options.clock = clock;
    shards[name] = caf::actor_cast<caf::strong_actor_ptr>(actors::store::spawn_shard(sys, options));
    for (const auto& [host, server] : servers)
      join(host, name);
  }
  void kill_shard(const std::string& name) {
    kill(caf::actor_cast<caf::actor_addr>(shards.at(name)));
  }
  /// The link between an apiserver's host and a shard's.
  void cut(const std::string& host, const std::string& shard) {
    caf::anon_send(servers.at(host).directory, runtime::directory::withdraw_role{"store/" + shard});
    run();
  }
  void join(const std::string& host, const std::string& shard) {
    caf::anon_send(servers.at(host).directory, runtime::directory::register_role{"store/" + shard, shards.at(shard), ""});
  }

  // ---- apiservers ----
  virtual runtime::host::role_context context(const std::string& host) {
    runtime::host::role_context result;
    result.id = "apiserver/" + host;
    result.role = "apiserver";
    result.host = host;
    result.directory = servers.at(host).directory;
    result.clock = clock;
    result.random = std::make_shared<runtime::seams::seeded_random>(std::hash<std::string>{}(host));
    return result;
  }
  void start_server(const std::string& host) {
    servers.at(host).actor = actors::apiserver::spawn_without_front(sys, context(host));
  }
  runtime::protocols::apiserver_actor at(const std::string& host) {
    return caf::actor_cast<runtime::protocols::apiserver_actor>(servers.at(host).actor);
  }

  // ---- requests: posted now, answered when the test lets things run ----
  protocol::write_request request(protocol::Verb verb, const resource& what, std::string_view name, const draft& object,
                                  const writer& who = {}, std::string_view subresource = "") {
    protocol::WriteRequestT content;
    content.verb = verb;
    content.identity = std::make_unique<protocol::IdentityT>();
    content.identity->user = "admin";
    content.identity->groups = {"system:masters"};
    content.target = std::make_unique<protocol::TargetT>();
    content.target->group = what.group;
    content.target->version = what.version;
    content.target->resource = what.plural;
    content.target->namespace_name = object.is_null() || !object.get("metadata").get("namespace").is_null() ? "default" : "";
    content.target->name = name;
    content.target->subresource = subresource;
    if (who.epoch != 0) {
      content.writer = std::make_unique<protocol::WriterT>();
      content.writer->role = who.role;
      content.writer->epoch = who.epoch;
    }
    std::vector<runtime::transport::attachment> attachments;
    if (!object.is_null()) {
      const auto api_version = what.group.empty() ? what.version : what.group + "/" + what.version;
      const auto* type = messages::codec::api_schema().find(api_version, what.kind);
      auto packed = messages::codec::pack(*type, object);
      if (packed.error)
        throw std::runtime_error(packed.error->message);
      content.object = 0;
      attachments.push_back({type, std::move(packed.object)});
    }
    return protocol::write_request{content, std::move(attachments)};
  }
  /// Of virtual time: an answer that never comes ends its test.
  static constexpr std::chrono::minutes answer_max{10};
  auto post(const std::string& host, protocol::write_request message) {
    return self->request(at(host), answer_max, std::move(message));
  }
  /// Posted, written to shard main, and the shard dies before it can say so.
  auto post_and_lose_answer(const std::string& host, protocol::write_request message) {
    engines.at("main")->fail_after_next = true;
    auto pending = post(host, std::move(message));
    run();
    return pending;
  }
  template <class Handle>
  result answer(Handle&& handle) {
    run();
    result out;
    handle.receive(
      [&](const protocol::write_reply& reply) {
        out.code = reply->code();
        out.fenced = reply->fenced();
        out.revision = reply->revision();
        if (const auto& object = reply.at(reply->object()))
          out.object = messages::codec::unpack(*object.type, object.object);
      },
      [&](caf::error&) {});
    return out;
  }
  result write(const std::string& host, protocol::Verb verb, const resource& what, std::string_view name, const draft& object,
               const writer& who = {}, std::string_view subresource = "") {
    return answer(post(host, request(verb, what, name, object, who, subresource)));
  }
  result create(const std::string& host, const resource& what, const draft& object, const writer& who = {}) {
    return write(host, protocol::Verb::create, what, object.get("metadata").get("name").str(), object, who);
  }

  /// Runs one message after the other until `done`.
  template <class Done>
  bool step_until(Done done) {
    while (!done())
      if (!scheduler().try_run_once())
        return false;
    return true;
  }
};

inline draft config_map(std::string_view name, std::string_view value = "1") {
  return json(std::string{R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"namespace":"default","name":")"} + std::string{name} +
              R"("},"data":{"value":")" + std::string{value} + R"("}})");
}
inline draft lease(std::string_view name) {
  return json(std::string{R"({"apiVersion":"coordination.k8s.io/v1","kind":"Lease","metadata":{"namespace":"default","name":")"} +
              std::string{name} + R"("},"spec":{}})");
}

} // namespace apiserver_samples
