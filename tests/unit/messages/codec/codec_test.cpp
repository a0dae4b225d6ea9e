#include "messages/codec/codec.hpp"

#include "tests/unit/messages/codec/sample.hpp"

#include <catch2/catch.hpp>

using namespace messages::codec;

namespace {

struct outcome {
  std::string json;
  std::vector<std::string> strict_errors;
  std::string error, path;
  object_buffer object;
};

// What the edge does with a body: parse, check, pack; and back to text.
outcome through(std::string_view text, const type& t = sample::widget()) {
  outcome out;
  auto read = parse_json(text);
  REQUIRE_FALSE(read.error);
  out.strict_errors = read.strict_errors;
  auto refused = check(t, read.value, out.strict_errors);
  auto packed = pack(t, read.value);
  CHECK(refused.has_value() == packed.error.has_value());
  if (refused || packed.error) {
    out.error = refused ? refused->message : packed.error->message;
    out.path = refused ? refused->path : packed.error->path;
    if (refused && packed.error) {
      CHECK(refused->message == packed.error->message);
      CHECK(refused->path == packed.error->path);
    }
    return out;
  }
  out.object = packed.object;
  CHECK(verify(t, packed.object));
  CHECK(reinterpret_cast<uintptr_t>(packed.object.data()) % 8 == 0);
  encode_json(t, packed.object, 0, out.json);
  return out;
}

std::string spec_of(std::string_view spec) {
  auto out = through(R"({"spec":{"containers":[],"strategy":{},)" + std::string(spec) + "}}");
  if (!out.error.empty())
    return out.path + ": " + out.error;
  auto whole = parse_json(out.json).value;
  whole["spec"].erase("containers");
  whole["spec"].erase("strategy");
  return to_json(whole.get("spec"));
}

} // namespace

TEST_CASE("an object goes through unchanged") {
  auto text = R"({"kind":"Widget","apiVersion":"sample.dev/v1","metadata":{"name":"w","labels":{"a":"1","b":"2"},)"
              R"("creationTimestamp":"2024-02-29T12:30:45Z","finalizers":["x/y"],"uid":"u"},)"
              R"("spec":{"replicas":0,"minReady":3,"paused":true,"enabled":false,"ratio":0.5,"weight":0,"seconds":9007199254740993,)"
              R"("containers":[{"name":"c","image":"i","args":["","x"],"ports":[{"containerPort":80,"protocol":"TCP"}],)"
              R"("env":[{"name":"E","value":"v"}],"resources":{"limits":{"cpu":"500m","memory":"1Gi"}}}],)"
              R"("strategy":{"rolling":{"maxSurge":"25%","maxUnavailable":1}},"size":"1536Mi",)"
              R"("micro":"2024-02-29T12:30:45.000001Z","raw":{"x":[1.50,123456789012345678901234567890,null]},)"
              R"("raws":[1,null,{"a":"b"}],"groups":[-1,9223372036854775807],"blob":"AAEC","secret":{"k":"c2VjcmV0"},)"
              R"("extra":{"roles":["a","b"]},"named":{"http":{"containerPort":80}},"className":"","selector":{},)"
              R"("tree":{"name":"root","children":[{"name":"leaf"}],"left":{}},"$ref":"r"}})";
  auto out = through(text);
  CHECK(out.json == text);
  CHECK(out.strict_errors.empty());
  auto tree = unpack(sample::widget(), out.object);
  CHECK(tree == parse_json(text).value);
  CHECK(to_json(tree) == text);
}

TEST_CASE("scalars become canonical") {
  CHECK(spec_of(R"("size":"1000m")") == R"({"size":"1"})");
  CHECK(spec_of(R"("size":2)") == R"({"size":"2"})");
  CHECK(spec_of(R"("size":0.5)") == R"({"size":"500m"})");
  CHECK(spec_of(R"("size":1e3)") == R"({"size":"1e3"})");
  CHECK(spec_of(R"("micro":"2024-02-29T14:30:45.000001+02:00")") == R"({"micro":"2024-02-29T12:30:45.000001Z"})");
  CHECK(spec_of(R"("blob":"AAEC\n")") == R"({"blob":"AAEC"})");
  CHECK(spec_of(R"("ratio":2.0)") == R"({"ratio":2})");
  CHECK(spec_of(R"("selector":{"b":"2","a":"1"})") == R"({"selector":{"a":"1","b":"2"}})");
}

TEST_CASE("what Go omits is omitted") {
  CHECK(spec_of(R"("minReady":0,"paused":false,"ratio":0,"$ref":"","groups":[],"extra":{},"blob":"","secret":{})") == "{}");
  CHECK(spec_of(R"("replicas":0,"enabled":false,"className":"","selector":{},"tree":{})")
        == R"({"replicas":0,"enabled":false,"className":"","selector":{},"tree":{}})");
  CHECK(through("{}").json == R"({"metadata":{},"spec":{"containers":null,"strategy":{}}})");
  CHECK(through(R"({"spec":{"containers":[{}],"named":{"a":{}}}})").json
        == R"({"metadata":{},"spec":{"containers":[{"name":"","resources":{}}],"strategy":{},"named":{"a":{"containerPort":0}}}})");
  CHECK(through("{}", *sample::sample_schema().find("v1", "Gadget")).json == "{}");
}

TEST_CASE("null is absent, and the zero value inside lists and maps") {
  auto read = parse_json(R"({"kind":null,"spec":{"replicas":null,"raw":null,"containers":[null],"selector":{"a":null},)"
                         R"("extra":{"x":null},"secret":{"s":null},"raws":[null],"groups":[null]}})").value;
  CHECK(pack(sample::widget(), read).error->message
        == "json: cannot unmarshal null into Go struct field Spec.spec.containers of type sample.Container");
  std::vector<std::string> strict;
  REQUIRE_FALSE(check(sample::widget(), read, strict));
  CHECK(to_json(read) == R"({"spec":{"containers":[{}],"selector":{"a":""},"extra":{"x":[]},"secret":{"s":""},"raws":[null],"groups":[0]}})");
  CHECK_FALSE(pack(sample::widget(), read).error);
}

TEST_CASE("unknown fields are removed and reported with their path") {
  auto read = parse_json(R"({"spec":{"foo":1,"containers":[{"name":"a","imag":"x"}],"raw":{"anything":1},"replicas":2},"bar":{}})").value;
  std::vector<std::string> strict;
  REQUIRE_FALSE(check(sample::widget(), read, strict));
  CHECK(strict == std::vector<std::string>{R"(unknown field "spec.foo")", R"(unknown field "spec.containers[0].imag")",
                                           R"(unknown field "bar")"});
  CHECK(to_json(read) == R"({"spec":{"containers":[{"name":"a"}],"raw":{"anything":1},"replicas":2}})");
  auto typo = pack(sample::widget(), draft::make_object({{"spec", draft::make_object({{"replica", 1}})}}));
  REQUIRE(typo.error);
  CHECK(typo.error->message == R"(unknown field "spec.replica")");
}

TEST_CASE("values of the wrong type are refused in Go's words") {
  auto prefix = std::string("json: cannot unmarshal ");
  CHECK(spec_of(R"("replicas":"3")") == "spec.replicas: " + prefix + "string into Go struct field Spec.spec.replicas of type int32");
  CHECK(spec_of(R"("replicas":3.0)") == "spec.replicas: " + prefix + "number 3.0 into Go struct field Spec.spec.replicas of type int32");
  CHECK(spec_of(R"("replicas":3000000000)") == "spec.replicas: " + prefix + "number 3000000000 into Go struct field Spec.spec.replicas of type int32");
  CHECK(spec_of(R"("seconds":9223372036854775808)") == "spec.seconds: " + prefix + "number 9223372036854775808 into Go struct field Spec.spec.seconds of type int64");
  CHECK(spec_of(R"("paused":"yes")") == "spec.paused: " + prefix + "string into Go struct field Spec.spec.paused of type bool");
  CHECK(spec_of(R"("$ref":1)") == "spec.$ref: " + prefix + "number into Go struct field Spec.spec.$ref of type string");
  CHECK(spec_of(R"("groups":{})") == "spec.groups: " + prefix + "object into Go struct field Spec.spec.groups of type []int64");
  CHECK(spec_of(R"("groups":[1,"x"])") == "spec.groups[1]: " + prefix + "string into Go struct field Spec.spec.groups of type int64");
  CHECK(spec_of(R"("selector":{"a":1})") == "spec.selector.a: " + prefix + "number into Go struct field Spec.spec.selector of type string");
  CHECK(spec_of(R"("selector":[])") == "spec.selector: " + prefix + "array into Go struct field Spec.spec.selector of type map[string]string");
  CHECK(spec_of(R"("tree":"x")") == "spec.tree: " + prefix + "string into Go struct field Spec.spec.tree of type sample.Node");
  CHECK(spec_of(R"("tree":{"children":[{"name":1}]})") == "spec.tree.children[0].name: " + prefix + "number into Go struct field Node.spec.tree.children.name of type string");
  CHECK(spec_of(R"("blob":1)") == "spec.blob: " + prefix + "number into Go struct field Spec.spec.blob of type []uint8");
  CHECK(spec_of(R"("blob":"A$==")") == "spec.blob: illegal base64 data at input byte 1");
  CHECK(spec_of(R"("micro":1)") == "spec.micro: " + prefix + "number into Go value of type string");
  CHECK(spec_of(R"("size":"1Q")").starts_with("spec.size: quantities must match the regular expression"));
  CHECK(spec_of(R"("size":{})").starts_with("spec.size: quantities must match the regular expression"));
  CHECK(spec_of(R"("size":"1ki")") == "spec.size: unable to parse quantity's suffix");
  CHECK(spec_of(R"("weight":1e400)").starts_with("spec.weight: " + prefix + "number 1e400"));
  CHECK(through(R"({"spec":{"strategy":{"rolling":{"maxSurge":true}}}})").error == prefix + "bool into Go value of type int32");
  CHECK(through(R"({"spec":{"strategy":{"rolling":{"maxSurge":1.5}}}})").error == prefix + "number 1.5 into Go value of type int32");
  CHECK(through(R"("text")").error == prefix + "string into Go value of type sample.Widget");
  CHECK(through(R"({"metadata":{"creationTimestamp":"soon"}})").error
        == R"(parsing time "soon" as "2006-01-02T15:04:05Z07:00": cannot parse "soon" as "2006")");
}

TEST_CASE("the revision is shown as resourceVersion of the object only") {
  std::string out;
  auto object = through(R"({"metadata":{"name":"w","uid":"u"},"spec":{}})").object;
  encode_json(sample::widget(), object, 42, out);
  CHECK(out == R"({"metadata":{"name":"w","resourceVersion":"42","uid":"u"},"spec":{"containers":null,"strategy":{}}})");
  out.clear();
  encode_json(sample::widget(), through("{}").object, 7, out);
  CHECK(out == R"({"metadata":{"resourceVersion":"7"},"spec":{"containers":null,"strategy":{}}})");
  CHECK(metadata_of(sample::widget(), object) != nullptr);
  CHECK(metadata_of(sample::widget(), through("{}").object) == nullptr);
}

TEST_CASE("maps and trees at the depth limit pass, deeper ones are refused") {
  draft deep = draft::make_object();
  for (size_t i = 0; i < json_depth_max - 3; ++i)
    deep = draft::make_object({{"left", std::move(deep)}});
  auto widget = draft::make_object({{"spec", draft::make_object({{"tree", deep}})}});
  CHECK(depth_of(widget) == json_depth_max);
  auto packed = pack(sample::widget(), widget);
  REQUIRE_FALSE(packed.error);
  CHECK(verify(sample::widget(), packed.object));
  widget["spec"]["tree"] = draft::make_object({{"left", std::move(deep)}});
  std::vector<std::string> strict;
  CHECK(check(sample::widget(), widget, strict)->message == "json: exceeded max depth of 512");
  CHECK(pack(sample::widget(), widget).error->message == "json: exceeded max depth of 512");
  draft raw = 1;
  for (size_t i = 0; i < json_depth_max; ++i)
    raw = draft::make_array({std::move(raw)});
  widget = draft::make_object({{"spec", draft::make_object({{"raw", raw}})}});
  CHECK(pack(sample::widget(), widget).error);
}
