// Names of nftables objects.
#include "actors/proxy/nftables/object_name.hpp"

#include <cstdio>

namespace actors::proxy::nftables {
namespace {

// FNV-1a: the same on every machine and in every version.
uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (unsigned char c : text)
    hash = (hash ^ c) * 0x100000001b3;
  return hash;
}

std::string named(std::string_view purpose, const std::string& identity) {
  char hash[17];
  std::snprintf(hash, sizeof hash, "%016llx", static_cast<unsigned long long>(hash_of(identity)));
  auto name = std::string(purpose) + '-' + hash + '-' + identity;
  if (name.size() > object_name_length_max)
    name.resize(object_name_length_max);
  while (name.back() == '/') // an unnamed port
    name.pop_back();
  return name;
}

std::string identity_of(const tracker::port_key& key) {
  return key.service.name_space + '/' + key.service.name + '/' + key.port_name;
}

} // namespace

std::string object_name(std::string_view purpose, const tracker::port_key& key) {
  return named(purpose, identity_of(key));
}

std::string object_name(std::string_view purpose, const tracker::port_key& key,
                        const tracker::target& where) {
  return named(purpose, identity_of(key) + '/' + to_string(where.address) + '/' + std::to_string(where.port));
}

} // namespace actors::proxy::nftables
