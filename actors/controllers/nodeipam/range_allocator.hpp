// Which parts of the cluster's pod network are taken: equal ranges, each with the number of its users. Pure.
#pragma once

#include <optional>
#include <vector>

#include "runtime/net/ipv4.hpp"

namespace actors::controllers::nodeipam {

using runtime::net::ipv4_network;

class range_allocator {
public:
  static constexpr int mask_size_max = 30;  // two addresses for pods beside the gateway's
  static constexpr int index_bits_max = 16; // 65,536 ranges, as upstream

  /// Throws std::invalid_argument when ranges of `mask_size` bits do not fit `cluster`.
  range_allocator(const ipv4_network& cluster, int mask_size);

  /// Somebody uses `range`, of any size: what it overlaps is not given away. What lies outside of the cluster's network is
  /// not ours to count.
  void occupy(const ipv4_network& range) { count(range, 1); }
  /// The end of one occupy() or allocate() of the same range.
  void release(const ipv4_network& range) { count(range, -1); }
  /// A range that nobody uses, occupied from now on: the one that comes next after the last given. nullopt: none is left.
  std::optional<ipv4_network> allocate();
  /// Nobody but one user has any of `range`.
  bool exclusive(const ipv4_network& range) const;

  size_t size() const { return users_.size(); }
  size_t left() const { return left_; }

private:
  struct span {
    size_t first = 0, last = 0; // [first, last)
  };
  span indices_of(const ipv4_network& range) const;
  void count(const ipv4_network& range, int change);

  ipv4_network cluster_;
  int mask_size_;
  std::vector<int> users_;
  size_t left_ = 0;
  size_t next_ = 0;
};

} // namespace actors::controllers::nodeipam
