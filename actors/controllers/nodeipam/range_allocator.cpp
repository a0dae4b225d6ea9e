// Counting users of ranges.
#include "actors/controllers/nodeipam/range_allocator.hpp"

#include <algorithm>
#include <stdexcept>

namespace actors::controllers::nodeipam {

range_allocator::range_allocator(const ipv4_network& cluster, int mask_size) : cluster_(cluster), mask_size_(mask_size) {
  const int most = std::min(mask_size_max, cluster.bits + index_bits_max);
  if (mask_size < cluster.bits || mask_size > most)
    throw std::invalid_argument("nodeCIDRMaskSize " + std::to_string(mask_size) + " does not fit the cluster's podCIDR " +
                                to_string(cluster) + ": it must be between " + std::to_string(cluster.bits) + " and " +
                                std::to_string(most));
  users_.resize(size_t{1} << (mask_size - cluster.bits));
  left_ = users_.size();
}

range_allocator::span range_allocator::indices_of(const ipv4_network& range) const {
  if (!range.overlaps(cluster_))
    return {};
  if (range.contains(cluster_))
    return {0, users_.size()};
  const uint64_t range_size = uint64_t{1} << (32 - mask_size_);
  const uint64_t begin = range.address.value - cluster_.address.value;
  return {begin / range_size, (begin + range.size() + range_size - 1) / range_size};
}

void range_allocator::count(const ipv4_network& range, int change) {
  const auto at = indices_of(range);
  for (size_t i = at.first; i < at.last; ++i) {
    const bool was_free = users_[i] == 0;
    users_[i] = std::max(users_[i] + change, 0);
    left_ += static_cast<size_t>(users_[i] == 0) - static_cast<size_t>(was_free);
  }
}

std::optional<ipv4_network> range_allocator::allocate() {
  if (left_ == 0)
    return std::nullopt;
  while (users_[next_] != 0)
    next_ = (next_ + 1) % users_.size();
  const auto offset = static_cast<uint32_t>(next_) << (32 - mask_size_);
  const ipv4_network result{{cluster_.address.value + offset}, static_cast<uint8_t>(mask_size_)};
  next_ = (next_ + 1) % users_.size();
  occupy(result);
  return result;
}

bool range_allocator::exclusive(const ipv4_network& range) const {
  const auto at = indices_of(range);
  return at.first < at.last && std::all_of(users_.begin() + static_cast<ptrdiff_t>(at.first), users_.begin() + static_cast<ptrdiff_t>(at.last),
                                           [](int users) { return users == 1; });
}

} // namespace actors::controllers::nodeipam
