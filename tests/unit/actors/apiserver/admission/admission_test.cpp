// What admission refuses and adds.
#include <catch2/catch.hpp>

#include "actors/apiserver/admission/admission.hpp"
#include "actors/apiserver/admission/pod_admission.hpp"
#include "messages/codec/codec.hpp"

namespace admission = actors::apiserver::admission;
namespace registry = actors::apiserver::registry;
namespace codec = messages::codec;
using messages::codec::draft;

namespace {

const registry::kind& pods() { return *registry::find_kind("", "v1", "pods"); }
const registry::kind& namespaces() { return *registry::find_kind("", "v1", "namespaces"); }

draft pod_with(draft spec) {
  auto pod = draft::make_object({{"metadata", draft::make_object({{"name", "x"}})}});
  pod.set("spec", std::move(spec));
  return pod;
}

actors::apiserver::cache::object_ptr namespace_in(std::string_view phase) {
  auto* type = codec::api_schema().find("v1", "Namespace");
  auto object = draft::make_object({{"apiVersion", "v1"}, {"kind", "Namespace"}});
  object.set("metadata", draft::make_object({{"name", "demo"}}));
  object.set("status", draft::make_object({{"phase", phase}}));
  auto packed = codec::pack(*type, object);
  REQUIRE_FALSE(packed.error);
  return std::make_shared<actors::apiserver::cache::cached_object>(*type, std::move(packed.object), 1);
}

} // namespace

TEST_CASE("a namespace must exist and not be going away") {
  auto pod = pod_with(draft::make_object());
  auto missing = admission::admit_create(pods(), "demo", pod, [](std::string_view) { return nullptr; });
  CHECK(missing.code == 404);
  CHECK(missing.message == "namespaces \"demo\" not found");
  auto going = admission::admit_create(pods(), "demo", pod, [](auto) { return namespace_in("Terminating"); });
  CHECK(going.code == 403);
  CHECK(going.message ==
        "pods \"x\" is forbidden: unable to create new content in namespace demo because it is being "
        "terminated");
  CHECK(going.details.get("causes").items().front().get("reason").str() == "NamespaceTerminating");
  CHECK_FALSE(admission::admit_create(pods(), "demo", pod, [](auto) { return namespace_in("Active"); }));
  auto space = draft::make_object();
  CHECK_FALSE(admission::admit_create(namespaces(), "", space, [](std::string_view) { return nullptr; }));
}

TEST_CASE("the system's namespaces cannot be deleted") {
  CHECK(admission::admit_delete(namespaces(), "kube-system").message ==
        "namespaces \"kube-system\" is forbidden: this namespace may not be deleted");
  CHECK_FALSE(admission::admit_delete(namespaces(), "demo"));
  CHECK_FALSE(admission::admit_delete(pods(), "default"));
}

TEST_CASE("a pod gets a service account, a priority and five minutes on lost nodes") {
  auto pod = pod_with(draft::make_object());
  REQUIRE_FALSE(admission::admit_create(pods(), "demo", pod, [](auto) { return namespace_in("Active"); }));
  auto& spec = pod.get("spec");
  CHECK(spec.get("serviceAccountName").str() == "default");
  CHECK(spec.get("serviceAccount").str() == "default");
  CHECK(spec.get("priority").integer(-1) == 0);
  CHECK(spec.get("preemptionPolicy").str() == "PreemptLowerPriority");
  REQUIRE(spec.get("tolerations").size() == 2);
  auto& first = spec.get("tolerations").items()[0];
  CHECK(first.get("key").str() == "node.kubernetes.io/not-ready");
  CHECK(first.get("tolerationSeconds").integer() == 300);
  CHECK(spec.get("tolerations").items()[1].get("key").str() == "node.kubernetes.io/unreachable");
  auto once = pod;
  admission::tolerate_lost_nodes(pod);
  CHECK(pod == once);
}

TEST_CASE("a pod that tolerates everything gets no further tolerations") {
  auto pod = pod_with(
    draft::make_object({{"tolerations", draft::make_array({draft::make_object({{"operator", "Exists"}})})}}));
  admission::tolerate_lost_nodes(pod);
  CHECK(pod.get("spec").get("tolerations").size() == 1);
}

TEST_CASE("priorities come from classes") {
  auto critical = pod_with(draft::make_object({{"priorityClassName", "system-node-critical"}}));
  CHECK_FALSE(admission::set_priority(critical));
  CHECK(critical.get("spec").get("priority").integer() == 2000001000);
  auto unknown = pod_with(draft::make_object({{"priorityClassName", "gold"}}));
  CHECK(admission::set_priority(unknown) == "no PriorityClass with name gold was found");
  auto own = pod_with(draft::make_object({{"priority", 7}}));
  CHECK(admission::set_priority(own));
  auto next = pod_with(draft::make_object());
  admission::keep_priority(next, critical);
  CHECK(next.get("spec").get("priority").integer() == 2000001000);
}
