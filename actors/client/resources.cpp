// Resource to schema.
#include "actors/client/resources.hpp"

#include <cstdio>
#include <cstdlib>

namespace actors::client {

const messages::codec::type& resource::type() const {
  const auto* found = messages::codec::api_schema().find(api_version(), kind);
  if (found == nullptr) {
    std::fprintf(stderr, "the schema has no %s %s\n", api_version().c_str(), std::string{kind}.c_str());
    std::abort();
  }
  return *found;
}

} // namespace actors::client
