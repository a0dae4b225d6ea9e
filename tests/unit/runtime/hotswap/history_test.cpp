// The history of swaps, and which version a role starts with.
#include "runtime/hotswap/history.hpp"
#include "runtime/hotswap/version_table.hpp"

#include <catch2/catch.hpp>

#include <fstream>

using namespace runtime;
using namespace runtime::hotswap;

namespace {

struct folder {
  std::filesystem::path path;
  folder() {
    auto name = (std::filesystem::temp_directory_path() / "troupe-history-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~folder() {
    std::filesystem::remove_all(path);
  }
};

record sample_record(std::string role = "scheduler") {
  return {.at_us = 1'767'225'600'000'000,
          .role = std::move(role),
          .what = outcome::rolled_back,
          .version = "tabs\tand\nlines \\ 1",
          .file = "/tmp/a b.so",
          .hash = "ab12",
          .reason = "it threw: x",
          .pause_us = 77,
          .settled_kept = "k.so",
          .settled_hash = "cd",
          .settled_file = "/tmp/old.so"};
}

version_ptr make_version(std::string name, bool built_in = false) {
  return std::make_shared<const version>(
    version{.role = "r", .name = name, .file = built_in ? "" : name + ".so", .kept = built_in ? "" : name, .hash = "h"});
}

struct table_fixture : folder {
  std::shared_ptr<seams::manual_clock> clock = std::make_shared<seams::manual_clock>();
  version_table table{path, clock, {}};
  version_ptr built_in = make_version("built-in", true);
  host::role_context context{.id = "r"};

  version_ptr start() {
    return table.role_started(context, built_in);
  }
  outcome last() {
    return table.records().back().what;
  }
};

} // namespace

TEST_CASE("a record survives its line") {
  const auto sent = sample_record();
  const auto read = decode(encode(sent));
  REQUIRE(read);
  CHECK(read->version == sent.version);
  CHECK(read->file == sent.file);
  CHECK(read->what == sent.what);
  CHECK(read->pause_us == 77);
  CHECK(read->settled_file == sent.settled_file);
  CHECK(encode(*read) == encode(sent));
}

TEST_CASE("lines that are no records are left out and counted") {
  CHECK_FALSE(decode(""));
  CHECK_FALSE(decode("a\tb"));
  auto line = encode(sample_record());
  CHECK_FALSE(decode(line.substr(0, line.size() / 2)));
  CHECK_FALSE(decode("x" + line));
  folder place;
  std::ofstream{place.path / "h"} << line << "nonsense\n" << line.substr(0, 20);
  history read{place.path / "h"};
  CHECK(read.records().size() == 1);
  CHECK(read.unreadable() == 2);
  read.add(sample_record("other")); // the file is made whole again
  history again{place.path / "h"};
  CHECK(again.unreadable() == 0);
  CHECK(again.records().size() == 2);
  CHECK(again.last("other")->role == "other");
  CHECK_FALSE(again.last("third"));
}

TEST_CASE("the history is bounded, in memory and on disk") {
  folder place;
  {
    std::ofstream out{place.path / "h"};
    for (size_t i = 0; i < 2 * history::records_max; ++i)
      out << encode(sample_record(std::to_string(i)));
  }
  history items{place.path / "h"};
  CHECK(items.records().size() == history::records_max);
  items.add(sample_record("newest"));
  CHECK(items.records().size() == history::records_max);
  std::ifstream in{place.path / "h"};
  size_t lines = 0;
  for (std::string line; std::getline(in, line);)
    ++lines;
  CHECK(lines == history::records_max);
  CHECK(history{place.path / "h"}.records().back().role == "newest");
}

TEST_CASE("a role starts with its built-in version, and with a settled one after that") {
  table_fixture test;
  CHECK(test.start() == test.built_in);
  CHECK_FALSE(test.table.rollback_target("r"));
  const auto next = make_version("next");
  test.table.swapped(next, {}, 50);
  CHECK(test.last() == outcome::swapped);
  CHECK(test.table.running("r") == next);
  CHECK_THROWS_AS(test.table.check_no_trial("r"), refused);
  test.table.settled("r");
  CHECK(test.last() == outcome::settled);
  CHECK_NOTHROW(test.table.check_no_trial("r"));
  CHECK(test.start() == next);
  CHECK(test.table.rollback_target("r") == test.built_in);
  CHECK(test.table.rolled_back("r", "why not", 0) == test.built_in);
  CHECK(test.start() == test.built_in);
  CHECK(test.table.records().back().reason == "why not");
}

TEST_CASE("an actor that ends in a probation comes back with the former version") {
  table_fixture test;
  test.start();
  const auto first = make_version("first");
  test.table.swapped(first, {}, 0);
  test.table.settled("r");
  test.table.swapped(make_version("second"), {}, 0);
  CHECK(test.start() == first);
  CHECK(test.last() == outcome::rolled_back);
  CHECK(test.table.records().back().version == "second");
  CHECK(test.table.records().back().reason == "its actor ended in its probation");
  CHECK(test.table.rollback_target("r") == test.built_in);
}

TEST_CASE("a version that cannot be made gives way to the built-in one") {
  table_fixture test;
  test.start();
  test.table.swapped(make_version("first"), {}, 0);
  test.table.settled("r");
  CHECK(test.table.unfit("r", "no memory") == test.built_in);
  CHECK(test.table.records().back().reason == "it cannot be made: no memory");
  CHECK(test.start() == test.built_in);
}

TEST_CASE("a role belongs to one command at a time") {
  table_fixture test;
  test.start();
  {
    version_table::turn turn{test.table, "r"};
    CHECK_THROWS_WITH((version_table::turn{test.table, "r"}), "another swap of `r` is under way");
  }
  CHECK_NOTHROW(version_table::turn{test.table, "r"});
  CHECK_THROWS_WITH((version_table::turn{test.table, "rr"}),
                    Catch::StartsWith("no role `rr` that can be swapped runs on this host"));
}

TEST_CASE("after a start of the host a settled plugin that is gone gives way to the built-in version") {
  table_fixture test;
  {
    version_table before{test.path, test.clock, {}};
    before.role_started(test.context, test.built_in);
    before.swapped(make_version("first"), {}, 0);
    before.settled("r");
  } // its end has written all
  std::ofstream{test.path / "plugins" / "leftover.so"} << "x";
  size_t records = 0;
  {
    version_table next{test.path, test.clock, {}};
    next.restore();
    CHECK(next.records().back().what == outcome::lost);
    CHECK(next.role_started(test.context, test.built_in) == test.built_in);
    CHECK_FALSE(std::filesystem::exists(test.path / "plugins" / "leftover.so"));
    records = next.records().size();
  }
  version_table third{test.path, test.clock, {}};
  third.restore(); // it is not looked for again
  CHECK(third.records().size() == records);
}
