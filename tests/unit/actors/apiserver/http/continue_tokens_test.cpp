#include <catch2/catch.hpp>

#include "actors/apiserver/http/continue_tokens.hpp"

using namespace actors::apiserver;
using namespace actors::apiserver::http;

TEST_CASE("a token comes back as it was, and nothing else is taken for one") {
  const auto text = encode_token({42, "default/\xc3\xbc?>"});
  CHECK(text.find_first_of("+/=") == std::string::npos);
  const auto token = decode_token(text);
  REQUIRE(token);
  CHECK(token->revision == 42);
  CHECK(token->start == "default/\xc3\xbc?>");
  for (const auto bad : {"", "x", "!!!!", "e30", "eyJ2IjoieCJ9"})
    CHECK_FALSE(decode_token(bad));
}

TEST_CASE("snapshots are kept by number and by age") {
  continue_snapshots kept;
  const auto state = [](int64_t revision) {
    auto made = std::make_shared<cache::snapshot>();
    made->revision = revision;
    return made;
  };
  for (int64_t i = 1; i <= 100; ++i)
    kept.keep("main", state(i), i);
  CHECK(kept.size() == continue_snapshots::snapshots_max);
  CHECK(kept.find("main", 1, 100) == nullptr);
  CHECK(kept.find("main", 100, 100) != nullptr);
  CHECK(kept.find("pods", 100, 100) == nullptr);
  CHECK(kept.find("main", 100, 101 + continue_snapshots::age_us_max) == nullptr);
  CHECK(kept.size() == 0);
}
