// Services and the pods behind them.
#include "actors/controllers/framework/service_pods.hpp"

#include <algorithm>

#include "actors/client/label_selector.hpp"

namespace actors::controllers::framework {

using client::draft;
using client::entry;

namespace {

bool is_ipv4(std::string_view address) {
  return !address.empty() && address.find(':') == std::string_view::npos;
}

std::string index_value(std::string_view name_space, std::string_view key, std::string_view value) {
  std::string result{name_space};
  result.append(1, '/').append(key).append(1, '=').append(value);
  return result;
}

bool same_labels(const client::label_entries* left, const client::label_entries* right) {
  const size_t count = left == nullptr ? 0 : left->size();
  if (count != (right == nullptr ? 0 : right->size()))
    return false;
  for (flatbuffers::uoffset_t i = 0; i < count; ++i)
    if (text(left->Get(i)->key()) != text(right->Get(i)->key()) || text(left->Get(i)->value()) != text(right->Get(i)->value()))
      return false;
  return true;
}

using containers = flatbuffers::Vector<flatbuffers::Offset<messages::api::core::v1::Container>>;

std::optional<int32_t> port_named(const containers* list, std::string_view name, std::string_view protocol, bool sidecars_only) {
  if (list == nullptr)
    return std::nullopt;
  for (const auto* container : *list) {
    if (container->ports() == nullptr || (sidecars_only && text(container->restartPolicy()) != "Always"))
      continue;
    for (const auto* port : *container->ports()) {
      const auto spoken = text(port->protocol());
      if (text(port->name()) == name && (spoken.empty() ? "TCP" : spoken) == protocol)
        return port->containerPort();
    }
  }
  return std::nullopt;
}

} // namespace

bool has_managed_endpoints(const Service& service) {
  const auto* spec = service.spec();
  return spec != nullptr && spec->selector() != nullptr && spec->selector()->size() > 0 &&
         text(spec->type()) != "ExternalName";
}

bool is_headless(const Service& service) {
  return service.spec() != nullptr && text(service.spec()->clusterIP()) == "None";
}

std::string_view ipv4_of(const Pod& pod) {
  if (pod.status() == nullptr)
    return {};
  if (pod.status()->podIPs() != nullptr)
    for (const auto* address : *pod.status()->podIPs())
      if (is_ipv4(text(address->ip())))
        return text(address->ip());
  const auto single = text(pod.status()->podIP());
  return is_ipv4(single) ? single : std::string_view{};
}

bool can_be_endpoint(const Pod& pod) {
  const auto phase = phase_of(pod);
  return phase != "Succeeded" && phase != "Failed" && !ipv4_of(pod).empty();
}

std::string_view endpoint_hostname(const Pod& pod, const Service& service) {
  if (pod.spec() == nullptr || text(pod.spec()->subdomain()) != text(service.metadata()->name()) ||
      text(pod.metadata()->namespace_()) != text(service.metadata()->namespace_()))
    return {};
  return text(pod.spec()->hostname());
}

std::optional<int32_t> find_target_port(const Pod& pod, const ServicePort& port) {
  const auto* target = port.targetPort();
  if (target == nullptr || (target->str() == nullptr && target->num().value_or(0) == 0))
    return port.port();
  if (target->str() == nullptr)
    return *target->num();
  if (pod.spec() == nullptr)
    return std::nullopt;
  const auto spoken = text(port.protocol());
  const std::string_view protocol = spoken.empty() ? "TCP" : spoken;
  if (const auto found = port_named(pod.spec()->containers(), text(target->str()), protocol, false))
    return found;
  return port_named(pod.spec()->initContainers(), text(target->str()), protocol, true);
}

bool changes_endpoints(const entry& before, const entry& after) {
  const auto& left = before.as<Pod>();
  const auto& right = after.as<Pod>();
  const auto of_spec = [](const Pod& pod, auto field) { return pod.spec() == nullptr ? std::string_view{} : text((pod.spec()->*field)()); };
  using messages::api::core::v1::PodSpec;
  return text(before.metadata->uid()) != text(after.metadata->uid()) ||
         !same_labels(before.metadata->labels(), after.metadata->labels()) || ipv4_of(left) != ipv4_of(right) ||
         is_ready(left) != is_ready(right) || is_deleted(left) != is_deleted(right) ||
         can_be_endpoint(left) != can_be_endpoint(right) ||
         of_spec(left, &PodSpec::nodeName) != of_spec(right, &PodSpec::nodeName) ||
         of_spec(left, &PodSpec::hostname) != of_spec(right, &PodSpec::hostname) ||
         of_spec(left, &PodSpec::subdomain) != of_spec(right, &PodSpec::subdomain);
}

std::vector<std::string> label_index(const entry& item) {
  std::vector<std::string> result;
  if (const auto* labels = item.metadata->labels())
    for (const auto* label : *labels)
      result.push_back(index_value(text(item.metadata->namespace_()), text(label->key()), text(label->value())));
  return result;
}

std::vector<std::string> selected_pods(const client::object_cache& pods, const std::string& index_name,
                                       std::string_view name_space, const Service& service) {
  std::vector<std::string> result;
  if (!has_managed_endpoints(service))
    return result;
  const auto* selector = service.spec()->selector();
  const client::object_cache::key_set* fewest = nullptr;
  for (const auto* wanted : *selector) {
    const auto& found = pods.by_index(index_name, index_value(name_space, text(wanted->key()), text(wanted->value())));
    if (fewest == nullptr || found.size() < fewest->size())
      fewest = &found;
  }
  for (const auto& key : *fewest)
    if (client::selects(selector, pods.find(key)->metadata->labels()))
      result.emplace_back(key);
  return result;
}

std::vector<std::string> selecting_services(const client::object_cache& services, std::string_view name_space,
                                            const messages::api::meta::v1::ObjectMeta& pod) {
  std::vector<std::string> result;
  const std::string prefix = std::string{name_space} + "/";
  for (auto at = services.entries().lower_bound(prefix); at != services.entries().end() && at->first.starts_with(prefix); ++at) {
    const auto& service = at->second.as<Service>();
    if (has_managed_endpoints(service) && client::selects(service.spec()->selector(), pod.labels()))
      result.push_back(at->first);
  }
  return result;
}

draft pod_reference(const Pod& pod) {
  const auto* metadata = pod.metadata();
  return draft::make_object({{"kind", "Pod"},
                             {"namespace", text(metadata->namespace_())},
                             {"name", text(metadata->name())},
                             {"uid", text(metadata->uid())}});
}

draft labels_for_endpoints(const Service& service) {
  draft result = draft::make_object();
  if (const auto* labels = service.metadata()->labels())
    for (const auto* label : *labels)
      if (text(label->key()) != headless_label && text(label->key()) != service_name_label &&
          !text(label->key()).starts_with("endpointslice.kubernetes.io/"))
        result.set(text(label->key()), text(label->value()));
  if (is_headless(service))
    result.set(headless_label, "");
  return result;
}

} // namespace actors::controllers::framework
