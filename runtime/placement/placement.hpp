// A placement file, read and checked: which host runs which roles, with which settings. Plain data.
#pragma once

#include "runtime/placement/role_spec.hpp"
#include "runtime/placement/supervision.hpp"

#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace runtime::placement {

struct host_entry {
  std::string name;
  std::string address; ///< IP:PORT of the mesh
};

/// One actor to run: "store/pods" on "host-a".
struct role_instance {
  std::string id;
  std::string role;
  std::string host;
  /// A singleton's hosts, the preferred one first; the others take over when it is lost. Empty: bound to `host`.
  std::vector<std::string> hosts;
  /// Of an override: whoever owned the role before this generation of the placement hands it over.
  int64_t since = 0;
  std::string log_level; ///< debug, info, warning, error or off
  role_settings settings;
  role_supervision supervision = {};
  bool operator==(const role_instance&) const = default;
};

/// Where a singleton runs instead, as `troupe move` and `troupe drain` write it.
struct role_override {
  std::string role;
  std::vector<std::string> hosts; ///< at least one
  int64_t since = 0;              ///< the generation of the placement that first said so
};

struct placement {
  cluster_settings cluster;
  std::vector<host_entry> hosts;
  std::vector<role_instance> roles; ///< in the order of the file, overrides applied
  std::vector<role_override> overrides;
  group_supervisions supervision;

  /// What runs on `host` when all hosts are well.
  std::vector<role_instance> of_host(std::string_view host) const;
  /// The instances of `host` that run nowhere else: all but singletons.
  std::vector<role_instance> bound_to(std::string_view host) const;
};

/// What is wrong, and where. Lines and columns count from 1; 0: the file as a whole.
struct problem {
  int line = 0;
  int column = 0;
  std::string message;
  std::string hint = {}; ///< what may have been meant
};

/// "single.yaml:4:12: message (did you mean `x`?)"
std::string render(const std::filesystem::path& file, const problem& problem);

struct read_result {
  placement value;
  std::string text;              ///< what was read
  std::vector<problem> problems; ///< in the order of the file; `value` is complete only when there are none
};

/// What a host was started with.
struct boot {
  std::string text;                 ///< of the placement file
  placement value;                  ///< the same, read
  std::vector<role_spec> known;     ///< to read others with
  int64_t generation = 0;           ///< of the placement in force that it stands for; 0: a file that was never in force
  bool replaces = false;            ///< the operator gave a new file: it becomes the placement in force
  std::string incarnation;          ///< unlike for every start
};

/// The reader's bounds.
constexpr size_t file_bytes_max = 1 << 20;
constexpr size_t hollow_max = 100'000;
constexpr size_t problems_max = 20;

read_result parse(std::string_view text, std::span<const role_spec> known);
read_result read_file(const std::filesystem::path& file, std::span<const role_spec> known);

} // namespace runtime::placement
