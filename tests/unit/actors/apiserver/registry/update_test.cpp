// What an update may change, and what the server carries over.
#include "samples.hpp"

#include "actors/apiserver/registry/meta/object_meta.hpp"

using namespace samples;
namespace registry = actors::apiserver::registry;

namespace {

const registry::change_context context{"tester", now_seconds};

/// Next state as the verbs make it: patched, defaulted, canonical, prepared.
draft prepared(const kind& k, const draft& old, std::string_view patch) {
  auto next = with(k, old, patch);
  registry::meta::keep_system_fields(next, old);
  next = canonical(k, next);
  k.prepare_update(context, next, old);
  return next;
}

struct rule {
  const char* kind_name;
  const char* old_patch;
  const char* patch;
  std::vector<std::string> expected;
};

int64_t generation(const draft& object) { return object.get("metadata").get("generation").integer(); }

} // namespace

TEST_CASE("immutable fields") {
  const std::vector<rule> rules = {
    {"ConfigMap",
     "{}",
     R"({"metadata":{"name":"y"}})",
     {"metadata.name: Invalid value: \"y\": field is immutable"}},
    {"ConfigMap",
     "{}",
     R"({"metadata":{"uid":"v"}})",
     {"metadata.uid: Invalid value: \"v\": field is immutable"}},
    {"ConfigMap",
     R"({"immutable":true})",
     R"({"data":{"a":"2"}})",
     {"data: Forbidden: field is immutable when `immutable` is set"}},
    {"ConfigMap",
     R"({"immutable":true})",
     R"({"immutable":false})",
     {"immutable: Forbidden: field is immutable when `immutable` is set"}},
    {"Secret", "{}", R"({"type":"other"})", {"type: Invalid value: \"other\": field is immutable"}},
    {"Deployment",
     "{}",
     R"({"spec":{"selector":{"matchLabels":{"tier":"x"}},"template":{"metadata":{"labels":{"tier":"x"}}}}})",
     {"spec.selector: Invalid value: {\"matchLabels\":{\"app\":\"web\",\"tier\":\"x\"}}: field is "
      "immutable"}},
    {"Node",
     "{}",
     R"({"spec":{"podCIDR":"10.1.0.0/24","podCIDRs":["10.1.0.0/24"]}})",
     {"spec.podCIDRs: Forbidden: node updates may not change podCIDR except from \"\" to valid"}},
    {"Node",
     R"({"spec":{"providerID":"a"}})",
     R"({"spec":{"providerID":"b"}})",
     {"spec.providerID: Forbidden: node updates may not change providerID except from \"\" to valid"}},
    {"EndpointSlice",
     R"({"endpoints":[]})",
     R"({"addressType":"IPv6"})",
     {"addressType: Invalid value: \"IPv6\": field is immutable"}},
    {"Service",
     R"({"spec":{"clusterIP":"10.96.0.9","clusterIPs":["10.96.0.9"]}})",
     R"({"spec":{"clusterIP":"10.96.0.10","clusterIPs":["10.96.0.10"]}})",
     {"spec.clusterIPs[0]: Invalid value: [\"10.96.0.10\"]: may not change once set"}},
    {"Pod", "{}", R"({"spec":{"containers":[{"name":"web","image":"web:2"}]}})", {}},
    {"Pod",
     "{}",
     R"({"spec":{"containers":[{"name":"web","image":"web:1"},{"name":"b","image":"b:1"}]}})",
     {"spec.containers: Forbidden: pod updates may not add or remove containers"}},
    {"Pod",
     R"({"spec":{"activeDeadlineSeconds":10}})",
     R"({"spec":{"activeDeadlineSeconds":20}})",
     {"spec.activeDeadlineSeconds: Invalid value: 20: must be less than or equal to previous value"}},
    {"Pod", "{}", R"({"spec":{"tolerations":[{"key":"a","operator":"Exists"}]}})", {}},
    {"Pod",
     R"({"spec":{"tolerations":[{"key":"a","operator":"Exists"}]}})",
     R"({"spec":{"tolerations":[]}})",
     {"spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds"}},
  };
  for (auto& [name, old_patch, patch, expected] : rules) {
    INFO(name << ": " << old_patch << " -> " << patch);
    auto& k = kind_of(name);
    auto old = canonical(k, with(k, sample(name), old_patch));
    auto next = with(k, old, patch);
    CHECK(update_mistakes(k, canonical(k, next), old) == expected);
  }
}

TEST_CASE("a running pod's spec is immutable, and the first difference is named") {
  auto& k = kind_of("Pod");
  auto old = sample("Pod");
  auto next = canonical(k, with(k, old, R"({"spec":{"hostNetwork":true}})"));
  auto texts = update_mistakes(k, next, old);
  REQUIRE(texts.size() == 1);
  CHECK(texts[0] ==
        "spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,"
        "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
        "existing "
        "tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously "
        "negative)\n"
        "spec.hostNetwork: null -> true");
}

TEST_CASE("a generation counts the changes of what is wanted") {
  auto& k = kind_of("Deployment");
  auto old = sample("Deployment");
  CHECK(generation(old) == 1);
  CHECK(generation(prepared(k, old, R"({"spec":{"replicas":3}})")) == 2);
  CHECK(generation(prepared(k, old, R"({"metadata":{"annotations":{"a":"b"}}})")) == 2);
  CHECK(generation(prepared(k, old, R"({"metadata":{"labels":{"a":"b"}}})")) == 1);
  CHECK(generation(prepared(k, old, R"({"metadata":{"generation":9}})")) == 1);
  CHECK(generation(prepared(k, old, R"({"spec":{"paused":false}})")) == 1);
  auto& rs = kind_of("ReplicaSet");
  CHECK(generation(prepared(rs, sample("ReplicaSet"), R"({"metadata":{"annotations":{"a":"b"}}})")) == 1);
  CHECK(generation(prepared(kind_of("Pod"), sample("Pod"),
                            R"({"spec":{"containers":[{"name":"web","image":"web:2"}]}})")) == 2);
  CHECK(generation(prepared(kind_of("EndpointSlice"), sample("EndpointSlice"), R"({"ports":[]})")) == 2);
}

TEST_CASE("status belongs to the status subresource") {
  auto& k = kind_of("Deployment");
  auto old = canonical(k, with(k, sample("Deployment"), R"({"status":{"replicas":2}})"));
  auto next = prepared(k, old, R"({"status":{"replicas":9},"spec":{"replicas":5}})");
  CHECK(next.get("status").get("replicas").integer() == 2);
  CHECK(next.get("spec").get("replicas").integer() == 5);
  auto reported =
    with(k, old, R"({"status":{"replicas":4},"spec":{"replicas":9},"metadata":{"labels":{"x":"y"}}})");
  k.prepare_status_update(context, reported, old);
  CHECK(reported.get("status").get("replicas").integer() == 4);
  CHECK(reported.get("spec") == old.get("spec"));
  CHECK_FALSE(reported.get("metadata").contains("labels"));
  registry::field_errors errors;
  reported["status"].set("availableReplicas", 9);
  k.validate_status_update(reported, old, errors);
  REQUIRE(errors.size() == 2);
  CHECK(errors[0].text() ==
        "status.availableReplicas: Invalid value: 9: cannot be greater than status.replicas");
}

TEST_CASE("metadata that the server owns") {
  auto& k = kind_of("ConfigMap");
  auto object = json(
    R"({"metadata":{"generateName":"web-","deletionTimestamp":"2020-01-01T00:00:00Z","managedFields":[{}],
                         "resourceVersion":"7","generation":4}})");
  REQUIRE(registry::meta::generate_name(object, "abcde"));
  registry::meta::fill_system_fields(object, "uid-1", now_seconds);
  CHECK(object.get("metadata") == json(R"({"generateName":"web-","name":"web-abcde","uid":"uid-1",
                                           "creationTimestamp":"2027-01-15T08:00:00Z"})"));
  CHECK_FALSE(registry::meta::generate_name(object, "fghij"));
  auto old = sample("ConfigMap");
  old["metadata"].set("deletionTimestamp", "2027-01-15T08:00:00Z");
  auto next = json(R"({"metadata":{"name":"x","namespace":"default","creationTimestamp":null}})");
  registry::meta::keep_system_fields(next, old);
  CHECK(update_mistakes(k, next, old).empty());
  next["metadata"]["finalizers"].push_back("a.b/c");
  CHECK(update_mistakes(k, next, old) ==
        std::vector<std::string>{
          "metadata.finalizers: Forbidden: no new finalizers can be added if the object is being "
          "deleted, found new finalizers []string{\"a.b/c\"}"});
}

TEST_CASE("a namespace goes through Terminating, held by its finalizer") {
  auto& k = kind_of("Namespace");
  auto object = sample("Namespace");
  CHECK(object.get("spec").get("finalizers") == draft::make_array({"kubernetes"}));
  CHECK(k.holds_deletion(object));
  k.begin_deletion(context, object);
  CHECK(object.get("status").get("phase").str() == "Terminating");
  auto finalized = with(k, object, R"({"spec":{"finalizers":[]},"status":{"phase":"Active"}})");
  k.prepare_finalize(context, finalized, object);
  CHECK_FALSE(k.holds_deletion(finalized));
  CHECK(finalized.get("status").get("phase").str() == "Terminating");
  auto plain = with(k, object, R"({"spec":{"finalizers":[]}})");
  k.prepare_update(context, plain, object);
  CHECK(k.holds_deletion(plain));
}

TEST_CASE("a namespace with a generated name carries it as a label") {
  auto& k = kind_of("Namespace");
  auto object = json(R"({"metadata":{"generateName":"demo-"}})");
  k.apply_defaults(object);
  registry::meta::generate_name(object, "abcde");
  k.prepare_create(context, object);
  CHECK(object.get("metadata").get("labels").get("kubernetes.io/metadata.name").str() == "demo-abcde");
}

TEST_CASE("comparing what is deep costs no more than its size, and nothing equals what is absent") {
  draft deep = "end";
  for (int level = 0; level < 60; ++level)
    deep = draft::make_object({{"next", std::move(deep)}});
  CHECK(registry::meta::semantically_equal(deep, draft(deep)));
  const auto with_empty = draft::make_object({{"a", 1}, {"b", draft::make_array()}, {"c", {}}});
  const auto without = draft::make_object({{"a", 1}});
  CHECK(registry::meta::semantically_equal(with_empty, without));
  CHECK(registry::meta::semantically_equal(without, with_empty));
  CHECK_FALSE(registry::meta::semantically_equal(without, draft::make_object({{"a", 1}, {"b", draft::make_array({1})}})));
}
