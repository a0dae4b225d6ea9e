// Damaged JSON: our reader accepts exactly what a full parser accepts, and nothing crashes behind it.
#include "messages/codec/codec.hpp"
#include "tests/unit/messages/codec/generator.hpp"
#include "tests/unit/messages/codec/sample.hpp"

#include <catch2/catch.hpp>
#include <simdjson.h>

using namespace messages::codec;

namespace {

std::string damaged(std::string text, sample::generator& random) {
  static constexpr std::string_view alphabet = "{}[],:\"\\0123456789.eE+-truefalsn \n\x01\x80\xff";
  for (size_t n = 1 + random.below(3); n > 0 && !text.empty(); --n) {
    auto at = random.below(text.size());
    switch (random.below(4)) {
      case 0: text[at] = alphabet[random.below(alphabet.size())]; break;
      case 1: text.erase(at, 1 + random.below(3)); break;
      case 2: text.insert(at, 1, alphabet[random.below(alphabet.size())]); break;
      default: text.insert(at, text.substr(random.below(text.size()), 1 + random.below(12))); break;
    }
  }
  return text;
}

} // namespace

TEST_CASE("damaged JSON is accepted exactly when a validating parser accepts it") {
  sample::generator random(99);
  simdjson::dom::parser reference;
  size_t accepted = 0, refused = 0;
  for (int i = 0; i < 400; ++i) {
    auto text = to_json(i % 2 ? random.any_json(5) : random.object(sample::widget()));
    for (int round = 0; round < 50; ++round) {
      auto broken = damaged(text, random);
      auto read = parse_json(broken);
      auto code = reference.parse(broken).error();
      // Numbers beyond 64 bits are fine here and an error there.
      bool number = code == simdjson::NUMBER_ERROR;
      INFO(broken);
      INFO(simdjson::error_message(code));
      INFO((read.error ? read.error->message : "accepted"));
      if (!number)
        REQUIRE(read.error.has_value() == (code != simdjson::SUCCESS));
      (read.error ? refused : accepted)++;
      std::vector<std::string> strict;
      if (read.error || check(sample::widget(), read.value, strict))
        continue;
      auto packed = pack(sample::widget(), read.value);
      REQUIRE_FALSE(packed.error);
      REQUIRE(verify(sample::widget(), packed.object));
    }
  }
  CHECK(accepted > 1000);
  CHECK(refused > 1000);
}
