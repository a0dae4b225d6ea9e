// What every cluster has from its first moment: the system namespaces and the kubernetes Service, as upstream's
// apiserver makes them.
#include "actors/apiserver/apiserver_actor.hpp"
#include "messages/codec/codec.hpp"

namespace actors::apiserver {

using messages::codec::draft;

namespace {

constexpr std::string_view first_namespace = "default";
constexpr std::chrono::milliseconds bootstrap_retry{1'000};

draft namespace_object(std::string_view name) {
  return draft::make_object(
    {{"apiVersion", "v1"}, {"kind", "Namespace"}, {"metadata", draft::make_object({{"name", name}})}});
}

draft kubernetes_service(const std::string& address) {
  const draft labels = draft::make_object({{"component", "apiserver"}, {"provider", "kubernetes"}});
  const draft port = draft::make_object({{"name", "https"}, {"port", 443}, {"protocol", "TCP"}, {"targetPort", 6443}});
  return draft::make_object({
    {"apiVersion", "v1"},
    {"kind", "Service"},
    {"metadata", draft::make_object({{"name", "kubernetes"}, {"namespace", first_namespace}, {"labels", labels}})},
    {"spec", draft::make_object({{"type", "ClusterIP"}, {"clusterIP", address}, {"ports", draft::make_array({port})}})},
  });
}

} // namespace

void apiserver::create_system_object(std::string_view plural, std::string_view name_space, draft object,
                                     std::function<void()> then) {
  auto job = std::make_shared<write_job>();
  job->request.kind = registry::find_kind("", "v1", plural);
  job->request.verb = protocol::Verb::create;
  job->request.name_space = name_space;
  job->request.name = object.get("metadata").get("name").str();
  job->request.user = "system:apiserver";
  job->request.object = std::move(object);
  const draft again = job->request.object;
  job->deadline_us = now_us() + std::chrono::microseconds{request_deadline}.count();
  job->done = [this, plural = std::string{plural}, name_space = job->request.name_space, name = job->request.name, again,
               then = std::move(then)](const protocol::write_reply& reply) {
    if (reply->code() < 400 || reply->code() == 409) { // 409: it is there, from an earlier start or by another apiserver
      if (then)
        then();
      return;
    }
    context_.log.error("a system object could not be created, trying again",
                       {{"resource", plural}, {"name", name}, {"code", reply->code()}});
    delayed_send(this, bootstrap_retry, front_job{[=](apiserver& self) {
                   self.create_system_object(plural, name_space, again, then);
                 }});
  };
  ++writes_pending_;
  run(job);
}

void apiserver::create_system_objects() {
  for (const std::string_view name : {"kube-system", "kube-public", "kube-node-lease"})
    create_system_object("namespaces", "", namespace_object(name), {});
  create_system_object("namespaces", "", namespace_object(first_namespace), [this] {
    create_system_object("services", first_namespace, kubernetes_service(allocator_.first_address()), {});
  });
}

} // namespace actors::apiserver
