#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>

#include "actors/apiserver/auth/authenticate.hpp"

using namespace actors::apiserver::auth;

TEST_CASE("token lines are read as upstream reads them") {
  const auto tokens =
    parse_tokens("a,alice,1,\"dev,ops\"\r\n\n# a comment\nb , bob,2\n\"c\"\"d\",carol,3,one\n");
  REQUIRE(tokens.size() == 3);
  CHECK(tokens.at(hash_token("a")).name == "alice");
  CHECK(tokens.at(hash_token("a")).groups == std::vector<std::string>{"dev", "ops"});
  CHECK(tokens.at(hash_token("c\"d")).groups == std::vector<std::string>{"one"});
}

TEST_CASE("a damaged line is named without its token") {
  CHECK_THROWS_WITH(parse_tokens("ok,a,1\nsecret,b\n"),
                    Catch::Contains("line 2") && !Catch::Contains("secret"));
  CHECK_THROWS_WITH(parse_tokens("secret,\"b,1\n"), Catch::Contains("line 1") && Catch::Contains("quote"));
  CHECK_THROWS_WITH(parse_tokens(",b,1\n"), Catch::Contains("must not be empty"));
}

TEST_CASE("certificates count only while they are valid") {
  char name[] = "/tmp/troupe-tokens-test-XXXXXX";
  const std::filesystem::path folder = mkdtemp(name);
  std::ofstream{folder / "tokens.csv"} << "t,tom,1,g\n";
  token_table tokens{folder / "tokens.csv"};
  peer_certificate certificate{true, "ann", {"system:masters"}, 100, 200};
  const auto who = [&](const peer_certificate* presented, std::string_view header, int64_t now) {
    const auto user = authenticate({presented, header}, tokens, now, 0);
    return user ? user->name : std::string{"refused"};
  };
  CHECK(who(&certificate, "", 150) == "ann");
  CHECK(who(&certificate, "", 201) == "refused");
  CHECK(who(&certificate, "", 99) == "refused");
  CHECK(who(&certificate, "Bearer t", 201) == "tom");
  certificate.trusted = false;
  CHECK(who(&certificate, "", 150) == "refused");
  CHECK(who(nullptr, "", 150) == "system:anonymous");
  CHECK(who(nullptr, "Basic abc", 150) == "system:anonymous");
  CHECK(who(nullptr, "Bearer no", 150) == "refused");
  CHECK(authenticate({nullptr, "Bearer t"}, tokens, 0, 0)->groups ==
        std::vector<std::string>{"g", "system:authenticated"});
  std::filesystem::remove_all(folder);
}
