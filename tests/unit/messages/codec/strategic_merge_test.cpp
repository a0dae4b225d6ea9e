#include "messages/codec/strategic_merge.hpp"

#include "messages/codec/codec.hpp"

#include <catch2/catch.hpp>

using namespace messages::codec;

namespace {

const type& deployment() {
  return *api_schema().find("apps/v1", "Deployment");
}

std::string merged(const type& t, std::string_view target, std::string_view patch) {
  auto value = parse_json(target).value;
  auto change = parse_json(patch);
  REQUIRE(value.is_object());
  REQUIRE_FALSE(change.error);
  auto before = value;
  if (auto error = apply_strategic_merge(t, value, change.value)) {
    CHECK(value == before);
    return "error: " + error->message;
  }
  return to_json(value);
}

// The patch and result of a container list.
std::string containers(std::string_view target, std::string_view patch) {
  auto wrap = [](std::string_view inner) {
    return R"({"spec":{"template":{"spec":{)" + std::string(inner) + "}}}}";
  };
  auto out = merged(deployment(), wrap(target), wrap(patch));
  auto prefix = wrap(""), start = prefix.substr(0, prefix.size() - 4);
  return out.starts_with(start) ? out.substr(start.size(), out.size() - prefix.size()) : out;
}

} // namespace

TEST_CASE("kubectl apply changes the image of one container") {
  CHECK(containers(R"("containers":[{"name":"side","image":"s:1"},{"name":"web","image":"w:1","ports":[{"containerPort":80,"protocol":"TCP"}]}])",
                   R"("$setElementOrder/containers":[{"name":"side"},{"name":"web"}],"containers":[{"image":"w:2","name":"web"}])")
        == R"("containers":[{"name":"side","image":"s:1"},{"name":"web","image":"w:2","ports":[{"containerPort":80,"protocol":"TCP"}]}])");
}

TEST_CASE("kubectl set image merges without an order") {
  CHECK(containers(R"("containers":[{"name":"a","image":"1"},{"name":"b","image":"1"}])", R"("containers":[{"name":"b","image":"2"}])")
        == R"("containers":[{"name":"a","image":"1"},{"name":"b","image":"2"}])");
}

TEST_CASE("kubectl apply removes an environment variable and keeps the order of the rest") {
  CHECK(containers(R"("containers":[{"name":"web","env":[{"name":"A","value":"1"},{"name":"B","value":"2"},{"name":"C","value":"3"}]}])",
                   R"("$setElementOrder/containers":[{"name":"web"}],"containers":[{"$setElementOrder/env":[{"name":"C"},{"name":"A"}],)"
                   R"("env":[{"$patch":"delete","name":"B"}],"name":"web"}])")
        == R"("containers":[{"name":"web","env":[{"name":"C","value":"3"},{"name":"A","value":"1"}]}])");
}

TEST_CASE("kubectl apply adds a port and a container") {
  CHECK(containers(R"("containers":[{"name":"web","ports":[{"containerPort":80}]}])",
                   R"("$setElementOrder/containers":[{"name":"web"},{"name":"new"}],"containers":[{"name":"web","$setElementOrder/ports":)"
                   R"([{"containerPort":443},{"containerPort":80}],"ports":[{"containerPort":443,"name":"https"}]},{"name":"new","image":"n","tty":null}])")
        == R"("containers":[{"name":"web","ports":[{"containerPort":443,"name":"https"},{"containerPort":80}]},{"name":"new","image":"n"}])");
}

TEST_CASE("a container that only the server has keeps its place") {
  CHECK(containers(R"("containers":[{"name":"injected"},{"name":"web"},{"name":"late"}])",
                   R"("$setElementOrder/containers":[{"name":"web"},{"name":"more"}],"containers":[{"name":"more"}])")
        == R"("containers":[{"name":"injected"},{"name":"web"},{"name":"more"},{"name":"late"}])");
}

TEST_CASE("labels are added, changed and removed by null") {
  CHECK(merged(deployment(), R"({"metadata":{"name":"d","labels":{"a":"1","b":"2"}}})", R"({"metadata":{"labels":{"a":null,"b":"3","c":"4","d":null}}})")
        == R"({"metadata":{"name":"d","labels":{"b":"3","c":"4"}}})");
  CHECK(merged(deployment(), R"({"metadata":{"labels":{"a":"1"}}})", R"({"metadata":{"labels":null}})") == R"({"metadata":{}})");
  CHECK(merged(deployment(), R"({"metadata":{}})", R"({"metadata":{"annotations":{"x":null,"y":"1"}}})") == R"({"metadata":{"annotations":{"y":"1"}}})");
}

TEST_CASE("finalizers are a set that can shrink") {
  CHECK(merged(deployment(), R"({"metadata":{"finalizers":["a","b"]}})", R"({"metadata":{"finalizers":["b","c"]}})")
        == R"({"metadata":{"finalizers":["a","b","c"]}})");
  CHECK(merged(deployment(), R"({"metadata":{"finalizers":["a","b","c"]}})",
               R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["b"],"$setElementOrder/finalizers":["c","a"]}})")
        == R"({"metadata":{"finalizers":["c","a"]}})");
  CHECK(merged(deployment(), R"({"metadata":{}})", R"({"metadata":{"$deleteFromPrimitiveList/finalizers":["b"]}})") == R"({"metadata":{}})");
}

TEST_CASE("retainKeys drops the fields of the other strategy") {
  CHECK(merged(deployment(), R"({"spec":{"strategy":{"type":"RollingUpdate","rollingUpdate":{"maxSurge":1}}}})",
               R"({"spec":{"strategy":{"$retainKeys":["type"],"type":"Recreate"}}})")
        == R"({"spec":{"strategy":{"type":"Recreate"}}})");
  CHECK(merged(deployment(), R"({"spec":{"strategy":{}}})", R"({"spec":{"strategy":{"$retainKeys":["type"],"rollingUpdate":{}}}})")
        == "error: invalid patch format of retainKeys");
  CHECK(containers(R"("volumes":[{"name":"v","emptyDir":{}}])",
                   R"("$setElementOrder/volumes":[{"name":"v"}],"volumes":[{"$retainKeys":["name","hostPath"],"name":"v","hostPath":{"path":"/x"},"emptyDir":null}])")
        == R"("volumes":[{"name":"v","hostPath":{"path":"/x"}}])");
}

TEST_CASE("directives replace, delete and merge") {
  CHECK(containers(R"("containers":[{"name":"a"},{"name":"b"}])", R"("containers":[{"$patch":"replace"},{"name":"c"}])")
        == R"("containers":[{"name":"c"}])");
  CHECK(containers(R"("securityContext":{"runAsUser":1,"fsGroup":2})", R"("securityContext":{"$patch":"replace","runAsUser":3})")
        == R"("securityContext":{"runAsUser":3})");
  CHECK(containers(R"("securityContext":{"runAsUser":1})", R"("securityContext":{"$patch":"delete"})") == R"("securityContext":{})");
  CHECK(containers(R"("securityContext":{"runAsUser":1})", R"("securityContext":{"$patch":"merge","fsGroup":2})")
        == R"("securityContext":{"runAsUser":1,"fsGroup":2})");
  CHECK(containers(R"("securityContext":{})", R"("securityContext":{"$patch":"frob"})")
        == R"(error: unknown patch type 'frob' in map: {"$patch":"frob"})");
  CHECK(containers(R"("containers":[{"name":"a"}])", R"("containers":[{"$patch":"delete","name":"a"}])") == R"("containers":[])");
}

TEST_CASE("lists without a merge strategy are replaced") {
  CHECK(containers(R"("containers":[{"name":"a","args":["1","2"]}])", R"("containers":[{"name":"a","args":["3"]}])")
        == R"("containers":[{"name":"a","args":["3"]}])");
  CHECK(containers(R"("tolerations":[{"key":"a"}])", R"("tolerations":[{"key":"b"}])") == R"("tolerations":[{"key":"b"}])");
}

TEST_CASE("bad patches are refused") {
  CHECK(containers(R"("containers":[{"name":"a"}])", R"("containers":[{"image":"x"}])")
        == R"(error: map: {"image":"x"} does not contain declared merge key: name)");
  CHECK(containers(R"("containers":[{"name":"a"}])", R"("$setElementOrder/containers":[{"name":"b"},{"name":"a"}],"containers":[{"name":"a"},{"name":"b"}])")
          .find("doesn't match $setElementOrder list") != std::string::npos);
  CHECK(containers(R"("containers":[{"name":"a"}])", R"("$setElementOrder/containers":"x")").starts_with("error: "));
  CHECK(containers(R"("containers":[{"name":"a"}])", R"("containers":[{"$patch":"merge","name":"a"}])")
        == "error: merging lists cannot yet be specified in the patch");
  CHECK(containers(R"("containers":[{"name":"a"}])", R"("containers":[1])").starts_with("error: "));
  draft value = draft::make_object();
  CHECK(apply_strategic_merge(deployment(), value, draft::make_array()));
}

TEST_CASE("a field that is new to the object is taken without nulls and directives") {
  CHECK(merged(deployment(), "{}", R"({"spec":{"replicas":2,"paused":null,"strategy":{"$retainKeys":["type"],"type":"Recreate","rollingUpdate":null}}})")
        == R"({"spec":{"replicas":2,"strategy":{"type":"Recreate"}}})");
  CHECK(containers("", R"("containers":[{"name":"a","$setElementOrder/env":[{"name":"X"}],"env":[{"name":"X"}]},{"name":"b","$patch":"delete"}])")
        == R"("containers":[{"name":"a","env":[{"name":"X"}]}])");
}
