// Volumes on disk: contents, atomic updates, sub paths, types, removal.
#include <unistd.h>
#include <catch2/catch.hpp>
#include <fstream>
#include <sstream>
#include "actors/kubelet/volumes/atomic_writer.hpp"
#include "sample_pods.hpp"

using namespace sample;
using namespace actors::kubelet::volumes;
namespace fs = std::filesystem;
namespace res = actors::kubelet::resources;

namespace {

struct temporary_folder {
  temporary_folder() {
    std::string pattern = (fs::temp_directory_path() / "troupe_volumes_XXXXXX").string();
    path = ::mkdtemp(pattern.data());
  }
  ~temporary_folder() { remove_tree(path); }
  fs::path path;
};

std::string text(const fs::path& p) {
  std::ifstream in(p);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

pods::volume_spec config_volume() {
  pods::volume_spec v;
  v.name = "conf";
  v.source.kind = pods::volume_kind::config_map;
  v.source.object = "cm";
  return v;
}

res::object_table objects(res::object_data data) {
  return {{{res::object_kind::config_map, "cm"}, std::make_shared<res::object_data>(std::move(data))}};
}

} // namespace

TEST_CASE("a configMap volume is replaced atomically") {
  temporary_folder dir;
  auto p = pod();
  p.volumes = {config_volume()};
  auto paths = prepare(p, dir.path, objects({{"a", "1"}, {"b", "2"}}), {});
  auto folder = paths.at("conf");
  CHECK(folder == dir.path / "volumes/kubernetes.io~configmap/conf");
  CHECK(text(folder / "a") == "1");
  CHECK(fs::read_symlink(folder / "a") == "..data/a");
  auto version = fs::read_symlink(folder / "..data");
  prepare(p, dir.path, objects({{"a", "1"}, {"b", "2"}}), {});
  CHECK(fs::read_symlink(folder / "..data") == version); // nothing changed
  prepare(p, dir.path, objects({{"a", "3"}, {"c", "4"}}), {});
  CHECK(fs::read_symlink(folder / "..data") != version);
  CHECK(text(folder / "a") == "3");
  CHECK(text(folder / "c") == "4");
  CHECK_FALSE(fs::exists(fs::symlink_status(folder / "b")));
  CHECK_FALSE(fs::exists(folder / version));
}

TEST_CASE("items, modes, missing keys and objects") {
  temporary_folder dir;
  auto p = pod();
  auto v = config_volume();
  v.source.items = {{"a", "deep/file", 0400}};
  p.volumes = {v};
  auto folder = prepare(p, dir.path, objects({{"a", "1"}}), {}).at("conf");
  CHECK(text(folder / "deep/file") == "1");
  CHECK((fs::status(fs::canonical(folder / "deep/file")).permissions() & fs::perms::mask) == fs::perms(0400));
  CHECK_THROWS_WITH(
    prepare(p, dir.path, objects({}), {}),
    "MountVolume.SetUp failed for volume \"conf\" : configmap references non-existent config key: a");
  CHECK_THROWS_WITH(prepare(p, dir.path, {}, {}),
                    "MountVolume.SetUp failed for volume \"conf\" : configmap \"cm\" not found");
  p.volumes[0].source.optional = true;
  CHECK_NOTHROW(prepare(p, dir.path, {}, {}));
}

TEST_CASE("a path must not leave the volume") {
  temporary_folder dir;
  auto p = pod();
  auto v = config_volume();
  v.source.items = {{"a", "../../x", {}}};
  p.volumes = {v};
  CHECK_THROWS_AS(prepare(p, dir.path, objects({{"a", "1"}}), {}), mount_error);
  volume_paths paths{{"v", dir.path / "v"}};
  fs::create_directories(dir.path / "v");
  fs::create_symlink("/etc", dir.path / "v/link");
  auto same = [](std::string_view t) { return std::string(t); };
  CHECK_THROWS_AS(mount_source({"v", "/m", "../x"}, paths, same), res::config_error);
  CHECK_THROWS_AS(mount_source({"v", "/m", "link"}, paths, same), res::config_error);
  CHECK_THROWS_AS(mount_source({"v", "/m", "link/new"}, paths, same), res::config_error);
  CHECK(mount_source({"v", "/m", "sub/dir"}, paths, same) == fs::canonical(dir.path) / "v/sub/dir");
}

TEST_CASE("emptyDir and hostPath") {
  temporary_folder dir;
  auto p = pod();
  pods::volume_spec empty, host;
  empty.name = "e";
  empty.source.kind = pods::volume_kind::empty_dir;
  host.name = "h";
  host.source.kind = pods::volume_kind::host_path;
  host.host_path = (dir.path / "host").string();
  host.host_path_type = "Directory";
  p.volumes = {empty, host};
  CHECK_THROWS_WITH(prepare(p, dir.path, {}, {}),
                    Catch::Contains("hostPath type check failed") && Catch::Contains("is not a directory"));
  p.volumes[1].host_path_type = "DirectoryOrCreate";
  auto paths = prepare(p, dir.path, {}, {});
  CHECK((fs::status(paths.at("e")).permissions() & fs::perms::mask) == fs::perms(0777));
  std::ofstream(paths.at("e") / "kept") << "x";
  paths = prepare(p, dir.path, {}, {});
  CHECK(text(paths.at("e") / "kept") == "x");
}

TEST_CASE("downward API files") {
  temporary_folder dir;
  auto p = pod();
  p.labels = {{"a", "1"}, {"b", "q\"2"}};
  pods::volume_spec v;
  v.name = "info";
  v.source.kind = pods::volume_kind::downward_api;
  v.source.fields = {{"labels", "metadata.labels"}, {"name", "metadata.name"}};
  p.volumes = {v};
  auto folder = prepare(p, dir.path, {}, {}).at("info");
  CHECK(text(folder / "labels") == "a=\"1\"\nb=\"q\\\"2\"");
  CHECK(text(folder / "name") == "web");
}
