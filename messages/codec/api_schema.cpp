// The schema that is embedded in the program.
#include "messages/codec/schema.hpp"

#include "messages/api/schema_bytes.hpp"

namespace messages::codec {

const schema& api_schema() {
  static const schema loaded(api::schema_bytes());
  return loaded;
}

} // namespace messages::codec
