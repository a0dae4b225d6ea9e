// Our trimmed api.proto against the descriptor that the containerd binary embeds: same numbers, types and
// labels.
#include <google/protobuf/descriptor.pb.h>
#include <zlib.h>
#include <catch2/catch.hpp>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>

namespace pb = google::protobuf;

namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// Inflates one gzip member at `at`; empty when there is none.
std::string inflate_at(const std::string& data, size_t at) {
  z_stream z{};
  if (inflateInit2(&z, 31) != Z_OK)
    return {};
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data() + at));
  z.avail_in = static_cast<uInt>(std::min<size_t>(data.size() - at, 400'000));
  std::string out(1 << 20, '\0');
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  int rc = inflate(&z, Z_FINISH);
  out.resize(rc == Z_STREAM_END ? z.total_out : 0);
  inflateEnd(&z);
  return out;
}

/// Go's generated code embeds each file descriptor gzipped, without time and name.
bool find_embedded(const std::string& binary, pb::FileDescriptorProto& file) {
  const std::string header("\x1f\x8b\x08\x00\x00\x00\x00\x00", 8);
  for (auto at = binary.find(header); at != std::string::npos; at = binary.find(header, at + 1))
    if (auto text = inflate_at(binary, at); !text.empty() && file.ParseFromString(text) &&
                                            file.package() == "runtime.v1" &&
                                            file.name().find("api.proto") != std::string::npos)
      return true;
  return false;
}

using message_map = std::map<std::string, const pb::DescriptorProto*>;
using enum_map = std::map<std::string, const pb::EnumDescriptorProto*>;

void collect(const pb::DescriptorProto& m, const std::string& prefix, message_map& messages,
             enum_map& enums) {
  messages[prefix + m.name()] = &m;
  for (const auto& n : m.nested_type())
    collect(n, prefix + m.name() + ".", messages, enums);
  for (const auto& e : m.enum_type())
    enums[prefix + m.name() + "." + e.name()] = &e;
}

void collect(const pb::FileDescriptorProto& f, message_map& messages, enum_map& enums) {
  for (const auto& m : f.message_type())
    collect(m, "", messages, enums);
  for (const auto& e : f.enum_type())
    enums[e.name()] = &e;
}

} // namespace

TEST_CASE("our CRI messages agree with containerd's") {
  const std::string path = "/usr/bin/containerd";
  if (!std::ifstream(path)) {
    std::cout << "SKIPPED: " << path << " is not installed: its embedded CRI descriptor cannot be compared\n";
    return;
  }
  pb::FileDescriptorProto theirs;
  REQUIRE(find_embedded(read_file(path), theirs));
  pb::FileDescriptorSet set;
  REQUIRE(set.ParseFromString(read_file(CRI_DESCRIPTOR)));
  const auto& ours = set.file(0);
  message_map our_messages, their_messages;
  enum_map our_enums, their_enums;
  collect(ours, our_messages, our_enums);
  collect(theirs, their_messages, their_enums);
  for (const auto& [name, message] : our_messages) {
    INFO(name);
    REQUIRE(their_messages.count(name));
    for (const auto& field : message->field()) {
      INFO(field.name());
      const pb::FieldDescriptorProto* same = nullptr;
      for (const auto& f : their_messages[name]->field())
        if (f.name() == field.name())
          same = &f;
      REQUIRE(same);
      CHECK(same->number() == field.number());
      CHECK(same->type() == field.type());
      CHECK(same->label() == field.label());
      CHECK(same->type_name() == field.type_name());
    }
  }
  for (const auto& [name, values] : our_enums) {
    INFO(name);
    REQUIRE(their_enums.count(name));
    REQUIRE(values->value_size() == their_enums[name]->value_size());
    for (int i = 0; i < values->value_size(); ++i) {
      CHECK(values->value(i).name() == their_enums[name]->value(i).name());
      CHECK(values->value(i).number() == their_enums[name]->value(i).number());
    }
  }
  std::map<std::string, std::string> methods;
  for (const auto& s : theirs.service())
    for (const auto& m : s.method())
      methods[s.name() + "." + m.name()] = m.input_type() + m.output_type();
  for (const auto& s : ours.service())
    for (const auto& m : s.method())
      CHECK(methods[s.name() + "." + m.name()] == m.input_type() + m.output_type());
}
