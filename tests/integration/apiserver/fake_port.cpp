#include "tests/integration/apiserver/fake_port.hpp"

#include <fmt/format.h>
#include <cstdlib>
#include <stdexcept>

#include "actors/apiserver/verbs/plan.hpp"
#include "messages/codec/codec.hpp"

namespace tests {

namespace protocol = runtime::protocols::apiserver;
namespace kubelet = runtime::protocols::kubelet;
using api::cache::cached_object;
using api::cache::change;

namespace {

std::map<std::string, std::string> shards() {
  std::map<std::string, std::string> result;
  for (const auto& kind : api::registry::kinds())
    result.emplace(kind.key_prefix, kind.shard);
  return result;
}

} // namespace

fake_port::fake_port() : cache_(shards()) {
  for (const auto& [name, shard] : cache_.shards()) {
    auto empty = std::make_shared<api::cache::snapshot>();
    empty->revision = revision_;
    shard->load(empty, revision_);
  }
}

void fake_port::barrier(std::string_view, std::function<void(api::status::api_error)> done) {
  ++barriers_;
  done(barrier_works_ ? api::status::api_error{} : api::status::timeout("the store did not answer"));
}

void fake_port::write(protocol::write_request request,
                      std::function<void(const protocol::write_reply&)> done) {
  protocol::WriteRequestT content = request.unpack();
  const auto* kind =
    api::registry::find_kind(content.target->group, content.target->version, content.target->resource);
  {
    std::lock_guard lock{mutex_};
    writes_.push_back(request.unpack());
  }
  if (!answers_)
    return; // never: the callback is dropped
  protocol::WriteReplyT reply;
  reply.object = 0;
  runtime::transport::attachment object = request.at(content.object);
  if (content.verb == protocol::Verb::create) {
    const auto value = messages::codec::unpack(*object.type, object.object);
    const std::string key =
      api::verbs::store_key(*kind, content.target->namespace_name, value.at({"metadata", "name"}).str());
    if (cache_.shard_of(kind->key_prefix).read()->objects.find(key) != nullptr) {
      const auto* type = messages::codec::api_schema().find("v1", "Status");
      reply.code = 409;
      object = {type, messages::codec::pack(*type, api::status::to_status(api::status::already_exists(
                                                     *kind, value.at({"metadata", "name"}).str())))
                        .object};
    } else {
      reply.code = 201;
      reply.revision = apply(key, std::make_shared<cached_object>(*object.type, object.object, 0));
    }
  } else {
    const auto* type = messages::codec::api_schema().find("v1", "Status");
    reply.code = 200;
    object = {
      type,
      messages::codec::pack(*type, api::status::deleted_status(*kind, content.target->name, "")).object};
  }
  auto answer = [done, ready = protocol::write_reply{reply, {object}}] { done(ready); };
  on_answer_ ? on_answer_(answer) : answer();
}

void fake_port::read_log(std::string_view, kubelet::read_log_request request,
                         std::function<void(api::status::api_error, const kubelet::read_log_reply&)> done) {
  if (!on_log_)
    return done(api::status::unavailable("no kubelet"), {});
  done({}, kubelet::read_log_reply{on_log_(request.unpack())});
}

int64_t fake_port::apply(const std::string& key, api::cache::object_ptr after) {
  std::lock_guard lock{mutex_};
  const std::string prefix = key.substr(0, key.find('/', 1) + 1);
  auto& shard = cache_.shard_of(prefix);
  change item;
  item.revision = ++revision_;
  item.key = key;
  if (const auto* found = shard.read()->objects.find(key))
    item.before = *found;
  if (after)
    item.after = std::make_shared<cached_object>(after->what(), after->bytes(), item.revision);
  shard.apply({item}, item.revision);
  return item.revision;
}

int64_t fake_port::put(std::string_view json) {
  auto parsed = messages::codec::parse_json(json);
  if (parsed.error)
    throw std::runtime_error(parsed.error->message);
  const auto& value = parsed.value;
  const auto* type =
    messages::codec::api_schema().find(value.get("apiVersion").str(), value.get("kind").str());
  auto packed = messages::codec::pack(*type, value);
  if (packed.error)
    throw std::runtime_error(packed.error->path + ": " + packed.error->message);
  const auto* kind = api::registry::find_kind_by_name(type->group(), type->version(), type->kind());
  const auto key = api::verbs::store_key(*kind, value.at({"metadata", "namespace"}).str(),
                                         value.at({"metadata", "name"}).str());
  return apply(key, std::make_shared<cached_object>(*type, packed.object, 0));
}

int64_t fake_port::erase(const std::string& key) { return apply(key, nullptr); }

void fake_port::reload(const std::string& prefix, int64_t oldest) {
  auto& shard = cache_.shard_of(prefix);
  shard.load(shard.read(), oldest);
}

std::vector<protocol::WriteRequestT> fake_port::writes() const {
  std::lock_guard lock{mutex_};
  std::vector<protocol::WriteRequestT> copies;
  for (const auto& item : writes_)
    copies.push_back(protocol::write_request{item}.unpack());
  return copies;
}

void fake_cluster::measure(std::function<void(samples)> done) {
  runtime::telemetry::host_sample host{.host = "host-a", .version = "1"};
  runtime::telemetry::actor_sample actor{.parent = "supervisor/scheduler", .handled = 42};
  actor.row = {.id = "scheduler", .role = "scheduler", .host = "host-a", .starts = 1};
  host.actors.push_back(actor);
  done({host});
}

void fake_cluster::command(runtime::control::words request, std::function<void(runtime::control::reply)> done) {
  const bool known = request.back() != "nobody";
  {
    std::lock_guard lock{mutex_};
    commands_.push_back(std::move(request));
  }
  done({.error = known ? "" : "no actor is named `nobody`", .lines = {}});
}

std::vector<runtime::control::words> fake_cluster::commands() const {
  std::lock_guard lock{mutex_};
  return commands_;
}

served_api::served_api(std::string_view tokens) {
  char folder[] = "/tmp/troupe-http-test-XXXXXX";
  if (mkdtemp(folder) == nullptr)
    throw std::runtime_error("no temporary folder");
  data = folder;
  if (!tokens.empty()) {
    std::filesystem::create_directories(data / "pki");
    FILE* file = std::fopen((data / "pki" / "tokens.csv").c_str(), "w");
    std::fwrite(tokens.data(), 1, tokens.size(), file);
    std::fclose(file);
  }
  api::http::server_options options;
  options.address = "127.0.0.1:0";
  options.data = data;
  options.service_cidr = "10.96.0.0/16";
  options.host = "host-a";
  options.cluster = cluster;
  options.sessions = sessions;
  try {
    server = api::http::start(options, port, {});
  } catch (...) {
    std::filesystem::remove_all(data); // no destructor will
    throw;
  }
}

served_api::~served_api() {
  server.reset();
  std::filesystem::remove_all(data);
}

https_client served_api::admin() const {
  return https_client{server->port(), data / "pki" / "admin.crt", data / "pki" / "admin.key"};
}

std::string pod_json(std::string_view name_space, std::string_view name, std::string_view labels,
                     std::string_view node) {
  return fmt::format(
    R"({{"apiVersion":"v1","kind":"Pod","metadata":{{"namespace":"{}","name":"{}","labels":{}}},)"
    R"("spec":{{"nodeName":"{}","containers":[{{"name":"main","image":"busybox"}}]}}}})",
    name_space, name, labels, node);
}

} // namespace tests
