// What each verb does to the object that is there.
#include <catch2/catch.hpp>

#include "actors/apiserver/verbs/plan.hpp"
#include "messages/codec/codec.hpp"

using namespace actors::apiserver;
using namespace actors::apiserver::verbs;
using messages::codec::draft;

namespace {

constexpr int64_t now = 1'767'225'600; // 2026-01-01T00:00:00Z

draft json(const char* text) {
  auto parsed = messages::codec::parse_json(text);
  REQUIRE_FALSE(parsed.error);
  return std::move(parsed.value);
}

cache::object_ptr stored(const char* api_version, const char* kind, draft object, int64_t revision) {
  const auto& type = *messages::codec::api_schema().find(api_version, kind);
  object["metadata"].erase("resourceVersion");
  auto packed = messages::codec::pack(type, object);
  REQUIRE_FALSE(packed.error);
  return std::make_shared<const cache::cached_object>(type, packed.object, revision);
}

environment make_environment() {
  return {
    .now_seconds = now,
    .new_uid = [] { return std::string{"11111111-2222-4333-8444-555555555555"}; },
    .name_suffix = [] { return std::string{"abcde"}; },
    .find_namespace =
      [](std::string_view name) -> cache::object_ptr {
      if (name == "missing")
        return nullptr;
      draft object = draft::make_object({{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", draft::make_object({{"name", name}})}});
      if (name == "going") {
        object["metadata"].set("deletionTimestamp", "2026-01-01T00:00:00Z");
        object["status"].set("phase", "Terminating");
      }
      return stored("v1", "Namespace", std::move(object), 1);
    },
    .allocate = [](const registry::kind&, const std::string&, draft&, const draft&, registry::field_errors&) {},
  };
}

change_request request(Verb verb, std::string_view plural, std::string_view name, draft object = {}) {
  change_request result;
  for (const std::string_view group : {"", "apps"})
    if (const auto* kind = registry::find_kind(group, "v1", plural))
      result.kind = kind;
  REQUIRE(result.kind != nullptr);
  result.verb = verb;
  result.name_space = result.kind->namespaced ? "default" : "";
  result.name = name;
  result.object = std::move(object);
  return result;
}

draft config_map() {
  return json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"default","uid":"u1",
    "creationTimestamp":"2025-01-01T00:00:00Z"},"data":{"x":"1"}})");
}

draft running_pod() {
  return json(R"({"apiVersion":"v1","kind":"Pod","metadata":{"name":"p","namespace":"default","uid":"u2",
    "creationTimestamp":"2025-01-01T00:00:00Z","generation":1},
    "spec":{"nodeName":"node-a","terminationGracePeriodSeconds":30,"containers":[{"name":"c","image":"i"}]}})");
}

using action = write_plan::action;

} // namespace

TEST_CASE("create fills what the server owns") {
  auto plan = plan_write(request(Verb::create, "configmaps", "", json(R"({"apiVersion":"v1","kind":"ConfigMap","metadata":{"generateName":"cfg-"}})")),
                         nullptr, make_environment());
  INFO(plan.error.message);
  REQUIRE(plan.what == action::put);
  CHECK(plan.code == 201);
  CHECK(plan.expected == 0);
  CHECK(plan.key == "/configmaps/default/cfg-abcde");
  const draft& metadata = plan.shown().get("metadata");
  CHECK(metadata.get("uid").str() == "11111111-2222-4333-8444-555555555555");
  CHECK(metadata.get("creationTimestamp").str() == "2026-01-01T00:00:00Z");
  CHECK(metadata.get("namespace").str() == "default");
}

TEST_CASE("create is refused in upstream's words") {
  const auto error = [](draft object, const char* name_space = "default", cache::object_ptr current = nullptr) {
    auto wanted = request(Verb::create, "configmaps", "a", std::move(object));
    wanted.name_space = name_space;
    auto plan = plan_write(wanted, current, make_environment());
    REQUIRE(plan.what == action::refuse);
    return std::to_string(plan.error.code) + " " + plan.error.reason + ": " + plan.error.message;
  };
  draft fresh = config_map();
  fresh["metadata"].erase("namespace");
  CHECK(error(fresh, "missing") == "404 NotFound: namespaces \"missing\" not found");
  CHECK(error(fresh, "going").starts_with("403 Forbidden: configmaps \"a\" is forbidden: unable to create new content in namespace going because it is being terminated"));
  CHECK(error(config_map(), "other").starts_with("400 BadRequest: the namespace of the provided object does not match"));
  CHECK(error(config_map(), "default", stored("v1", "ConfigMap", config_map(), 5)) == "409 AlreadyExists: configmaps \"a\" already exists");
  draft with_revision = config_map();
  with_revision["metadata"].set("resourceVersion", "5");
  CHECK(error(with_revision) == "400 BadRequest: resourceVersion should not be set on objects to be created");
  draft bad_name = config_map();
  bad_name["metadata"].set("name", "Not_A_Name");
  CHECK(error(bad_name).starts_with("422 Invalid: ConfigMap \"Not_A_Name\" is invalid: metadata.name: Invalid value: \"Not_A_Name\""));
}

TEST_CASE("an update compares the revision that the client saw") {
  const auto current = stored("v1", "ConfigMap", config_map(), 7);
  draft next = config_map();
  next["data"].set("x", "2");
  auto plan = plan_write(request(Verb::update, "configmaps", "a", next), current, make_environment());
  REQUIRE(plan.what == action::put);
  CHECK(plan.expected == 7);
  CHECK(plan.retry_on_conflict);
  next["metadata"].set("resourceVersion", "7");
  CHECK(plan_write(request(Verb::update, "configmaps", "a", next), current, make_environment()).what == action::put);
  next["metadata"].set("resourceVersion", "6");
  plan = plan_write(request(Verb::update, "configmaps", "a", next), current, make_environment());
  REQUIRE(plan.what == action::refuse);
  CHECK(plan.error.message == "Operation cannot be fulfilled on configmaps \"a\": the object has been modified; please apply your "
                              "changes to the latest version and try again");
  CHECK(plan_write(request(Verb::update, "configmaps", "a", config_map()), nullptr, make_environment()).error.code == 404);
  CHECK(plan_write(request(Verb::update, "configmaps", "b", config_map()), current, make_environment()).error.code == 400);
}

TEST_CASE("an update that changes nothing writes nothing") {
  const auto current = stored("v1", "ConfigMap", config_map(), 7);
  const auto plan = plan_write(request(Verb::update, "configmaps", "a", config_map()), current, make_environment());
  CHECK(plan.what == action::nothing);
  CHECK(plan.expected == 7);
}

TEST_CASE("the three patches") {
  const auto current = stored("v1", "ConfigMap", config_map(), 7);
  const auto apply = [&](PatchKind kind, const char* patch) {
    auto wanted = request(Verb::patch, "configmaps", "a");
    wanted.patch_kind = kind;
    wanted.patch = json(patch);
    return plan_write(wanted, current, make_environment());
  };
  auto plan = apply(PatchKind::merge, R"({"data":{"x":null,"y":"2"}})");
  REQUIRE(plan.what == action::put);
  CHECK(plan.shown().get("data") == json(R"({"y":"2"})"));
  CHECK(apply(PatchKind::json, R"([{"op":"add","path":"/data/z","value":"3"}])").shown().at({"data", "z"}).str() == "3");
  CHECK(apply(PatchKind::strategic_merge, R"({"data":{"x":"9"}})").shown().at({"data", "x"}).str() == "9");
  CHECK(apply(PatchKind::json, R"([{"op":"test","path":"/data/x","value":"other"}])").error.code == 422);
  const auto unfit = apply(PatchKind::merge, R"({"data":{"x":5}})").error;
  CHECK(unfit.code == 422);
  CHECK(unfit.message.starts_with(R"( "" is invalid: patch: Invalid value: "{)"));
  CHECK(unfit.message.ends_with("json: cannot unmarshal number into Go struct field ConfigMap.data of type string"));
  CHECK(apply(PatchKind::json, "{}").error.message == "json: cannot unmarshal object into Go value of type jsonpatch.Patch");
  CHECK(apply(PatchKind::merge, "[]").error.message ==
        "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}");
  CHECK(apply(PatchKind::merge, R"({"metadata":{"resourceVersion":"6"}})").error.code == 409);
  CHECK(apply(PatchKind::merge, R"({"metadata":{"name":"b"}})").error.code == 400);
}

TEST_CASE("a patch makes no other kind of the object") {
  const auto current = stored("v1", "ConfigMap", config_map(), 7);
  const auto apply = [&](PatchKind kind, const char* patch) {
    auto wanted = request(Verb::patch, "configmaps", "a");
    wanted.patch_kind = kind;
    wanted.patch = json(patch);
    return plan_write(wanted, current, make_environment());
  };
  for (const auto* patch : {R"({"kind":"x"})", R"({"kind":"Pod"})", R"({"apiVersion":"v2"})"})
    CHECK(apply(PatchKind::merge, patch).error.code == 422);
  CHECK(apply(PatchKind::json, R"([{"op":"replace","path":"/kind","value":"Secret"}])").error.code == 422);
  const auto strategic = apply(PatchKind::strategic_merge, R"({"kind":"x","data":{"x":"9"}})");
  REQUIRE(strategic.what == action::put);
  CHECK(strategic.shown().get("kind").str() == "ConfigMap");
  const auto dropped = apply(PatchKind::merge, R"({"kind":null,"apiVersion":"","data":{"x":"9"}})");
  REQUIRE(dropped.what == action::put);
  CHECK(dropped.shown().get("kind").str() == "ConfigMap");
  CHECK(dropped.shown().get("apiVersion").str() == "v1");
}

TEST_CASE("a deletion waits for grace and finalizers") {
  const auto env = make_environment();
  auto plan = plan_write(request(Verb::delete_one, "configmaps", "a"), stored("v1", "ConfigMap", config_map(), 7), env);
  CHECK(plan.what == action::erase);
  CHECK(plan.expected == 7);
  CHECK(plan.shown().get("kind").str() == "Status");

  draft held = config_map();
  held["metadata"].set("finalizers", draft::make_array({"example.com/hold"}));
  plan = plan_write(request(Verb::delete_one, "configmaps", "a"), stored("v1", "ConfigMap", held, 8), env);
  REQUIRE(plan.what == action::put);
  CHECK(plan.shown().at({"metadata", "deletionTimestamp"}).str() == "2026-01-01T00:00:00Z");
  // The update that removes the last finalizer removes the object.
  draft released = plan.shown();
  const auto marked = stored("v1", "ConfigMap", plan.shown(), 9);
  released["metadata"].erase("finalizers");
  released["metadata"].erase("resourceVersion"); // of before the deletion
  CHECK(plan_write(request(Verb::update, "configmaps", "a", released), marked, env).what == action::erase);

  const auto pod = stored("v1", "Pod", running_pod(), 3);
  plan = plan_write(request(Verb::delete_one, "pods", "p"), pod, env);
  REQUIRE(plan.what == action::put);
  CHECK(plan.shown().at({"metadata", "deletionTimestamp"}).str() == "2026-01-01T00:00:30Z");
  CHECK(plan.shown().at({"metadata", "deletionGracePeriodSeconds"}).integer() == 30);
  const auto going = stored("v1", "Pod", plan.shown(), 4);
  CHECK(plan_write(request(Verb::delete_one, "pods", "p"), going, env).what == action::nothing);
  auto now_please = request(Verb::delete_one, "pods", "p");
  now_please.grace_seconds = 0;
  CHECK(plan_write(now_please, going, env).what == action::erase);
  draft pending = running_pod();
  pending["spec"].erase("nodeName");
  CHECK(plan_write(request(Verb::delete_one, "pods", "p"), stored("v1", "Pod", pending, 3), env).what == action::erase);
}

TEST_CASE("deletion preconditions and propagation") {
  const auto env = make_environment();
  const auto current = stored("v1", "ConfigMap", config_map(), 7);
  auto wanted = request(Verb::delete_one, "configmaps", "a");
  wanted.precondition_uid = "other";
  CHECK(plan_write(wanted, current, env).error.code == 409);
  wanted.precondition_uid = "u1";
  CHECK(plan_write(wanted, current, env).what == action::erase);
  wanted.propagation_policy = "Foreground";
  auto plan = plan_write(wanted, current, env);
  REQUIRE(plan.what == action::put);
  CHECK(plan.shown().at({"metadata", "finalizers"}) == json(R"(["foregroundDeletion"])"));
}

TEST_CASE("a pod is bound once") {
  const auto env = make_environment();
  draft pod = running_pod();
  pod["spec"].erase("nodeName");
  auto wanted = request(Verb::create, "pods", "p", json(R"({"apiVersion":"v1","kind":"Binding","metadata":{"name":"p"},"target":{"kind":"Node","name":"node-b"}})"));
  wanted.subresource = "binding";
  auto plan = plan_write(wanted, stored("v1", "Pod", pod, 3), env);
  INFO(plan.error.message);
  REQUIRE(plan.what == action::put);
  CHECK(plan.stored.at({"spec", "nodeName"}).str() == "node-b");
  CHECK(plan.stored.at({"status", "conditions"}).items().front().get("type").str() == "PodScheduled");
  plan = plan_write(wanted, stored("v1", "Pod", running_pod(), 4), env);
  REQUIRE(plan.what == action::refuse);
  CHECK(plan.error.message == "Operation cannot be fulfilled on pods/binding \"p\": pod p is already assigned to node \"node-a\"");
}

TEST_CASE("the scale of a deployment") {
  const auto env = make_environment();
  const auto current = stored("apps/v1", "Deployment", json(R"({"apiVersion":"apps/v1","kind":"Deployment",
    "metadata":{"name":"d","namespace":"default","uid":"u3","creationTimestamp":"2025-01-01T00:00:00Z","generation":1},
    "spec":{"replicas":1,"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"i"}]}}}})"), 5);
  auto wanted = request(Verb::patch, "deployments", "d");
  wanted.subresource = "scale";
  wanted.patch_kind = PatchKind::merge;
  wanted.patch = json(R"({"spec":{"replicas":4}})");
  const auto plan = plan_write(wanted, current, env);
  INFO(plan.error.message);
  REQUIRE(plan.what == action::put);
  CHECK(plan.stored.at({"spec", "replicas"}).integer() == 4);
  CHECK(plan.stored.at({"metadata", "generation"}).integer() == 2);
  CHECK(plan.shown().get("kind").str() == "Scale");
  CHECK(plan.shown().at({"spec", "replicas"}).integer() == 4);
}
