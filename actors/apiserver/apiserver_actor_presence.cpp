// This apiserver's own address among the endpoints of default/kubernetes: it renews its Lease, and every apiserver makes the
// endpoints follow the Leases. Two that do so at once write the same, or one of them is told of a conflict and
// looks again at its next turn.
#include "actors/apiserver/apiserver_actor.hpp"
#include "messages/codec/codec.hpp"

namespace actors::apiserver {

using messages::codec::draft;

namespace {

constexpr std::string_view leases_prefix = "/leases/";
constexpr std::string_view endpoints_namespace = "default";
constexpr std::string_view service_label = "kubernetes.io/service-name";

std::string own_leases() {
  std::string prefix{leases_prefix};
  return prefix.append(presence::lease_namespace).append(1, '/');
}

draft unpacked(const cache::object_ptr& object) { return messages::codec::unpack(object->what(), object->bytes()); }

} // namespace

/// `object` null: it is gone.
void apiserver::observe_lease(std::string_view key, const cache::object_ptr& object) {
  static const std::string prefix = own_leases();
  static const std::string apiservers = prefix + presence::lease_name("");
  if (!key.starts_with(apiservers))
    return;
  const std::string name{key.substr(prefix.size())};
  if (object == nullptr)
    leases_.forget(name);
  else
    leases_.observe(name, unpacked(object), now_us());
}

void apiserver::show_presence() {
  if (!announced_ || !location_ || ending_ || now_us() < presence_due_us_)
    return;
  presence_due_us_ = now_us() + presence::renew_us;
  const auto* kind = registry::find_kind("coordination.k8s.io", "v1", "leases");
  auto lease = presence::lease_of(context_.host, *location_, context_.clock->wall_us());
  const auto state = cache_->shard_of(kind->key_prefix).read();
  const auto* present = state->objects.find(verbs::store_key(*kind, presence::lease_namespace, presence::lease_name(context_.host)));
  if (present != nullptr)
    lease["metadata"].set("resourceVersion", std::to_string((*present)->revision()));
  write_own(*kind, present == nullptr ? protocol::Verb::create : protocol::Verb::update, std::move(lease));
  for (const auto& name : leases_.abandoned(now_us()))
    write_own(*kind, protocol::Verb::delete_one,
              draft::make_object({{"metadata", draft::make_object({{"namespace", presence::lease_namespace}, {"name", name}})}}));
  if (const auto live = leases_.live(now_us()); live.contains(*location_)) // else our own renewal has not come back yet: the view is not current
    reconcile_endpoints(live);
}

/// In an orderly end others are not left to wait for the Lease to expire. The last one leaves its address: nobody could look for another.
void apiserver::withdraw_presence() {
  if (!announced_ || !location_ || ending_)
    return;
  auto others = leases_.live(now_us());
  if (others.erase(*location_) == 0 || others.empty())
    return;
  write_own(*registry::find_kind("coordination.k8s.io", "v1", "leases"), protocol::Verb::delete_one,
            draft::make_object({{"metadata", draft::make_object({{"namespace", presence::lease_namespace},
                                                                 {"name", presence::lease_name(context_.host)}})}}));
  reconcile_endpoints(others);
}

void apiserver::reconcile_endpoints(const std::set<presence::location>& live) {
  std::map<std::string, draft> endpoints;
  endpoints["kubernetes"] = presence::endpoints_of(live);
  reconcile_own(*registry::find_kind("", "v1", "endpoints"), endpoints);
  reconcile_own(*registry::find_kind("discovery.k8s.io", "v1", "endpointslices"), presence::slices_of(live));
}

/// Makes the objects of the kubernetes Service in namespace default what is wanted.
void apiserver::reconcile_own(const registry::kind& kind, const std::map<std::string, draft>& wanted) {
  const auto state = cache_->shard_of(kind.key_prefix).read();
  for (const auto& [name, object] : wanted) {
    const auto* found = state->objects.find(verbs::store_key(kind, endpoints_namespace, name));
    if (found == nullptr) {
      write_own(kind, protocol::Verb::create, object);
      continue;
    }
    draft next = unpacked(*found);
    if (presence::same_endpoints(next, object))
      continue;
    next["metadata"].set("resourceVersion", std::to_string((*found)->revision()));
    for (const std::string_view field : {"subsets", "endpoints", "ports"})
      if (object.get(field).is_null())
        next.erase(field);
      else
        next.set(field, object.get(field));
    write_own(kind, protocol::Verb::update, std::move(next));
  }
  const auto prefix = verbs::store_key(kind, endpoints_namespace, "kubernetes-");
  state->objects.visit(prefix, "", [&](std::string_view, const cache::object_ptr& object) {
    const auto present = unpacked(object);
    const auto& metadata = present.get("metadata");
    if (metadata.get("labels").get(service_label).str() == "kubernetes" && !wanted.contains(std::string{metadata.get("name").str()}))
      write_own(kind, protocol::Verb::delete_one, present);
    return true;
  });
}

/// A write of the apiserver itself, which comes again at the next turn when it fails.
void apiserver::write_own(const registry::kind& kind, protocol::Verb verb, draft object) {
  auto job = std::make_shared<write_job>();
  job->request.kind = &kind;
  job->request.verb = verb;
  job->request.name_space = object.get("metadata").get("namespace").str();
  job->request.name = object.get("metadata").get("name").str();
  job->request.user = "system:apiserver";
  if (verb != protocol::Verb::delete_one)
    job->request.object = std::move(object);
  job->deadline_us = now_us() + presence::renew_us;
  job->done = [this, plural = std::string{kind.plural}, name = job->request.name](const protocol::write_reply& reply) {
    if (reply->code() >= 400 && reply->code() != 409 && reply->code() != 404)
      context_.log.warning("the apiserver's own address could not be kept up to date",
                           {{"resource", plural}, {"name", name}, {"code", reply->code()}});
  };
  ++writes_pending_;
  run(job);
}

} // namespace actors::apiserver
