// Reading container logs in pieces.
#include <unistd.h>
#include <catch2/catch.hpp>
#include <fstream>
#include "actors/kubelet/cri/hollow.hpp"
#include "actors/kubelet/logs/log_reader.hpp"
#include "actors/kubelet/logs/log_rotation.hpp"

using namespace actors::kubelet::logs;
namespace fs = std::filesystem;

namespace {

struct log_folder {
  log_folder() {
    std::string pattern = (fs::temp_directory_path() / "troupe_logs_XXXXXX").string();
    path = ::mkdtemp(pattern.data());
    file = path / "0.log";
  }
  ~log_folder() { fs::remove_all(path); }
  void write(const std::string& text, int second = 0) {
    char time[64];
    std::snprintf(time, sizeof time, "2026-11-23T03:08:%02d.230167788Z stdout ", second);
    std::ofstream(file, std::ios::app) << time << text << "\n";
  }
  fs::path path, file;
};

} // namespace

TEST_CASE("lines, partial lines, timestamps") {
  log_folder log;
  log.write("F one");
  log.write("P two ");
  log.write("F halves");
  auto p = read_log(log.file, {});
  CHECK(p.data == "one\ntwo halves\n");
  CHECK(p.at_end);
  read_options o;
  o.timestamps = true;
  CHECK(read_log(log.file, o).data ==
        "2026-11-23T03:08:00.230167788Z one\n2026-11-23T03:08:00.230167788Z two halves\n");
}

TEST_CASE("tail, since and limit") {
  log_folder log;
  for (int i = 0; i < 10; ++i)
    log.write("F line" + std::to_string(i), i);
  read_options o;
  o.tail_lines = 2;
  CHECK(read_log(log.file, o).data == "line8\nline9\n");
  o.tail_lines = 0;
  CHECK(read_log(log.file, o).data.empty());
  o.tail_lines = 100;
  CHECK(read_log(log.file, o).data.size() == 60);
  o = {};
  o.limit_bytes = 8;
  auto p = read_log(log.file, o);
  CHECK(p.data == "line0\nli");
  CHECK(p.limited);
  o = {};
  o.since_us = 1795403287'000'000; // 2026-11-23T03:08:07Z
  CHECK(read_log(log.file, o).data == "line7\nline8\nline9\n");
}

TEST_CASE("pieces are bounded and continue where the last one ended") {
  log_folder log;
  for (int i = 0; i < 100; ++i)
    log.write("F line" + std::to_string(i));
  read_options o;
  o.max_bytes = 50;
  std::string all;
  int pieces = 0;
  for (piece p; !p.at_end; ++pieces) {
    p = read_log(log.file, o);
    REQUIRE(p.error.empty());
    CHECK(p.data.size() < 60);
    all += p.data;
    o.position = p.position;
  }
  CHECK(pieces > 10);
  CHECK(all == read_log(log.file, {}).data);
  log.write("F more");
  CHECK(read_log(log.file, o).data == "more\n");
}

TEST_CASE("following goes on over a rotation") {
  log_folder log;
  log.write("F one");
  read_options o;
  o.position = read_log(log.file, {}).position;
  log.write("F two");
  auto runtime = actors::kubelet::cri::make_hollow({.node = "n", .ip_count = 4, .start_delay_us = 0, .now_us = [] { return int64_t(1); }});
  CHECK_FALSE(rotate_if_large(*runtime, "c", log.file, 1, {}));
  CHECK(rotate_if_large(*runtime, "c", log.file, 1, {10, 3}));
  auto between = read_log(log.file, o); // renamed, not reopened yet
  CHECK(between.data == "two\n");
  o.position = between.position;
  log.write("F three");
  auto p = read_log(log.file, o);
  CHECK(p.data == "three\n");
  for (int64_t i = 2; i < 10; ++i) {
    rotate_if_large(*runtime, "c", log.file, i, {10, 3});
    log.write("F again");
  }
  CHECK(std::distance(fs::directory_iterator(log.path), {}) == 3);
}

TEST_CASE("a missing log is an error, not an empty one") {
  log_folder log;
  CHECK(read_log(log.file, {}).error.find("No such file") != std::string::npos);
  read_options o;
  o.position = "nonsense";
  log.write("F x");
  CHECK(read_log(log.file, o).error == "invalid position");
}
