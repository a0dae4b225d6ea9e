// Moves what the log has to LMDB: in the background in large transactions, and at once for whoever cannot wait.
#pragma once

#include "storage/lmdb/apply_limits.hpp"
#include "storage/lmdb/writer.hpp"

#include <condition_variable>
#include <thread>

namespace storage::lmdb {

class applier {
public:
  applier(writer&, pending_writes&, const apply_limits&);
  ~applier();
  applier(const applier&) = delete;

  // After pending_writes::add(); `first`: nothing was pending before.
  void on_added(bool first);
  // Some of what is pending is in LMDB when it returns; false: there was none. Throws error.
  bool apply_some();
  // Nothing that was pending before is pending any more. Throws error.
  void settle();
  // Before a commit: throws what keeps this from working, after it was tried again if it may have passed (disk_full).
  void require_working();
  // Waits, by working, while there is more than may be pending. Throws error.
  void hold_back();

private:
  enum class trouble : uint8_t { none, disk_full, broken };

  void run();
  bool is_due() const;

  writer& writer_;
  pending_writes& pending_;
  apply_limits limits_;
  std::mutex applying_; // one at a time
  std::mutex mutex_;    // for what follows
  std::condition_variable wake_;
  bool stop_ = false;
  trouble trouble_ = trouble::none;
  std::string why_;
  std::thread thread_; // last: it uses the others
};

} // namespace storage::lmdb
