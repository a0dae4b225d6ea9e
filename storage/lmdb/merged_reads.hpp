// Reads over what is pending and what is in LMDB as one. A read takes what is pending first and asks LMDB then: whatever is moved between
// the two is in both, and the same.
#pragma once

#include "storage/lmdb/writer.hpp"

namespace storage::lmdb {

class merged_reads {
public:
  merged_reads(environment& env, const pending_writes& pending, const writer& w) : env_(env), pending_(pending), writer_(w) {}

  // As engine's.
  std::optional<record> get(std::string_view key, revision at);
  range_page range(std::string_view prefix, std::string_view after, size_t limit, revision at);
  change_page changes(revision after, size_t limit);
  revision before(int64_t unix_second);
  size_t stored();
  copy_page copy(revision after, size_t bytes_max);

  // The present states of keys.
  std::vector<key_state> states(std::span<const std::string_view> keys);

private:
  environment& env_;
  const pending_writes& pending_;
  const writer& writer_;
};

} // namespace storage::lmdb
