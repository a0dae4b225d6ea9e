#include "samples.hpp"

#include <map>

#include "messages/codec/codec.hpp"
#include "messages/codec/merge_patch.hpp"

namespace samples {

namespace registry = actors::apiserver::registry;
namespace codec = messages::codec;

namespace {

const std::map<std::string_view, std::string_view> texts = {
  {"Namespace", R"({"metadata":{"name":"x","uid":"u","creationTimestamp":"2027-01-15T07:55:00Z"}})"},
  {"Node", R"({"metadata":{"name":"node-a","uid":"u"},"spec":{"podCIDR":"10.244.0.0/24"}})"},
  {"ConfigMap", R"({"metadata":{"name":"x","namespace":"default","uid":"u"},"data":{"a":"1"}})"},
  {"Secret", R"({"metadata":{"name":"x","namespace":"default","uid":"u"},"data":{"a":"MQ=="}})"},
  {"ServiceAccount", R"({"metadata":{"name":"x","namespace":"default","uid":"u"}})"},
  {"Pod", R"({"metadata":{"name":"x","namespace":"default","uid":"u"},
                "spec":{"containers":[{"name":"web","image":"web:1"}]}})"},
  {"Service", R"({"metadata":{"name":"x","namespace":"default","uid":"u"},
                    "spec":{"selector":{"app":"web"},"ports":[{"port":80}]}})"},
  {"Endpoints", R"({"metadata":{"name":"x","namespace":"default","uid":"u"},
                      "subsets":[{"addresses":[{"ip":"10.0.0.1"}],"ports":[{"port":80}]}]})"},
  {"Deployment", R"({"metadata":{"name":"x","namespace":"default","uid":"u"},"spec":{
        "selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},
        "spec":{"containers":[{"name":"web","image":"web:1"}]}}}})"},
  {"ReplicaSet", R"({"metadata":{"name":"x","namespace":"default","uid":"u"},"spec":{
        "selector":{"matchLabels":{"app":"web"}},"template":{"metadata":{"labels":{"app":"web"}},
        "spec":{"containers":[{"name":"web","image":"web:1"}]}}}})"},
  {"Lease", R"({"metadata":{"name":"x","namespace":"default","uid":"u"},"spec":{"holderIdentity":"me"}})"},
  {"EndpointSlice", R"({"metadata":{"name":"x","namespace":"default","uid":"u"},"addressType":"IPv4",
        "endpoints":[{"addresses":["10.0.0.1"]}],"ports":[{"port":80}]})"},
  {"Event", R"({"metadata":{"name":"x","namespace":"default","uid":"u"},
        "involvedObject":{"kind":"Pod","name":"p","namespace":"default"},"reason":"Started","type":"Normal",
        "message":"started"})"},
  {"events.k8s.io/Event", R"({"metadata":{"name":"x","namespace":"default","uid":"u"},
        "eventTime":"2027-01-15T07:00:00.000000Z","reportingController":"a.b/c","reportingInstance":"i","action":"a",
        "reason":"Started","type":"Normal","note":"started","regarding":{"kind":"Pod","namespace":"default"}})"},
  {"Host", R"({"metadata":{"name":"host-a","uid":"u"},"spec":{"address":"10.0.0.1:7100"}})"},
  {"Placement", R"({"metadata":{"name":"current","uid":"u"},"spec":{"text":"kind: Placement\n"}})"},
  {"Role", R"({"metadata":{"name":"controllers.deployment","uid":"u"},
        "spec":{"role":"controllers/deployment","hosts":["host-a","host-b"],"generation":1}})"},
  {"Shard", R"({"metadata":{"name":"main","uid":"u"},"spec":{"host":"host-a","engine":"lmdb"}})"},
};

std::vector<std::string> texts_of(const registry::field_errors& errors) {
  std::vector<std::string> out;
  for (auto& error : errors)
    out.push_back(error.text());
  return out;
}

} // namespace

draft json(std::string_view text) {
  auto result = codec::parse_json(text);
  if (result.error)
    FAIL("bad JSON in a test: " << result.error->message << " in " << text);
  return result.value;
}

const kind& kind_of(std::string_view name) {
  for (auto& k : registry::kinds())
    if (k.name == name || std::string(k.group) + "/" + std::string(k.name) == name)
      return k;
  FAIL("no kind " << name);
  throw 0;
}

draft with(const kind& k, const draft& base, std::string_view patch) {
  draft object = base;
  codec::apply_merge_patch(object, json(patch));
  k.apply_defaults(object);
  return object;
}

draft canonical(const kind& k, draft object) {
  object.set("apiVersion", k.api_version());
  object.set("kind", k.name);
  auto* type = codec::api_schema().find(k.api_version(), k.name);
  REQUIRE(type);
  std::vector<std::string> unknown;
  auto refused = codec::check(*type, object, unknown);
  INFO((refused ? refused->path + ": " + refused->message : ""));
  REQUIRE_FALSE(refused);
  CHECK(unknown.empty());
  auto packed = codec::pack(*type, object);
  REQUIRE_FALSE(packed.error);
  return codec::unpack(*type, packed.object);
}

std::vector<std::string> mistakes(const kind& k, const draft& object) {
  registry::field_errors errors;
  k.validate(object, errors);
  return texts_of(errors);
}

std::vector<std::string> update_mistakes(const kind& k, const draft& next, const draft& old) {
  registry::field_errors errors;
  k.validate_update(next, old, errors);
  return texts_of(errors);
}

std::vector<std::string> cells(const kind& k, const draft& object) {
  std::vector<draft> row;
  k.cells(object, now_seconds, row);
  std::vector<std::string> out;
  for (auto& cell : row)
    out.push_back(cell.is_string() ? std::string(cell.str()) : cell.number_text());
  return out;
}

draft sample(std::string_view kind_name) {
  auto& k = kind_of(kind_name);
  auto object = json(texts.at(kind_name));
  k.apply_defaults(object);
  k.prepare_create({"tester", now_seconds}, object);
  return canonical(k, object);
}

} // namespace samples
