#include "tests/unit/messages/codec/sample.hpp"

#include <fstream>
#include <iterator>

namespace sample {

const messages::codec::schema& sample_schema() {
  static const messages::codec::schema loaded = [] {
    std::ifstream file(SAMPLE_SCHEMA, std::ios::binary);
    return messages::codec::schema(std::string(std::istreambuf_iterator<char>(file), {}));
  }();
  return loaded;
}

const messages::codec::type& widget() {
  return *sample_schema().find("sample.dev/v1", "Widget");
}

} // namespace sample
