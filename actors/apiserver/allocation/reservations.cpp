#include "actors/apiserver/allocation/reservations.hpp"

#include <set>

#include "actors/apiserver/registry/core/service/allocation.hpp"
#include "messages/codec/codec.hpp"

namespace actors::apiserver::allocation {

using messages::codec::draft;

namespace {

constexpr std::string_view addresses_prefix = "/serviceips/";
constexpr std::string_view ports_prefix = "/servicenodeports/";
constexpr std::string_view services_prefix = "/services/";

std::set<std::string> keys_of(const draft& service) {
  std::set<std::string> keys;
  const auto held = registry::core::service::holdings_of(service);
  for (const auto& address : held.addresses)
    keys.insert(std::string{addresses_prefix} + address);
  for (const auto port : held.ports)
    keys.insert(std::string{ports_prefix} + std::to_string(port));
  return keys;
}

draft unpacked(const cache::object_ptr& object) {
  return object == nullptr ? draft{} : messages::codec::unpack(object->what(), object->bytes());
}

draft reference_to(const draft& service) {
  const auto& metadata = service.get("metadata");
  return draft::make_object({{"kind", "Service"}, {"namespace", metadata.get("namespace")}, {"name", metadata.get("name")},
                             {"uid", metadata.get("uid")}});
}

bool refers_to(const draft& reference, const draft& service) {
  return !service.is_null() && reference.get("uid").str() == service.get("metadata").get("uid").str();
}

/// The Service that the record names has the number still.
bool is_held(const draft& reference, const std::string& key, const object_lookup& find) {
  const auto service = unpacked(find(std::string{services_prefix} + std::string{reference.get("namespace").str()} + "/" +
                                     std::string{reference.get("name").str()}));
  return refers_to(reference, service) && keys_of(service).contains(key);
}

} // namespace

const messages::codec::type& reservation_type() {
  static const auto* type = messages::codec::api_schema().find_table("messages.api.core.v1.ObjectReference");
  return *type;
}

std::vector<reservation_write> plan_reservations(const draft& before, const draft& after, const object_lookup& find) {
  std::vector<reservation_write> result;
  const auto needed = keys_of(after);
  for (const auto& key : needed) {
    const auto record = find(key);
    const auto holder = unpacked(record);
    if (record != nullptr && refers_to(holder, after))
      continue;
    reservation_write write{.key = key, .erase = false, .expected = 0, .value = {}};
    if (record != nullptr && !is_held(holder, key, find))
      write.expected = record->revision();
    write.value = messages::codec::pack(reservation_type(), reference_to(after)).object;
    result.push_back(std::move(write));
  }
  for (const auto& key : keys_of(before)) {
    const auto record = needed.contains(key) ? cache::object_ptr{} : find(key);
    if (record != nullptr && refers_to(unpacked(record), before))
      result.push_back({.key = key, .erase = true, .expected = record->revision(), .value = {}});
  }
  return result;
}

} // namespace actors::apiserver::allocation
