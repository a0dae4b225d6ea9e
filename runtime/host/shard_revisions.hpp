// How new each store shard of this process is, for readers who must not read an older state: one load instead of a question to the
// shard. Sharing memory is right here because it ends with the process, as the shard does.
#pragma once

#include <atomic>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace runtime::host {

class shard_revisions {
public:
  /// No state is as new: the shard serves elsewhere or not at all, and must be asked.
  static constexpr int64_t unknown = std::numeric_limits<int64_t>::max();
  /// Written by the shard: at least the revision of every write that it has acknowledged, before it acknowledges it; `unknown`
  /// before another one may acknowledge any.
  using cell = std::atomic<int64_t>;

  /// Thread-safe. The cell stays the same one as long as this lives.
  std::shared_ptr<cell> of(std::string_view shard) {
    std::lock_guard lock{mutex_};
    auto found = cells_.find(shard);
    if (found == cells_.end())
      found = cells_.emplace(std::string{shard}, std::make_shared<cell>(unknown)).first;
    return found->second;
  }

private:
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<cell>, std::less<>> cells_;
};

} // namespace runtime::host
