// Random objects of every kind go through the codec; nothing may be lost, nothing may crash.
#include "messages/codec/codec.hpp"
#include "tests/unit/messages/codec/generator.hpp"
#include "tests/unit/messages/codec/sample.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <thread>

using namespace messages::codec;

namespace {

// Another seed: CODEC_TEST_SEED=7 messages_codec_test
uint64_t seed() {
  auto given = std::getenv("CODEC_TEST_SEED");
  return given ? std::strtoull(given, nullptr, 10) : 20240229;
}

std::vector<const type*> all_kinds() {
  auto out = api_schema().kinds();
  for (auto t : sample::sample_schema().kinds())
    out.push_back(t);
  return out;
}

std::string encoded(const type& t, const object_buffer& object) {
  std::string out;
  encode_json(t, object, 0, out);
  return out;
}

bool is_zero(const draft& value) {
  switch (value.kind()) {
    case draft_kind::boolean: return !value.boolean();
    case draft_kind::integer: return value.integer() == 0;
    case draft_kind::string: return value.str().empty() || value.str() == "0";
    case draft_kind::array: return value.empty();
    case draft_kind::object:
      return std::all_of(value.members().begin(), value.members().end(), [](const auto& m) { return is_zero(m.second); });
    default: return false;
  }
}

// Every member is kept, unless Go omits its zero value; what was added is a zero value.
bool same(const type& t, const draft& in, const draft& out);

bool same_value(const field& f, const draft& in, const draft& out) {
  if (f.list) {
    if (f.kind != value_kind::table)
      return in == out;
    return in.items().size() == out.items().size()
           && std::equal(in.items().begin(), in.items().end(), out.items().begin(),
                         [&](const draft& a, const draft& b) { return same(*f.nested, a, b); });
  }
  if (f.kind == value_kind::table)
    return same(*f.nested, in, out);
  if (f.kind != value_kind::map)
    return in == out;
  if (in.size() != out.size())
    return false;
  for (const auto& [key, value] : in.members()) {
    auto found = out.find(key);
    if (!found || !same_value(f.nested->fields()[1], value, *found))
      return false;
  }
  return true;
}

bool same(const type& t, const draft& in, const draft& out) {
  for (const auto& f : t.fields()) {
    auto before = in.find(f.name), after = out.find(f.name);
    if (before && after) {
      if (!same_value(f, *before, *after))
        return false;
    } else if (before) {
      bool omitted = is_zero(*before) && !f.optional && !f.stores_empty()
                     && (f.kind != value_kind::table || f.emit_empty || f.list) && f.kind != value_kind::int_or_string
                     && f.kind != value_kind::quantity;
      if (!omitted)
        return false;
    } else if (after && !(f.always_written() && is_zero(*after))) {
      return false;
    }
  }
  return true;
}

} // namespace

TEST_CASE("random objects of every kind lose nothing") {
  sample::generator random(seed());
  for (auto t : all_kinds())
    for (int i = 0; i < 60; ++i) {
      INFO("seed " << seed() << ", " << t->full_name() << " " << i);
      auto value = random.object(*t);
      std::vector<std::string> strict;
      REQUIRE_FALSE(check(*t, value, strict));
      REQUIRE(strict.empty());
      auto packed = pack(*t, value);
      REQUIRE_FALSE(packed.error);
      REQUIRE(verify(*t, packed.object));
      auto tree = unpack(*t, packed.object);
      INFO(to_json(value));
      INFO(to_json(tree));
      REQUIRE(same(*t, value, tree));

      auto text = encoded(*t, packed.object);
      auto read = parse_json(text);
      REQUIRE_FALSE(read.error);
      REQUIRE(read.strict_errors.empty());
      REQUIRE_FALSE(check(*t, read.value, strict));
      REQUIRE(strict.empty());
      REQUIRE(read.value == tree);
      auto again = pack(*t, tree);
      REQUIRE_FALSE(again.error);
      REQUIRE(encoded(*t, again.object) == text);
    }
}

namespace {

// Members in another order, with nulls and zero values among them; now and then a value of another kind.
void disturb(sample::generator& random, draft& value, int& broken) {
  if (value.is_array())
    for (auto& item : value.items())
      disturb(random, item, broken);
  if (!value.is_object())
    return;
  auto& members = value.members();
  for (size_t i = members.size(); i > 1; --i)
    std::swap(members[i - 1], members[random.below(i)]);
  for (auto& [key, item] : members) {
    if (random.below(400) == 0 && broken-- > 0)
      item = random.any_json(2);
    else if (random.below(30) == 0)
      item = item.is_object()    ? draft::make_object()
             : item.is_array()   ? draft::make_array()
             : item.is_integer() ? draft(0)
             : item.is_bool()    ? draft(false)
                                 : draft();
    else
      disturb(random, item, broken);
  }
}

} // namespace

TEST_CASE("a draft is made canonical in place as by packing and unpacking") {
  sample::generator random(seed() + 3);
  size_t refused = 0, accepted = 0;
  for (auto t : all_kinds())
    for (int i = 0; i < 60; ++i) {
      auto value = random.object(*t);
      int broken = i % 2;
      if (i % 3 != 0)
        disturb(random, value, broken);
      INFO("seed " << seed() << ", " << t->full_name() << " " << i);
      INFO(to_json(value));
      auto packed = pack(*t, value);
      auto error = canonicalize(*t, value);
      REQUIRE(packed.error.has_value() == error.has_value());
      if (error) {
        ++refused;
        REQUIRE(error->path == packed.error->path);
        REQUIRE(error->message == packed.error->message);
        continue;
      }
      ++accepted;
      auto tree = unpack(*t, packed.object);
      REQUIRE(to_json(value) == to_json(tree));
      REQUIRE(value == tree);
    }
  CHECK(refused > 10);
  CHECK(accepted > 1000);
}

TEST_CASE("the zero value of every kind is complete") {
  for (auto t : all_kinds()) {
    auto packed = pack(*t, draft::make_object());
    REQUIRE_FALSE(packed.error);
    CHECK(encoded(*t, packed.object) == t->zero_json());
  }
}

TEST_CASE("broken bytes are refused or read without a crash") {
  sample::generator random(seed() + 1);
  size_t refused = 0, accepted = 0;
  for (auto t : all_kinds())
    for (int i = 0; i < 10; ++i) {
      auto object = pack(*t, random.object(*t)).object;
      for (int round = 0; round < 60; ++round) {
        std::vector<uint8_t> bytes(object.data(), object.data() + object.size());
        for (size_t n = 1 + random.below(4); n > 0; --n)
          bytes[random.below(bytes.size())] = static_cast<uint8_t>(random.below(256));
        if (random.below(5) == 0)
          bytes.resize(random.below(bytes.size()));
        object_buffer broken(std::move(bytes));
        if (!verify(*t, broken)) {
          ++refused;
          continue;
        }
        ++accepted;
        CHECK(!encoded(*t, broken).empty());
        CHECK(unpack(*t, broken).is_object());
      }
    }
  CHECK(refused > 0);
  CHECK(accepted > 0);
}

TEST_CASE("a small buffer that would be read as a huge object is refused") {
  flatbuffers::FlatBufferBuilder builder;
  auto text = builder.CreateString(std::string(100'000, 'x'));
  auto items = builder.CreateVector(std::vector<flatbuffers::Offset<flatbuffers::String>>(10'000, text));
  auto start = builder.StartTable();
  const auto& spec = *sample::widget().find("spec");
  builder.AddOffset(spec.nested->find("raws")->offset, items);
  auto inner = flatbuffers::Offset<void>(builder.EndTable(start));
  start = builder.StartTable();
  builder.AddOffset(spec.offset, inner);
  builder.Finish(flatbuffers::Offset<flatbuffers::Table>(builder.EndTable(start)));
  CHECK_FALSE(verify(sample::widget(), object_buffer(builder.Release())));
}

TEST_CASE("threads share the schema and nothing else") {
  std::vector<std::thread> threads;
  std::vector<int> good(4);
  for (size_t n = 0; n < good.size(); ++n)
    threads.emplace_back([&, n] {
      sample::generator random(n);
      for (int i = 0; i < 50; ++i) {
        auto object = pack(sample::widget(), random.object(sample::widget()));
        auto text = object.error ? std::string() : encoded(sample::widget(), object.object);
        good[n] += !object.error && verify(sample::widget(), object.object) && !parse_json(text).error;
      }
    });
  for (auto& thread : threads)
    thread.join();
  CHECK(good == std::vector<int>(4, 50));
}
