// Writes that were committed together: as bytes that go to the log in one piece, and as what is in them.
#pragma once

#include "storage/log/frame.hpp"

#include <memory>
#include <string>
#include <vector>

namespace storage::log {

struct logged_write {
  revision rev = 0;
  change_kind kind = change_kind::put;
  revision created = 0;
  revision previous = 0; // what it superseded
  std::string_view key;  // into the batch's bytes
  std::string_view value;
};

struct batch {
  std::string bytes; // a unit for the mark, then the body, padded with zeros
  uint32_t body_bytes = 0;
  std::vector<logged_write> writes; // by revision, without gaps
  int64_t second = 0;

  revision first() const { return writes.front().rev; }
  revision last() const { return writes.back().rev; }
};
using batch_ptr = std::shared_ptr<const batch>;

class batch_builder {
public:
  batch_builder(revision first, int64_t second, size_t bytes_expected);
  void add(change_kind, revision created, revision previous, std::string_view key, std::string_view value);
  bool empty() const { return count_ == 0; }
  std::shared_ptr<batch> finish();

private:
  revision first_;
  uint32_t count_ = 0;
  std::string bytes_;
};

// Reads what is in `bytes`, which begin with a unit for the mark. Nothing: they are no batch whose writes are `first` to `last`.
std::shared_ptr<batch> decode_batch(std::string bytes, uint32_t body_bytes, revision first, revision last);

} // namespace storage::log
