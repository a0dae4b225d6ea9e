// Packed objects: given back exactly, small, and shared by the changes of a window.
#include <catch2/catch.hpp>

#include <array>
#include <random>
#include <set>

#include "actors/apiserver/cache/dictionary.hpp"
#include "actors/apiserver/cache/watch_cache.hpp"
#include "messages/codec/codec.hpp"

using namespace actors::apiserver::cache;
using messages::codec::draft;

namespace {

std::string back(const dictionary_packer& packer, const std::vector<uint8_t>& packed, size_t size) {
  std::string out(size, '\0');
  packer.used()->unpack(packed, {reinterpret_cast<uint8_t*>(out.data()), size});
  return out;
}

size_t packed_size(dictionary_packer& packer, const std::string& bytes) {
  std::vector<uint8_t> packed;
  packer.pack(bytes, packed);
  REQUIRE(back(packer, packed, bytes.size()) == bytes);
  return packed.size();
}

const type& event_type() { return *messages::codec::api_schema().find("v1", "Event"); }

object_buffer event_bytes(int number) {
  std::mt19937_64 random(static_cast<uint64_t>(number)); // the same each time
  const auto hex = [&](size_t digits) {
    std::string text;
    while (text.size() < digits)
      text += "0123456789abcdef"[random() % 16];
    return text;
  };
  const auto pod = "web-5d8f7c9b64-" + hex(5), node = "node-" + std::to_string(random() % 5000);
  const auto uid = [&] { return hex(8) + "-" + hex(4) + "-4" + hex(3) + "-a" + hex(3) + "-" + hex(12); };
  const auto time = "2026-01-02T03:04:" + std::to_string(10 + number % 50) + "Z";
  const auto object = draft::make_object(
    {{"apiVersion", "v1"},
     {"kind", "Event"},
     {"metadata", draft::make_object({{"name", pod + ".18" + hex(14)}, {"namespace", "default"}, {"uid", uid()}, {"creationTimestamp", time}})},
     {"involvedObject", draft::make_object({{"apiVersion", "v1"}, {"kind", "Pod"}, {"name", pod}, {"namespace", "default"}, {"uid", uid()}})},
     {"reason", number % 2 ? "Scheduled" : "Pulled"},
     {"message", number % 2 ? "Successfully assigned default/" + pod + " to " + node
                            : "Container image \"registry.example/web:1\" already present on machine"},
     {"source", draft::make_object({{"component", number % 2 ? "default-scheduler" : "kubelet"}, {"host", node}})},
     {"firstTimestamp", time},
     {"lastTimestamp", time},
     {"count", 1},
     {"type", "Normal"}});
  return messages::codec::pack(event_type(), object).object;
}

object_ptr event(int number, int64_t revision) {
  return std::make_shared<const cached_object>(event_type(), event_bytes(number), revision);
}

std::string key_of(int number) { return "/events/default/" + std::to_string(number); }

} // namespace

TEST_CASE("any bytes come back as they were") {
  dictionary_packer packer;
  std::mt19937 random(7);
  std::string example;
  for (int i = 0; i < 3'000; ++i)
    example += static_cast<char>(random() % 5 == 0 ? random() : random() % 3);
  packer.learn(example);
  for (size_t size : {0u, 1u, 3u, 4u, 7u, 8u, 9u, 100u})
    CHECK(packed_size(packer, std::string(size, 'x')) <= size + 12); // zstd's head
  for (int round = 0; round < 3'000; ++round) {
    std::string bytes;
    while (bytes.size() < static_cast<size_t>(round)) // pieces of the example, of itself, long runs, and noise
      switch (random() % 5) {
        case 3: bytes += "5e7d8f90-9d1e-4f3a-8c5b-0b2f7a4c1a2" + std::string(1, "0123456789abcdef"[random() % 16]); break;
        case 0: bytes += example.substr(random() % example.size(), random() % 300); break;
        case 1: bytes += bytes.substr(bytes.empty() ? 0 : random() % bytes.size(), random() % 60); break;
        case 2: bytes.append(random() % 40, static_cast<char>(random())); break;
        default:
          for (auto count = random() % 20; count > 0; --count)
            bytes += static_cast<char>(random());
      }
    packed_size(packer, bytes);
    if (round % 100 == 0)
      packer.learn(bytes);
  }
}

TEST_CASE("the largest object and a full dictionary can be packed with") {
  dictionary_packer packer;
  std::mt19937 random(11);
  std::string noise;
  while (noise.size() < object_packer::object_bytes_max)
    noise += static_cast<char>(random());
  CHECK(packed_size(packer, noise) <= noise.size() + noise.size() / 64);
  CHECK(packer.learn(noise));
  CHECK_FALSE(packer.learn("x"));
  CHECK(packed_size(packer, noise) < 64);
  CHECK(packed_size(packer, std::string(object_packer::object_bytes_max, 'x')) < 64);
  CHECK(packed_size(packer, noise.substr(20'000) + noise.substr(0, 12'000)) < 128);
}

TEST_CASE("what was packed otherwise is refused when it is unpacked") {
  dictionary_packer packer;
  std::vector<uint8_t> packed;
  packer.pack("0123456789", packed);
  std::array<uint8_t, 16> out{};
  const auto unpack = [&](size_t size) { packer.used()->unpack(packed, std::span{out}.first(size)); };
  CHECK_NOTHROW(unpack(10));
  CHECK_THROWS_AS(unpack(4), std::logic_error);
  CHECK_THROWS_AS(unpack(11), std::logic_error);
  packed.resize(packed.size() / 2);
  CHECK_THROWS_AS(unpack(10), std::logic_error);
}

TEST_CASE("what was packed before more was learned is read with what was known then") {
  dictionary_packer packer;
  std::vector<std::pair<std::shared_ptr<const dictionary>, std::vector<uint8_t>>> all;
  std::set<const dictionary*> known;
  for (int i = 0; i < 40; ++i) {
    packer.learn(event_bytes(i).bytes());
    std::vector<uint8_t> packed;
    packer.pack(event_bytes(1'000 + i).bytes(), packed);
    all.emplace_back(packer.used(), packed);
    known.insert(packer.used().get());
  }
  CHECK(known.size() == 6); // of 1, 2, 4, 8, 16 and 32 examples: they live on, so there must be few
  for (int i = 0; i < 40; ++i) {
    const auto wanted = event_bytes(1'000 + i);
    std::string out(wanted.size(), '\0');
    all[static_cast<size_t>(i)].first->unpack(all[static_cast<size_t>(i)].second, {reinterpret_cast<uint8_t*>(out.data()), out.size()});
    CHECK(out == wanted.bytes());
  }
}

TEST_CASE("objects of a table that are alike take a third of the room, and are the same when read") {
  object_packer packer;
  size_t before = 0;
  std::vector<object_ptr> packed;
  for (int i = 0; i < 500; ++i) {
    packed.push_back(packer.pack(event(i, i + 1)));
    before += packed.back()->size();
  }
  size_t some = 0;
  for (int i = 0; i < 500; ++i) {
    const auto& object = *packed[static_cast<size_t>(i)];
    REQUIRE(object.packed());
    CHECK(object.revision() == i + 1);
    CHECK(object.bytes().bytes() == event_bytes(i).bytes());
    some += packer.pack(packed[static_cast<size_t>(i)]) == packed[static_cast<size_t>(i)]; // once is enough
  }
  CHECK(some == 500);
  CHECK(packed.back()->json()->find("\"resourceVersion\":\"500\"") != std::string::npos);
  std::vector<uint8_t> out;
  dictionary_packer alike;
  for (int i = 0; i < 4; ++i)
    alike.learn(event_bytes(i).bytes());
  size_t after = 0;
  for (int i = 0; i < 500; ++i) {
    alike.pack(event_bytes(i).bytes(), out);
    after += out.size();
  }
  INFO("from " << before / 500 << " to " << after / 500 << " bytes");
  CHECK(after * 3 < before);
}

TEST_CASE("what does not get smaller stays as it is, and a dictionary that fits nothing any more is replaced") {
  object_packer packer;
  CHECK(packer.pack(nullptr) == nullptr);
  const auto& type = *messages::codec::api_schema().find("v1", "ConfigMap");
  const auto noise = [&](unsigned seed, size_t size) {
    std::mt19937 random(seed);
    std::string text;
    while (text.size() < size)
      text += static_cast<char>(' ' + random() % 90);
    const auto object = draft::make_object({{"apiVersion", "v1"}, {"kind", "ConfigMap"}, {"data", draft::make_object({{"text", text}})}});
    return std::make_shared<const cached_object>(type, messages::codec::pack(type, object).object, seed);
  };
  REQUIRE(noise(1, 1)->size() < object_packer::object_bytes_min);
  CHECK_FALSE(packer.pack(noise(1, 1))->packed());        // too small
  CHECK_FALSE(packer.pack(noise(1, 40'000))->packed());   // too large
  // Each is an example, and known to the dictionary when their number has doubled; then there is no room for more.
  const auto room = static_cast<unsigned>(dictionary::bytes_max / noise(1, 1'000)->size());
  std::vector<unsigned> packed;
  for (unsigned seed = 1; seed <= room + object_packer::misfits_max + 1; ++seed)
    if (packer.pack(noise(seed, 1'000))->packed())
      packed.push_back(seed);
  CHECK(packed == std::vector<unsigned>{1, 2, 4, 8, 16, room + static_cast<unsigned>(object_packer::misfits_max) + 1});
}

TEST_CASE("a window keeps older versions packed, each once, and the newest changes as they are") {
  shard_cache shard{"events", {"/events/"}};
  auto empty = std::make_shared<snapshot>();
  shard.load(empty, 0);
  constexpr int64_t count = change_window::changes_min + 200;
  const auto write = [&](int64_t revision) { // three objects in turn
    const auto key = key_of(static_cast<int>(revision % 3));
    const auto* known = shard.read()->objects.find(key);
    change next{revision, key, known ? *known : nullptr, event(static_cast<int>(revision), revision), known ? (*known)->revision() : 0};
    shard.apply({next}, revision);
  };
  for (int64_t revision = 1; revision <= count; ++revision)
    write(revision);
  shard.pack(50);
  const auto& window = shard.window("/events/");
  const auto packed = [&] {
    size_t befores = 0;
    for (const auto& item : window.read(0, change_window::changes_max).changes)
      befores += item.before && item.before->packed();
    return befores;
  };
  CHECK(packed() == 47); // three of the fifty replaced nothing
  shard.pack(1'000'000);
  CHECK(packed() == 197);
  const auto changes = window.read(0, change_window::changes_max).changes;
  REQUIRE(changes.size() == count);
  for (const auto& item : changes) {
    CHECK(item.after->bytes().bytes() == event_bytes(static_cast<int>(item.revision)).bytes());
    CHECK(item.after->revision() == item.revision);
    if (item.revision <= 3)
      continue;
    CHECK(item.before->revision() == item.revision - 3);
    CHECK(item.before == changes[static_cast<size_t>(item.revision) - 4].after);
    CHECK(item.before->bytes().bytes() == event_bytes(static_cast<int>(item.revision) - 3).bytes());
  }
  const auto past = shard.as_of("/events/", 10);
  REQUIRE(past != nullptr);
  CHECK((*past->objects.find(key_of(1)))->revision() == 10);
  CHECK((*past->objects.find(key_of(1)))->bytes().bytes() == event_bytes(10).bytes());
  for (int64_t revision = count + 1; revision <= count + 20; ++revision)
    write(revision);
  shard.pack(1'000'000);
  CHECK(packed() == 217);
}

TEST_CASE("a window that forgets goes on packing where it was") {
  shard_cache shard{"events", {"/events/"}};
  shard.load(std::make_shared<snapshot>(), 0);
  constexpr auto count = static_cast<int64_t>(change_window::changes_max) + 100;
  for (int64_t revision = 1; revision <= count; ++revision) {
    const auto* known = shard.read()->objects.find(key_of(0));
    change next{revision, key_of(0), known ? *known : nullptr, event(static_cast<int>(revision % 64), revision), revision - 1};
    shard.apply({next}, revision);
    shard.pack(2);
  }
  const auto changes = shard.window("/events/").read(100, change_window::changes_max).changes;
  REQUIRE(changes.size() == change_window::changes_max);
  for (size_t i = 0; i < changes.size(); ++i)
    CHECK(changes[i].before->packed() == (i + change_window::changes_min < changes.size()));
}
