// What was swapped, when, and how it ended: a bounded list in memory and in a file of the data folder. The lines are
// pure; the file is rewritten whole when it grows beyond its bound, else appended to.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace runtime::hotswap {

enum class outcome : uint8_t {
  swapped,     ///< the version works, on probation
  settled,     ///< it stays
  rolled_back, ///< the former version works again; `reason` says why
  refused,     ///< nothing was changed; `reason` says why
  restored,    ///< loaded again after a start of the host
  lost,        ///< could not be loaded after a start of the host; the built-in version works
};

std::string_view to_string(outcome what);

struct record {
  int64_t at_us = 0; ///< Unix time
  std::string role;
  outcome what = outcome::swapped;
  std::string version; ///< which this is about
  std::string file;    ///< as the operator named it
  std::string hash;
  std::string reason;
  int64_t pause_us = 0; ///< for which the role stood still
  /// What the role starts with from then on: the kept file of a plugin, its hash and its file; empty: the built-in one.
  std::string settled_kept, settled_hash, settled_file;
};

std::string encode(const record& what); ///< one line
std::optional<record> decode(std::string_view line);

class history {
public:
  static constexpr size_t records_max = 1'000;

  /// Reads the file if there is one. Lines that make no sense are left out, and counted.
  explicit history(std::filesystem::path file);

  const std::vector<record>& records() const {
    return records_;
  }
  size_t unreadable() const {
    return unreadable_;
  }
  /// The newest record of a role; nullopt: it was never swapped.
  std::optional<record> last(const std::string& role) const;
  /// Durable when this returns. Throws std::system_error; the record is in memory nevertheless.
  void add(record what);

private:
  void rewrite();

  std::filesystem::path file_;
  std::vector<record> records_;
  size_t unreadable_ = 0;
  size_t lines_ = 0; // in the file
};

} // namespace runtime::hotswap
